"""a hall's machine that was set up by a code is told from a browser that came by a link for once"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hall_devices", sa.Column("by_code", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute("UPDATE hall_devices SET by_code = TRUE WHERE set_up_by IS NOT NULL")


def downgrade() -> None:
    op.drop_column("hall_devices", "by_code")
