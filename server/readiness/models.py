from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base


class HallTest(Base):
    """What a hall's machine found when it tried itself out: a log, the newest of a point counts."""

    __tablename__ = "hall_tests"
    __table_args__ = (Index("ix_hall_tests_point_at", "point_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id", ondelete="CASCADE"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meetings.id", ondelete="SET NULL"), index=True)
    """In whose room it was; None: before any was open."""
    at: Mapped[datetime]
    by_name: Mapped[str] = mapped_column(String(200), default="")
    camera: Mapped[str] = mapped_column(String(8))
    """ok, none, denied, muted, dark."""
    microphone: Mapped[str] = mapped_column(String(8))
    """ok, none, denied, muted."""
    level_db: Mapped[float | None]
    """Loudest of the microphone in dBFS (0 is full scale); None: no microphone."""
    loop: Mapped[str] = mapped_column(String(8))
    """heard, unheard, unable: whether the microphone heard the loudspeaker."""
    connected: Mapped[bool]
    """Media went through the node and came back."""
    way: Mapped[str | None] = mapped_column(String(8))
    """udp, tcp, relay; None: it did not get through, or was not told."""
    up_kbps: Mapped[int | None]
    down_kbps: Mapped[int | None]
    loss_up: Mapped[float | None]
    """Share of packets, 0 to 1."""
    loss_down: Mapped[float | None]
    round_trip_ms: Mapped[int | None]
    faults: Mapped[list[str]] = mapped_column(JSON, default=list)
    """See `judgement`; empty: passed."""


class HallVerdict(Base):
    """Somebody who runs the meeting looked at a hall and listened to it: a log, the newest of a point counts."""

    __tablename__ = "hall_verdicts"
    __table_args__ = (Index("ix_hall_verdicts_meeting_point", "meeting_id", "point_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    by_name: Mapped[str] = mapped_column(String(200), default="")
    verdict: Mapped[str] = mapped_column(String(8))
    """passed, failed, note: the last says nothing about whether it is good."""
    note: Mapped[str] = mapped_column(String(500), default="")


class Rehearsal(Base):
    """One time that halls were in before the conference. Who came and what came out stands in the logs of checks,
    tests and verdicts of that time; nothing is copied here, and nothing of it counts as attendance."""

    __tablename__ = "rehearsals"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    """trial (chạy thử), full (tổng duyệt), check (kiểm tra trước giờ họp)."""
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(String(200), default="")
    closed_at: Mapped[datetime | None]
    """None while it goes on."""
    closed_by: Mapped[str] = mapped_column(String(200), default="")
    outcome: Mapped[str] = mapped_column(String(12), default="")
    """How it ended: closed, started (the conference began), returned (what had begun was a rehearsal), postponed,
    rescheduled, cancelled."""
    note: Mapped[str] = mapped_column(String(2000), default="")
    """What was concluded from it."""
