from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from server.core.fields import EmailAddress, Id, Line, Paragraphs
from server.invitations.schemas import Name, Phone, Title

Reason = Annotated[Line, Field(max_length=500)]
Answer = Literal["accepted", "absent", "substitute"]
ReplyState = Literal["none", "accepted", "absent", "proposed", "substitute", "declined"]
"""proposed: a substitute waits for consent; substitute: one comes; declined: it was refused, an answer is asked for
anew."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SubstituteProposed(Body):
    full_name: Name
    title: Title = ""
    email: EmailAddress | None = None
    phone: Phone | None = None


class ReplyWrite(Body):
    answer: Answer
    reason: Reason = ""
    substitute: SubstituteProposed | None = None
    """With the answer "substitute"."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.answer == "absent" and not self.reason:
            raise PydanticCustomError(
                "said",
                "absent without a reason",
                {"vi": "Ghi lý do vắng mặt.", "en": "Say why you cannot take part."},
            )
        if (self.answer == "substitute") != (self.substitute is not None):
            raise PydanticCustomError(
                "said",
                "a substitute without a name",
                {"vi": "Ghi họ tên người dự thay.", "en": "Name who comes in your stead."},
            )
        return self


class Decision(Body):
    agree: bool
    reason: Reason = ""
    """Why not; the delegate reads it."""


class Substitute(BaseModel):
    full_name: str
    title: str


class MyReply(BaseModel):
    """The actor's own place on the list."""

    state: ReplyState
    may_reply: bool
    """The meeting takes replies now, and nobody comes in their stead yet. Of who comes in another's stead: that they
    do not."""
    reason: str
    """Given with the last answer, or with the refusal of the substitute."""
    substitute: Substitute | None
    """Proposed, agreed or declined."""
    stands_for: str
    """The actor comes in this person's stead; "": for themselves."""
    at: datetime | None


class ReplyFigures(BaseModel):
    """People, without those who come in another's stead."""

    invited: int = 0
    accepted: int = 0
    absent: int = 0
    proposed: int = 0
    substitute: int = 0
    none: int = 0
    """Have not answered, or have to answer anew."""


class RepliesUnit(ReplyFigures):
    """With its whole branch; in tree order."""

    unit_id: int
    parent_id: int | None
    name: str
    depth: int


class RepliesPoint(ReplyFigures):
    point_id: int | None
    """Null: online."""
    name: str
    unit_id: int | None


class ReplyRow(BaseModel):
    delegate_id: int
    full_name: str
    title: str
    point_id: int | None
    point_name: str
    phone: str | None
    state: ReplyState
    reason: str
    substitute: Substitute | None
    at: datetime | None
    how: Literal["", "link", "account", "by-hand"]
    by_name: str


class RepliesQuery(BaseModel):
    point_id: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    """People of this point; 0: of those who take part online."""
    state: ReplyState | None = None
    q: Annotated[Line, Field(max_length=100)] = ""
    """People whose name has these words."""
    limit: Annotated[int, Field(ge=0, le=200)] = 50
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0


class RepliesBoard(BaseModel):
    as_of: datetime
    total: ReplyFigures
    units: list[RepliesUnit]
    points: list[RepliesPoint]
    may_decide: bool
    """The actor agrees to substitutes, or declines them."""
    people: list[ReplyRow]
    """`limit` of them from `offset` on, of those asked for: those who wait for a decision first, then who has not
    answered."""
    people_total: int


class ReplyDone(BaseModel):
    delegate_id: Id
    state: ReplyState


Days = Annotated[list[Literal[1, 2, 3, 5, 7]], Field(max_length=5)]


class ReplyRuleWrite(Body):
    days: Days
    """Before the meeting; empty: nobody is reminded by rule."""
    text: Annotated[Paragraphs, Field(max_length=2000)] = ""
    sms: bool = False
    """Whoever has no e-mail and has a mobile number gets a text message."""


class ReplyRule(BaseModel):
    days: list[int]
    text: str
    sms: bool
    done: list[int]
    """Days whose reminder has gone out."""
    at: dict[str, datetime]
    """Number of days -> when that reminder goes out."""
