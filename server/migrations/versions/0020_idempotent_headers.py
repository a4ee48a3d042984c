"""idempotent answers: the headers that say where the new thing is"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("idempotent_answers", sa.Column("headers", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("idempotent_answers", "headers")
