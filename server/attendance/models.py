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


class PersonCheck(Base):
    """One entry of the attendance log of people; states are derived from it, never ticked. `kind`: in, out, leave
    (absent with leave), leave-withdrawn. `how`: qr, list, group, online, by-hand (a correction)."""

    __tablename__ = "person_checks"
    __table_args__ = (Index("ix_person_checks_meeting_delegate", "meeting_id", "delegate_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    delegate_id: Mapped[int] = mapped_column(ForeignKey("delegates.id"))
    point_id: Mapped[int | None] = mapped_column(ForeignKey("bridge_points.id"))
    """Where; None: online."""
    kind: Mapped[str] = mapped_column(String(16))
    how: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    by_name: Mapped[str] = mapped_column(String(200), default="")


class Headcount(Base):
    """People counted in a hall that has no list, or beside its list. A log: the newest of a point counts."""

    __tablename__ = "headcounts"
    __table_args__ = (Index("ix_headcounts_meeting_point", "meeting_id", "point_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id"))
    count: Mapped[int]
    note: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
    by_name: Mapped[str] = mapped_column(String(200), default="")


class TurnoutState(Base):
    """One row a meeting, made by the first change of its turnout."""

    __tablename__ = "turnout_states"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int]
    """Grows with every change of who is listed, who came, headcounts and signatures."""


class SignOff(Base):
    """The hall's secretary vouches for the hall's attendance. Withdrawn by a later entry with `withdrawn`."""

    __tablename__ = "attendance_sign_offs"
    __table_args__ = (Index("ix_attendance_sign_offs_meeting_point", "meeting_id", "point_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id"))
    withdrawn: Mapped[bool] = mapped_column(default=False)
    present: Mapped[int]
    """As signed."""
    note: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    by_name: Mapped[str] = mapped_column(String(200), default="")
