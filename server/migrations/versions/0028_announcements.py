"""what people were told of a meeting: announcements"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meeting_announcements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meetings.id"],
            name=op.f("fk_meeting_announcements_meeting_id_meetings"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_meeting_announcements_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_announcements")),
    )
    op.create_index("ix_meeting_announcements_meeting", "meeting_announcements", ["meeting_id", "id"])
    op.create_index(op.f("ix_meeting_announcements_by_id"), "meeting_announcements", ["by_id"])


def downgrade() -> None:
    op.drop_table("meeting_announcements")
