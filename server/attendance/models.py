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


class RollCall(Base):
    """The points of a meeting are called one after another and answer. Beside `PointCheck`, not in it: a voice on the
    telephone makes nobody present whose line is away."""

    __tablename__ = "roll_calls"
    __table_args__ = (
        Index("ix_roll_calls_meeting", "meeting_id", "id"),
        Index("ix_roll_calls_next_at", "next_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    run: Mapped[int] = mapped_column(default=1)
    """Above 1: those that had not answered are called again."""
    seconds: Mapped[int]
    """How long each is on the stage."""
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    current_point_id: Mapped[int | None] = mapped_column(ForeignKey("bridge_points.id"), index=True)
    current_since: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    """When the next is called; None: it stands, or is over."""
    by_name: Mapped[str] = mapped_column(String(200), default="")


class RollCallAnswer(Base):
    """A point that is called. Without `answered_at` it has not answered (yet)."""

    __tablename__ = "roll_call_answers"

    roll_call_id: Mapped[int] = mapped_column(ForeignKey("roll_calls.id", ondelete="CASCADE"), primary_key=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id"), primary_key=True, index=True)
    position: Mapped[int]
    """In the order of the tree."""
    called_at: Mapped[datetime | None]
    """In the run that is under way, or was the last."""
    answered_at: Mapped[datetime | None]
    how: Mapped[str] = mapped_column(String(8), default="")
    """voice (somebody at the console heard it), button (the hall itself)."""
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
