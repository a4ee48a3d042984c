"""by which way a hall's test got through"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hall_tests", sa.Column("way", sa.String(8), nullable=True))


def downgrade() -> None:
    op.drop_column("hall_tests", "way")
