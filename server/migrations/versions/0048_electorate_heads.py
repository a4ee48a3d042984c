"""headcounts by which halls counted, frozen with the electorate"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ballot_electorates", sa.Column("heads", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("ballot_electorates", "heads")
