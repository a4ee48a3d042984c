"""units have both schemes of codes and a successor, bridge points what a technician has to know"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_OF_POINTS = {"address": 300, "equipment": 1000, "main_line": 200, "backup_line": 200}


def upgrade() -> None:
    op.add_column("units", sa.Column("former_code", sa.String(35), nullable=True))
    op.create_index("ix_units_former_code", "units", ["former_code"], unique=True)
    # Not by copying the table, as Alembic would on SQLite: what refers to its rows would be looked at meanwhile.
    op.execute(
        "ALTER TABLE units ADD COLUMN successor_id INTEGER CONSTRAINT fk_units_successor_id_units REFERENCES units (id)"
    )
    op.create_index("ix_units_successor_id", "units", ["successor_id"])
    for name, length in _OF_POINTS.items():
        op.add_column("bridge_points", sa.Column(name, sa.String(length), nullable=True))


def downgrade() -> None:
    for name in _OF_POINTS:
        op.drop_column("bridge_points", name)
    op.drop_index("ix_units_successor_id", "units")
    op.drop_index("ix_units_former_code", "units")
    op.execute("ALTER TABLE units DROP COLUMN successor_id")
    op.drop_column("units", "former_code")
