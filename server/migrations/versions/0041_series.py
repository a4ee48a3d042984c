"""series of meetings, and how people are spoken to in one"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meeting_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("every", sa.String(10), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("lists", sa.Boolean(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_meeting_series_unit_id_units"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_series")),
    )
    op.create_index(op.f("ix_meeting_series_unit_id"), "meeting_series", ["unit_id"])
    # Not by copying the table, as Alembic would on SQLite: what refers to its rows would be looked at meanwhile.
    op.execute(
        "ALTER TABLE meetings ADD COLUMN series_id INTEGER CONSTRAINT fk_meetings_series_id_meeting_series"
        " REFERENCES meeting_series (id)"
    )
    op.create_index(op.f("ix_meetings_series_id"), "meetings", ["series_id"])
    op.add_column("meetings", sa.Column("address", sa.String(8), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("meetings", "address")
    op.drop_index("ix_meetings_series_id", "meetings")
    op.execute("ALTER TABLE meetings DROP COLUMN series_id")
    op.drop_table("meeting_series")
