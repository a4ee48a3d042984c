"""the roll call of points"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "roll_calls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("current_point_id", sa.Integer(), nullable=True),
        sa.Column("current_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_name", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_roll_calls_meeting_id_meetings"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["current_point_id"], ["bridge_points.id"], name=op.f("fk_roll_calls_current_point_id_bridge_points")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roll_calls")),
    )
    op.create_index("ix_roll_calls_meeting", "roll_calls", ["meeting_id", "id"])
    op.create_index("ix_roll_calls_next_at", "roll_calls", ["next_at"])
    op.create_index(op.f("ix_roll_calls_current_point_id"), "roll_calls", ["current_point_id"])
    op.create_table(
        "roll_call_answers",
        sa.Column("roll_call_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("how", sa.String(8), nullable=False),
        sa.Column("by_name", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["roll_call_id"],
            ["roll_calls.id"],
            name=op.f("fk_roll_call_answers_roll_call_id_roll_calls"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["bridge_points.id"], name=op.f("fk_roll_call_answers_point_id_bridge_points")
        ),
        sa.PrimaryKeyConstraint("roll_call_id", "point_id", name=op.f("pk_roll_call_answers")),
    )
    op.create_index(op.f("ix_roll_call_answers_point_id"), "roll_call_answers", ["point_id"])


def downgrade() -> None:
    op.drop_table("roll_call_answers")
    op.drop_table("roll_calls")
