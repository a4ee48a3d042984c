"""Delegates are counted by hall out of one index."""

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_delegates_meeting_point", "delegates")
    op.create_index(
        "ix_delegates_meeting_point", "delegates", ["meeting_id", "point_id", "removed_at", "substitutes_id"]
    )
