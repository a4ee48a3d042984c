from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base


class SpeakingRequest(Base):
    """Somebody asks to speak: a hall as such, or a person who sits in it. One that waits of each of them."""

    __tablename__ = "speaking_requests"
    __table_args__ = (Index("ix_speaking_requests_meeting_state", "meeting_id", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """None: the hall asks, not one of its delegates by the own phone."""
    name: Mapped[str] = mapped_column(String(300), default="")
    """Who will speak, as the name plate has it. Empty: whoever speaks for the hall."""
    kind: Mapped[str] = mapped_column(String(10), default="speech")
    """speech (phát biểu), debate (tranh luận), question (chất vấn), answer (trả lời)."""
    topic: Mapped[str] = mapped_column(String(200), default="")
    item_id: Mapped[int | None] = mapped_column(ForeignKey("agenda_items.id", ondelete="SET NULL"), index=True)
    """What the agenda was at when it was raised."""
    raised_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    """waiting, called, withdrawn (by who raised it), dismissed (by who directs), gone (the hall left, the meeting
    ended)."""
    closed_at: Mapped[datetime | None]
    rank: Mapped[int | None]
    """Its place as moved by hand; None: where the rules put it."""
    marked: Mapped[bool] = mapped_column(default=False)
    """Is the next to be called, whatever the order."""


class SpeakingTurn(Base):
    """Once that somebody had the floor. Time spent is derived from its stamps."""

    __tablename__ = "speaking_turns"
    __table_args__ = (Index("ix_speaking_turns_meeting_ended", "meeting_id", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("speaking_requests.id", ondelete="SET NULL"), index=True)
    """None: called without having asked."""
    name: Mapped[str] = mapped_column(String(300), default="")
    kind: Mapped[str] = mapped_column(String(10), default="speech")
    item_id: Mapped[int | None] = mapped_column(ForeignKey("agenda_items.id", ondelete="SET NULL"), index=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    pauses: Mapped[list[list[str | None]]] = mapped_column(JSON, default=list)
    """[[from, to]] as ISO 8601, oldest first; the last one's `to` is null while the clock stands."""
    limit_seconds: Mapped[int | None]
    """With what the chair added. None: as long as it takes."""
    closes_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the microphone closes by itself; None: never, or not while the clock stands."""
    cut: Mapped[bool] = mapped_column(default=False)
    """It was closed by the clock."""
    spent_seconds: Mapped[int] = mapped_column(default=0)
    """Written at the end, from the stamps, so that sums are SQL."""


class SpeakingRules(Base):
    """What a meeting's organisers decided about speaking. Without a row: `rules.DEFAULTS` of its kind."""

    __tablename__ = "speaking_rules"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    rules: Mapped[dict[str, int | bool]] = mapped_column(JSON)
    """Fields of `rules.Rules`."""
