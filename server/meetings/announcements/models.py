from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base


class Announcement(Base):
    """What was made known of a meeting, to everybody concerned. The newest says what they know now."""

    __tablename__ = "meeting_announcements"
    __table_args__ = (Index("ix_meeting_announcements_meeting", "meeting_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(12))
    """invited, changed, postponed, rescheduled, cancelled; noted: a change that nobody needed to hear of."""
    reason: Mapped[str] = mapped_column(String(500), default="")
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """See facts.PlanChange."""
    told: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The meeting as people know it from here on: see facts.Facts."""
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime]
