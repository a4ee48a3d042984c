"""page labels: what is printed on a version's pages, where that is not their number"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("paper_versions", sa.Column("page_labels", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("paper_versions", "page_labels")
