"""job owners: whose heap a job belongs to, so that owners take turns"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("owner", sa.String(40), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("jobs", "owner")
