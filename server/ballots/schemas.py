from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from server.ballots.outcome import Base, Kind, Outcome, Quorum, Threshold
from server.core.fields import Id, Line
from server.live.protocol import Wire

State = Literal["created", "open", "closed", "published", "void"]
MOST_OPTIONS = 60
Option = Annotated[Line, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(pattern=r"^[0-9A-HJKMNP-TV-Z]{10}$")]
"""Crockford's base 32, fifty bits."""


class BallotWrite(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Annotated[Line, Field(min_length=1, max_length=300)]
    kind: Kind = "question"
    secret: bool = False
    devices: bool = True
    hands: bool = False
    papers: bool = False
    options: Annotated[list[Option], Field(min_length=1, max_length=MOST_OPTIONS)]
    seats: Annotated[int, Field(ge=1, le=MOST_OPTIONS)] = 1
    threshold: Threshold = "majority"
    base: Base = "present"
    quorum: Quorum = "two-thirds"
    item_id: Id | None = None
    paper_id: Id | None = None
    revision: int | None = None
    """The one that was edited; None overwrites."""


class BallotEntity(Wire):
    id: int
    title: str
    kind: Kind
    secret: bool
    devices: bool
    hands: bool
    papers: bool
    options: list[str]
    seats: int
    threshold: Threshold
    base: Base
    quorum: Quorum
    item_id: int | None
    paper_id: int | None
    state: State
    created_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    published_at: datetime | None
    shown: bool
    void_reason: str
    revision: int
    outcome: Outcome | None
    """Once it is published; before that, for who conducts and asks for it."""


class ProgressEntity(Wire):
    """How many have voted by device, never what."""

    ballot_id: int
    point_id: int | None
    """None: of the whole meeting."""
    voted: int


class BallotList(BaseModel):
    ballots: list[BallotEntity]
    may_conduct: bool
    may_take: bool
    """The records of those that are counted."""
    may_publish: bool


class VoteWrite(BaseModel):
    """The same length for every choice, so that a look at the line tells nothing."""

    model_config = ConfigDict(extra="forbid")

    marks: Annotated[str, Field(min_length=1, max_length=MOST_OPTIONS, pattern="^[01]+$")]
    """"1" for each option that is marked, "0" for the others, in their order."""
    key: Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[0-9A-Za-z-]+$")]
    """Idempotency key, one for each choice that is made."""
    code: Code | None = None
    """Of a secret ballot: made by the device, known to nobody else."""


class VoteOut(BaseModel):
    """The vote is on the disk."""

    voted: Literal[True] = True
    voters: int
    """How many have voted by device, this one among them."""


class MyVote(BaseModel):
    may: bool
    """This person fills a seat now."""
    reason: Literal["", "not-voter", "not-present", "counted-in-hall"]
    voted: bool
    marks: str | None
    """Of an open ballot."""


class CodeOut(BaseModel):
    code: str
    marks: str


class CodesOut(BaseModel):
    total: int
    codes: list[CodeOut]


class TallyWrite(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["hands", "papers"] = "hands"
    counts: Annotated[list[Annotated[int, Field(ge=0, le=100_000)]], Field(min_length=1, max_length=MOST_OPTIONS)]
    issued: Annotated[int, Field(ge=0, le=100_000)] | None = None
    """Papers: handed out, come back, and of these not valid."""
    returned: Annotated[int, Field(ge=0, le=100_000)] | None = None
    void: Annotated[int, Field(ge=0, le=100_000)] = 0

    @model_validator(mode="after")
    def _of_papers(self) -> "TallyWrite":
        if self.kind == "papers" and (self.issued is None or self.returned is None):
            raise ValueError("papers need `issued` and `returned`")
        return self


class TallyOut(BaseModel):
    id: int
    kind: Literal["hands", "papers"]
    counts: list[int]
    issued: int
    returned: int
    void: int
    state: Literal["entered", "accepted", "replaced", "withdrawn"]
    at: datetime
    by_name: str
    confirmed_by: str
    own: bool
    """Whoever asks has entered it, so somebody else has to confirm it."""


class HallTally(BaseModel):
    point_id: int
    name: str
    people: int
    """Who can vote here."""
    voted: int
    """Of these by device."""
    to_count: int
    tallies: list[TallyOut]
    """Those that stand, the newest first."""
    may_confirm: bool


CountState = Literal["missing", "waiting", "settled"]


class HallFigures(BaseModel):
    point_id: int
    name: str
    state: CountState
    """No figures yet; some that nobody has confirmed; those that count."""
    tallies: list[TallyOut]


class HallsOut(BaseModel):
    missing: int
    waiting: int
    settled: int
    halls: list[HallFigures]
    """Of the state that was asked for."""


class VoidWrite(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Line, Field(max_length=300)] = ""


class ShownWrite(BaseModel):
    model_config = ConfigDict(extra="forbid")

    shown: bool
