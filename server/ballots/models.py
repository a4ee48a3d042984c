from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base
from server.core.revisions import Revised


class Ballot(Revised, Base):
    """One vote: a question, or an election of persons."""

    __tablename__ = "ballots"
    __table_args__ = (Index("ix_ballots_meeting_state", "meeting_id", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("agenda_items.id", ondelete="SET NULL"), index=True)
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("papers.id", ondelete="SET NULL"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(10))
    """question (one option is marked, the first one is the consent), election (up to `seats` candidates are)."""
    secret: Mapped[bool]
    devices: Mapped[bool]
    """Delegates vote on their own devices."""
    hands: Mapped[bool]
    """Halls count raised hands."""
    papers: Mapped[bool]
    """Halls, or the meeting, count paper ballots."""
    options: Mapped[list[str]] = mapped_column(JSON)
    seats: Mapped[int]
    """How many are to be elected; 1 for a question."""
    threshold: Mapped[str] = mapped_column(String(14))
    """majority (over 1/2), two-thirds, three-quarters (at least)."""
    base: Mapped[str] = mapped_column(String(8))
    """Of whom: present, summoned (all members)."""
    quorum: Mapped[str] = mapped_column(String(14))
    """How many of those summoned have to be present: none, majority, two-thirds, three-quarters."""
    state: Mapped[str] = mapped_column(String(10), default="created")
    """created, open, closed, published; void: called off after it was opened."""
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    shown: Mapped[bool] = mapped_column(default=False)
    """Its result stands on the screens."""
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """`outcome.Outcome`, from the close on."""
    void_reason: Mapped[str] = mapped_column(String(300), default="")


class Electorate(Base):
    """Who could vote, frozen at the close."""

    __tablename__ = "ballot_electorates"

    ballot_id: Mapped[int] = mapped_column(ForeignKey("ballots.id", ondelete="CASCADE"), primary_key=True)
    summoned: Mapped[int]
    seats: Mapped[list[list[int | None]]] = mapped_column(JSON)
    """[[delegate whose seat it is, hall where it was filled; None: online]] of those present."""
    heads: Mapped[list[list[int]]] = mapped_column(JSON, default=list, server_default="[]")
    """[[hall, its headcount, no more than seats are expected there]]."""


class Vote(Base):
    """That a seat has voted by device, and in an open ballot what. Of a secret one: no choice, no time."""

    __tablename__ = "ballot_votes"
    __table_args__ = (Index("ix_ballot_votes_ballot_point", "ballot_id", "point_id"),)

    ballot_id: Mapped[int] = mapped_column(ForeignKey("ballots.id", ondelete="CASCADE"), primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("delegates.id"), primary_key=True, index=True)
    """The delegate whose vote it is, even where a substitute casts it: a seat votes once."""
    delegate_id: Mapped[int] = mapped_column(ForeignKey("delegates.id"), index=True)
    """Who cast it."""
    point_id: Mapped[int | None] = mapped_column(ForeignKey("bridge_points.id"), index=True)
    """The hall where that one was then; None: online."""
    marks: Mapped[str | None] = mapped_column(Text)
    """"0" or "1" for each option; None in a secret ballot."""
    keys: Mapped[list[str]] = mapped_column(JSON)
    """Idempotency keys that have been heeded: a repeat that comes late changes nothing."""
    at: Mapped[datetime | None]


class SealedVote(Base):
    """A secret choice while the ballot is open, sealed by a key that stands outside the database and is destroyed at
    the close. Not who, not when; all are of one length."""

    __tablename__ = "ballot_sealed_votes"
    __table_args__ = ({"sqlite_with_rowid": False},)

    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    """Random."""
    ballot_id: Mapped[int] = mapped_column(ForeignKey("ballots.id", ondelete="CASCADE"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class SecretChoice(Base):
    """A secret choice as counted: written for all voters at once, in the order of nothing."""

    __tablename__ = "ballot_choices"
    __table_args__ = ({"sqlite_with_rowid": False},)

    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    """Random, made at the close."""
    ballot_id: Mapped[int] = mapped_column(ForeignKey("ballots.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(String(16))
    """By which the voter, who alone knows it, finds this in the published list."""
    marks: Mapped[str] = mapped_column(Text)


class Tally(Base):
    """What a hall has counted: raised hands or paper ballots, of those who did not vote by device."""

    __tablename__ = "ballot_tallies"
    __table_args__ = (Index("ix_ballot_tallies_ballot_point", "ballot_id", "point_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ballot_id: Mapped[int] = mapped_column(ForeignKey("ballots.id", ondelete="CASCADE"))
    point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id"), index=True)
    kind: Mapped[str] = mapped_column(String(6))
    """hands, papers."""
    counts: Mapped[list[int]] = mapped_column(JSON)
    """For each option."""
    issued: Mapped[int]
    """Papers handed out; hands: all that were counted."""
    returned: Mapped[int]
    void: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    """entered, accepted (it counts), replaced, withdrawn."""
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """None: by the hall's own device."""
    by_name: Mapped[str] = mapped_column(String(200))
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    confirmed_by: Mapped[str] = mapped_column(String(200), default="")
    """Who entered the same figures independently, or countersigned."""
