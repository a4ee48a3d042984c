"""words between consoles and halls"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hall_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_name", sa.String(200), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_hall_messages_meeting_id_meetings"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["bridge_points.id"], name=op.f("fk_hall_messages_point_id_bridge_points")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall_messages")),
    )
    op.create_index("ix_hall_messages_meeting_closed", "hall_messages", ["meeting_id", "closed_at"])
    op.create_index(op.f("ix_hall_messages_point_id"), "hall_messages", ["point_id"])


def downgrade() -> None:
    op.drop_table("hall_messages")
