"""who asks to speak, and how long each spoke"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def _refers(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"), ondelete=ondelete)


def upgrade() -> None:
    requests = op.create_table(
        "speaking_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("topic", sa.String(200), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("marked", sa.Boolean(), nullable=False),
        _refers("speaking_requests", "meeting_id", "meetings", ondelete="CASCADE"),
        _refers("speaking_requests", "point_id", "bridge_points"),
        _refers("speaking_requests", "person_id", "people"),
        _refers("speaking_requests", "item_id", "agenda_items", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_speaking_requests")),
    )
    op.create_index("ix_speaking_requests_meeting_state", "speaking_requests", ["meeting_id", "state"])
    for column in ("point_id", "person_id", "item_id"):
        op.create_index(op.f(f"ix_speaking_requests_{column}"), "speaking_requests", [column])
    op.create_table(
        "speaking_turns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pauses", sa.JSON(), nullable=False),
        sa.Column("limit_seconds", sa.Integer(), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cut", sa.Boolean(), nullable=False),
        sa.Column("spent_seconds", sa.Integer(), nullable=False),
        _refers("speaking_turns", "meeting_id", "meetings", ondelete="CASCADE"),
        _refers("speaking_turns", "point_id", "bridge_points"),
        _refers("speaking_turns", "person_id", "people"),
        _refers("speaking_turns", "request_id", "speaking_requests", ondelete="SET NULL"),
        _refers("speaking_turns", "item_id", "agenda_items", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_speaking_turns")),
    )
    op.create_index("ix_speaking_turns_meeting_ended", "speaking_turns", ["meeting_id", "ended_at"])
    for column in ("point_id", "person_id", "request_id", "item_id", "closes_at"):
        op.create_index(op.f(f"ix_speaking_turns_{column}"), "speaking_turns", [column])
    op.create_table(
        "speaking_rules",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        _refers("speaking_rules", "meeting_id", "meetings", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_speaking_rules")),
    )
    # Hands that are up in meetings that run now stay up.
    presences = sa.table(
        "point_presences",
        sa.column("meeting_id"),
        sa.column("point_id"),
        sa.column("hand_at"),
        sa.column("hand_topic"),
    )
    op.execute(
        requests.insert().from_select(
            ["meeting_id", "point_id", "name", "kind", "topic", "raised_at", "state", "marked"],
            sa.select(
                presences.c.meeting_id,
                presences.c.point_id,
                sa.literal(""),
                sa.literal("speech"),
                presences.c.hand_topic,
                presences.c.hand_at,
                sa.literal("waiting"),
                sa.false(),
            ).where(presences.c.hand_at.is_not(None)),
        )
    )
    op.drop_column("point_presences", "hand_topic")
    op.drop_column("point_presences", "hand_at")


def downgrade() -> None:
    op.add_column("point_presences", sa.Column("hand_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("point_presences", sa.Column("hand_topic", sa.String(200), nullable=False, server_default=""))
    op.execute(
        "UPDATE point_presences SET hand_at = (SELECT min(raised_at) FROM speaking_requests AS waiting"
        " WHERE waiting.meeting_id = point_presences.meeting_id AND waiting.point_id = point_presences.point_id"
        " AND waiting.state = 'waiting')"
    )
    op.drop_table("speaking_rules")
    op.drop_table("speaking_turns")
    op.drop_table("speaking_requests")
