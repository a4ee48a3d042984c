"""packs in volumes, with progress"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("packs", sa.Column("volumes", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("packs", sa.Column("papers_done", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("packs", sa.Column("ordered_by", sa.String(60), nullable=False, server_default=""))
    op.add_column("packs", sa.Column("shared", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    for name in ("shared", "ordered_by", "papers_done", "volumes"):
        op.drop_column("packs", name)
