"""stage returns: when the stage leaves a lost hall for the main point"""

import sqlalchemy as sa
from alembic import op

from server.core.database import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stages", sa.Column("returns_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("stages", "returns_at")
