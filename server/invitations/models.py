from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base


class AccessRequest(Base):
    """Somebody who scanned the meeting's code without being known asks to be let in."""

    __tablename__ = "access_requests"
    __table_args__ = (Index("ix_access_requests_meeting", "meeting_id", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    point_id: Mapped[int | None] = mapped_column(ForeignKey("bridge_points.id"))
    """The hall whose screen was scanned."""
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """Of the secret that only the asking browser has: with it the answer is fetched, and the way in, once."""
    full_name: Mapped[str] = mapped_column(String(200))
    unit_text: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(40), default="")
    email: Mapped[str | None] = mapped_column(String(254))
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="asked")
    """asked, granted, refused."""
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(200), default="")
    delegate_id: Mapped[int | None] = mapped_column(ForeignKey("delegates.id"))
    link_id: Mapped[int | None] = mapped_column(ForeignKey("access_links.id", ondelete="SET NULL"))
    """The way in that was handed out last."""
