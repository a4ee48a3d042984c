"""letters of invitation, their prints, and files of e-mails"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invitation_letters",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, server_default="1"),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_invitation_letters_meeting_id_meetings"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_invitation_letters")),
    )
    op.create_table(
        "letter_prints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("folder", sa.String(60), nullable=False),
        sa.Column("volumes", sa.JSON(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_letter_prints_meeting_id_meetings"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_letter_prints_created_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_prints")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_letter_prints_meeting_id"), "letter_prints", ["meeting_id"])
    op.create_index(op.f("ix_letter_prints_created_by"), "letter_prints", ["created_by"])
    op.add_column("mails", sa.Column("attached", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("mails", "attached")
    op.drop_table("letter_prints")
    op.drop_table("invitation_letters")
