"""State and Party units"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_PARTY = re.compile(
    r"\b(tỉnh|thành|huyện|quận|thị|đảng|khu) ủy\b|\bđảng bộ\b|\bchi bộ\b|\btrung ương đảng\b", re.IGNORECASE
)


def upgrade() -> None:
    op.add_column("units", sa.Column("body", sa.String(5), nullable=False, server_default="state"))
    units = sa.table("units", sa.column("id", sa.Integer), sa.column("name", sa.String), sa.column("body", sa.String))
    connection = op.get_bind()
    party = [id_ for id_, name in connection.execute(sa.select(units.c.id, units.c.name)) if _PARTY.search(name)]
    for start in range(0, len(party), 500):
        some = party[start : start + 500]
        connection.execute(sa.update(units).where(units.c.id.in_(some)).values(body="party"))


def downgrade() -> None:
    op.drop_column("units", "body")
