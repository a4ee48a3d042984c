from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base


class PointPresence(Base):
    """What a member point is doing in a meeting now. The history is in `attendance.models.PointCheck`."""

    __tablename__ = "point_presences"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id"), primary_key=True)
    presence: Mapped[str] = mapped_column(String(8), default="absent")
    """absent, testing, ready, lost."""
    since: Mapped[datetime]
    before_lost: Mapped[str] = mapped_column(String(8), default="ready")
    """What a lost point was, and is again when it comes back."""
    heard_at: Mapped[datetime | None]
    """When a server last heard its live channel; written for all connected halls together every few seconds, so that
    after a crash a hall that stays away went out at a true time."""
    weak: Mapped[bool] = mapped_column(default=False)
    media: Mapped[str] = mapped_column(String(10), default="none")
    """none, connected, lost: what the media node says of its session. Apart from `presence`, which is the control line:
    a hall may be heard by all while the console cannot reach its page, and the other way round."""
    camera: Mapped[str] = mapped_column(String(8), default="unknown")
    """unknown, ok, none, denied, muted: as its page says."""
    microphone: Mapped[str] = mapped_column(String(8), default="unknown")


class Stage(Base):
    """Who is seen and heard: one row a meeting. Survives restarts, so a hall that comes back has its role again."""

    __tablename__ = "stages"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    layout: Mapped[str] = mapped_column(String(16), default="stage-row")
    stage_point_id: Mapped[int | None] = mapped_column(ForeignKey("bridge_points.id"))
    floor: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """[{"point_id": 17, "since": iso}], at most three, oldest first; the main point's is given at the start. With
    "roll_call": true it answers the roll call only."""
    pinned: Mapped[list[int]] = mapped_column(JSON, default=list)
    """Points the operator pinned to the small pictures, in order."""
    tiles: Mapped[list[int]] = mapped_column(JSON, default=list)
    """The small pictures as arranged last: kept, because the next arrangement moves as few of them as it can."""
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """{"participant": …, "name": …, "point_id": …, "since": iso} while someone shares a screen."""
    content_muted: Mapped[bool] = mapped_column(default=False)
    """Its sound is heard by nobody, until a console says so or gives somebody the floor who shares."""
    recess: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """{"since": iso, "until": iso or null, "text": …} while the meeting pauses."""
    returns_at: Mapped[datetime | None]
    """When the stage leaves the lost hall on it for the main point."""


class HallMessage(Base):
    """A word between consoles and halls: a hall calls for help, who directs tells a hall, or all of them, something.
    Stays as the record of it when it is closed."""

    __tablename__ = "hall_messages"
    __table_args__ = (Index("ix_hall_messages_meeting_closed", "meeting_id", "closed_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    point_id: Mapped[int | None] = mapped_column(ForeignKey("bridge_points.id"), index=True)
    """Whose it is, or to whom; None: an announcement to everybody."""
    kind: Mapped[str] = mapped_column(String(8))
    """help (the hall calls), word (to a hall), line (to everybody)."""
    urgent: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
    by_name: Mapped[str] = mapped_column(String(200), default="")
    closed_at: Mapped[datetime | None]
    """Help came, the hall has read it, or it was taken back."""
