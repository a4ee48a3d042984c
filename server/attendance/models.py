from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base


class PointCheck(Base):
    """A point came in or went out. `how`: "live" (its hall joined or left), "lost" (line cut), "end" (of the meeting),
    "by-hand"."""

    __tablename__ = "point_checks"
    __table_args__ = (Index("ix_point_checks_meeting_point", "meeting_id", "point_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id"))
    direction: Mapped[str] = mapped_column(String(3))
    """in, out."""
    how: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime]
    by_name: Mapped[str] = mapped_column(String(200), default="")
