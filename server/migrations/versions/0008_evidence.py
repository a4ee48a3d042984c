"""evidence

When a paper was handed out, by the server's own word. In the audit log: session and address of who acted, and a key in
the chain's hashes; entries of before keep theirs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_entries", sa.Column("session_id", sa.Integer))
    op.add_column("audit_entries", sa.Column("address", sa.String(45), nullable=False, server_default=""))
    op.add_column("audit_entries", sa.Column("keyed", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("receipts", sa.Column("served_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE receipts SET served_at = delivered_at")
    op.create_index("ix_audit_entries_action", "audit_entries", ["action"])
    op.create_index("ix_audit_entries_actor", "audit_entries", ["actor_person_id"])


def downgrade() -> None:
    raise NotImplementedError("Going back would drop papers, notes and attendance: restore a backup instead.")
