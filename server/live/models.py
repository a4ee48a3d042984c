from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base


class MeetingEvent(Base):
    """The meeting's event log. `changes`: list of {collection, key, value} as sent (see protocol.Change)."""

    __tablename__ = "meeting_events"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(64))
    actor_name: Mapped[str] = mapped_column(String(200), default="")
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class MeetingSequence(Base):
    """The last number given, one row a meeting; updating it serialises writers of that meeting on PostgreSQL."""

    __tablename__ = "meeting_sequences"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(default=0)
