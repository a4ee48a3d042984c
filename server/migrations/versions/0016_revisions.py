"""revisions: what two people edit at a time"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLES = ("papers", "access_policies", "people", "units", "bridge_points", "delegates")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "revision")
