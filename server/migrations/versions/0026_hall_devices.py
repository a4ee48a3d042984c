"""halls have devices, each with a part, that come by one-time codes; points are found without diacritics"""

import sqlalchemy as sa
from alembic import op

from server.core.fields import folded

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


_TIME = sa.DateTime(timezone=True)


def _foreign(column: str, table: str, ondelete: str, *, of: str, nullable: bool = True) -> sa.Column:  # type: ignore[type-arg]
    name = f"fk_{of}_{column}_{table}"
    return sa.Column(
        column, sa.Integer, sa.ForeignKey(f"{table}.id", ondelete=ondelete, name=op.f(name)), nullable=nullable
    )


def upgrade() -> None:
    op.create_table(
        "hall_devices",
        sa.Column("id", sa.Integer, nullable=False),
        _foreign("point_id", "bridge_points", "CASCADE", of="hall_devices", nullable=False),
        _foreign("session_id", "sign_in_sessions", "SET NULL", of="hall_devices"),
        sa.Column("part", sa.String(8), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        _foreign("set_up_by", "people", "SET NULL", of="hall_devices"),
        _foreign("ended_by", "people", "SET NULL", of="hall_devices"),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("build", sa.String(64), nullable=False),
        sa.Column("camera", sa.String(8), nullable=False),
        sa.Column("microphone", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall_devices")),
    )
    op.create_index("ix_hall_devices_session_id", "hall_devices", ["session_id"], unique=True)
    for column in ("point_id", "set_up_by", "ended_by"):
        op.create_index(f"ix_hall_devices_{column}", "hall_devices", [column])
    op.create_table(
        "device_codes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        _foreign("point_id", "bridge_points", "CASCADE", of="device_codes", nullable=False),
        sa.Column("part", sa.String(8), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        _foreign("created_by", "people", "SET NULL", of="device_codes"),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME, nullable=True),
        sa.Column("revoked_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_device_codes_code_hash")),
    )
    for column in ("point_id", "created_by", "expires_at"):
        op.create_index(f"ix_device_codes_{column}", "device_codes", [column])
    # Halls that signed in before are devices too.
    op.execute(
        "INSERT INTO hall_devices (point_id, session_id, part, name, created_at, address, build, camera, microphone)"
        " SELECT point_id, id, 'main', '', created_at, address, '', 'unknown', 'unknown' FROM sign_in_sessions"
        " WHERE point_id IS NOT NULL AND person_id IS NULL AND revoked_at IS NULL"
    )
    op.add_column("bridge_points", sa.Column("search_name", sa.String(200), server_default="", nullable=False))
    points = sa.table("bridge_points", sa.column("id"), sa.column("name"), sa.column("search_name"))
    bind = op.get_bind()
    for point_id, name in bind.execute(sa.select(points.c.id, points.c.name)).all():
        bind.execute(points.update().where(points.c.id == point_id).values(search_name=folded(name)[:200]))


def downgrade() -> None:
    op.drop_column("bridge_points", "search_name")
    op.drop_table("device_codes")
    op.drop_table("hall_devices")
