"""bounded sign-in: sessions and links know within which branch they reach, and on which confirmed device; the
sound of what is shared can be off"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sign_in_sessions", sa.Column("address", sa.String(length=45), nullable=False, server_default=""))
    op.add_column("sign_in_sessions", sa.Column("within", sa.String(length=255), nullable=True))
    op.add_column("access_links", sa.Column("within", sa.String(length=255), nullable=True))
    op.add_column("session_links", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("stages", sa.Column("content_muted", sa.Boolean(), nullable=False, server_default=sa.false()))
    # Nobody knows any more who made the unbound links of people, and how much that one could give.
    op.execute(
        "UPDATE access_links SET revoked_at = CURRENT_TIMESTAMP"
        " WHERE person_id IS NOT NULL AND meeting_id IS NULL AND revoked_at IS NULL"
    )


def downgrade() -> None:
    op.drop_column("stages", "content_muted")
    op.drop_column("session_links", "confirmed_at")
    op.drop_column("access_links", "within")
    op.drop_column("sign_in_sessions", "within")
    op.drop_column("sign_in_sessions", "address")
