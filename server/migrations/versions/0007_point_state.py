"""point state: whether a hall's media is connected, and how its camera and microphone are"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("point_presences", sa.Column("media", sa.String(10), nullable=False, server_default="none"))
    for device in ("camera", "microphone"):
        op.add_column("point_presences", sa.Column(device, sa.String(8), nullable=False, server_default="unknown"))


def downgrade() -> None:
    for name in ("microphone", "camera", "media"):
        op.drop_column("point_presences", name)
