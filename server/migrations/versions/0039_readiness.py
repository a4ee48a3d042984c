"""readiness: tests of halls, verdicts, rehearsals"""

import sqlalchemy as sa
from alembic import op

from server.core.database import UtcDateTime

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hall_tests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by_name", sa.String(200), nullable=False),
        sa.Column("camera", sa.String(8), nullable=False),
        sa.Column("microphone", sa.String(8), nullable=False),
        sa.Column("level_db", sa.Double(), nullable=True),
        sa.Column("loop", sa.String(8), nullable=False),
        sa.Column("connected", sa.Boolean(), nullable=False),
        sa.Column("up_kbps", sa.Integer(), nullable=True),
        sa.Column("down_kbps", sa.Integer(), nullable=True),
        sa.Column("loss_up", sa.Double(), nullable=True),
        sa.Column("loss_down", sa.Double(), nullable=True),
        sa.Column("round_trip_ms", sa.Integer(), nullable=True),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["point_id"], ["bridge_points.id"], name="fk_hall_tests_point_id_bridge_points", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name="fk_hall_tests_meeting_id_meetings", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_hall_tests"),
    )
    op.create_index("ix_hall_tests_point_at", "hall_tests", ["point_id", "at"])
    op.create_index("ix_hall_tests_meeting_id", "hall_tests", ["meeting_id"])
    op.create_table(
        "hall_verdicts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by_name", sa.String(200), nullable=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name="fk_hall_verdicts_meeting_id_meetings", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["bridge_points.id"], name="fk_hall_verdicts_point_id_bridge_points", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_hall_verdicts"),
    )
    op.create_index("ix_hall_verdicts_meeting_point", "hall_verdicts", ["meeting_id", "point_id", "id"])
    op.create_table(
        "rehearsals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("opened_by", sa.String(200), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by", sa.String(200), nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("note", sa.String(2000), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name="fk_rehearsals_meeting_id_meetings", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rehearsals"),
    )
    op.create_index("ix_rehearsals_meeting_id", "rehearsals", ["meeting_id"])


def downgrade() -> None:
    op.drop_table("rehearsals")
    op.drop_table("hall_verdicts")
    op.drop_table("hall_tests")
