"""audit positions: entries are put onto the chain after their commit"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_entries", sa.Column("position", sa.Integer(), nullable=True))
    op.execute("UPDATE audit_entries SET position = id")
    op.create_index("ix_audit_entries_position", "audit_entries", ["position"], unique=True)
    unchained = sa.text("position IS NULL")
    op.create_index(
        "ix_audit_entries_unchained", "audit_entries", ["id"], postgresql_where=unchained, sqlite_where=unchained
    )


def downgrade() -> None:
    op.drop_index("ix_audit_entries_unchained", "audit_entries")
    op.drop_index("ix_audit_entries_position", "audit_entries")
    op.drop_column("audit_entries", "position")
