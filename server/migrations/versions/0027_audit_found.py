"""audit entries are found by their meeting, their time and the hall that acted"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_INDEXES = {"actor_point": "actor_point_id", "meeting": "meeting_id", "at": "at"}


def upgrade() -> None:
    op.add_column("audit_entries", sa.Column("meeting_id", sa.Integer(), nullable=True))
    op.execute("UPDATE audit_entries SET meeting_id = CAST(subject_id AS INTEGER) WHERE subject_type = 'meeting'")
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name in ("meeting", "meeting_id"):  # the last one counts, as in the code
        value = f"json_extract(facts, '$.{name}')" if sqlite else f"(facts ->> '{name}')"
        number = f"typeof({value}) = 'integer'" if sqlite else f"{value} ~ '^[0-9]{{1,9}}$'"
        op.execute(
            f"UPDATE audit_entries SET meeting_id = CAST({value} AS INTEGER)"  # noqa: S608
            f" WHERE subject_type <> 'meeting' AND {number}"
        )
    for name, column in _INDEXES.items():
        op.create_index(f"ix_audit_entries_{name}", "audit_entries", [column])


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(f"ix_audit_entries_{name}", "audit_entries")
    op.drop_column("audit_entries", "meeting_id")
