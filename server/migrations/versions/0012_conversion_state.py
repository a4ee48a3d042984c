"""conversion state: one word for what becomes of an uploaded file"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("library_states", "workshop", new_column_name="conversion")


def downgrade() -> None:
    op.alter_column("library_states", "conversion", new_column_name="workshop")
