"""who stands for a delegate is found by an index"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_delegates_substitutes_id"), "delegates", ["substitutes_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_delegates_substitutes_id"), table_name="delegates")
