from typing import Annotated, Literal

from pydantic import BaseModel, Field

from server.core.fields import Id, Paragraphs
from server.invitations.schemas import Body, Said


class SmsWrite(Body):
    delegate_ids: Annotated[list[Id], Field(max_length=20_000)] | None
    """Null: everybody on the list."""
    kind: Literal["invitation", "reminder"] = "invitation"
    """A reminder goes to those alone who have not answered."""
    text: Annotated[Paragraphs, Field(max_length=600)] = ""
    """With the places that `wording.PLACES` names; empty: ours."""
    accents: bool = False
    """With its marks: fewer letters fit into one message."""
    without_email: bool = False
    """Those alone who have no e-mail."""


class Unreached(BaseModel):
    delegate_id: int
    full_name: str
    point_name: str
    phone: str


class SmsPreview(BaseModel):
    text: str
    """As written, with its places; ours where nothing was."""
    to_name: str
    sample: str
    """The longest of all, as it would be read; its link is made only when it is sent. "": nobody would get one."""
    encoding: Literal["gsm-7", "ucs-2"]
    letters: int
    parts: int
    """Of the sample."""
    people: int
    """Who would get one."""
    messages: int
    """All of them together, as networks count and charge."""
    without_number: int
    """Others who were meant and have no mobile number."""
    unreached: list[Unreached]
    """The first of these."""
    gateway: bool
    """A gateway is set up; without one messages are written to a file on the server."""


class SmsQueued(BaseModel):
    people: int
    messages: int


class UndeliveredText(BaseModel):
    delegate_id: int
    full_name: str
    point_name: str
    number: str
    """Where it was sent."""
    why: Said | None


class TextsOut(BaseModel):
    """Of the delegates' newest text messages."""

    sent: int
    filed: int
    """Written to a file on the server, and not on their way."""
    queued: int
    failed: list[int]
    """Delegates whose message did not get through."""
    reasons: list[UndeliveredText]
    """Of the first of these."""
