"""days of a meeting, and breaks of its agenda"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meetings", sa.Column("days", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("agenda_items", sa.Column("kind", sa.String(8), nullable=False, server_default="item"))
    op.add_column("agenda_items", sa.Column("day", sa.Integer(), nullable=False, server_default="0"))
    # What the form put in as a break until now.
    op.execute(
        "UPDATE agenda_items SET kind = 'break' WHERE title IN ('Nghỉ giải lao', 'Break') AND presenter_id IS NULL"
        " AND presenter_text = '' AND id NOT IN (SELECT item_id FROM papers WHERE item_id IS NOT NULL)"
    )


def downgrade() -> None:
    op.drop_column("agenda_items", "day")
    op.drop_column("agenda_items", "kind")
    op.drop_column("meetings", "days")
