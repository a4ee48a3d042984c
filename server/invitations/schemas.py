from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from server.core.fields import EmailAddress, Id, Line
from server.invitations.list_writer import DelegateRole
from server.meetings.schemas import ListFigures

Name = Annotated[Line, Field(min_length=1, max_length=200)]
Title = Annotated[Line, Field(max_length=200)]
Phone = Annotated[Line, Field(max_length=40)]

ReachState = Literal["none", "made", "queued", "sent", "delivered", "opened", "bounced", "failed", "revoked"]
"""How far the invitation has come: no link; a link that went nowhere by itself; on its way; taken by the mail server
or the gateway; by the mailbox, as its server reports; opened; come back; refused; taken back."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Said(BaseModel):
    """A sentence in both languages, and its stable code."""

    code: str
    vi: str
    en: str


class PersonChosen(Body):
    """From the people list."""

    person_id: Id


class PersonTyped(Body):
    full_name: Name
    title: Title = ""
    email: EmailAddress | None = None
    phone: Phone | None = None


class DelegatesWrite(Body):
    point_id: Id | None
    """The hall where they are expected; null: online."""
    role: DelegateRole = "delegate"
    people: Annotated[list[PersonChosen | PersonTyped], Field(min_length=1, max_length=500)]


class DelegatePatch(Body):
    """What is left out stays."""

    point_id: Id | None = None
    role: DelegateRole | None = None
    full_name: Name | None = None
    title: Title | None = None
    email: EmailAddress | None = None
    phone: Phone | None = None


Several = Annotated[list[Id], Field(min_length=1, max_length=1000)]


class DelegatesMove(Body):
    delegate_ids: Several
    point_id: Id | None
    """The hall they are moved to; null: online."""


class DelegatesOrder(Body):
    point_id: Id | None
    """Whose list; null: of those who follow online."""
    delegate_ids: Several
    """In the order wanted; whom it does not name comes behind, as before."""


class DelegatesRemove(Body):
    delegate_ids: Several


class DelegatesCopy(Body):
    meeting_id: Id
    """From whose lists."""


class CopyOut(BaseModel):
    queued: int
    """So many are being put on the lists."""


class LeftOut(BaseModel):
    """Somebody to whom nothing was done, and why."""

    delegate_id: int
    full_name: str
    vi: str
    en: str


class ManyOut(BaseModel):
    done: list[int]
    """Delegates that are as wished now."""
    left: list[LeftOut]


class ListedPoint(BaseModel):
    point_id: int | None
    """Null: online, or without a hall yet."""
    name: str
    unit_name: str
    count: int
    """Without those who come in another's stead."""


class DelegateOut(BaseModel):
    id: int
    revision: int
    person_id: int
    full_name: str
    title: str
    unit_name: str
    point_id: int | None
    point_name: str
    role: DelegateRole
    substitutes_id: int | None
    email: str | None
    phone: str | None
    position: int
    link: ReachState
    mail_error: Said | None
    """Why the last e-mail with a link has not gone out."""
    sms_error: Said | None
    """Why the last text message with a link has not gone out."""


class DelegatesOut(BaseModel):
    points: list[ListedPoint]
    """All that the actor may see, whatever is searched for."""
    lists: ListFigures
    """Of these points."""
    total: int
    """Delegates that match; `delegates` may end sooner."""
    delegates: list[DelegateOut]
    mail_ready: bool
    """A mail server is set up here; without one links are copied or printed."""


class UndeliveredLetter(BaseModel):
    delegate_id: int
    full_name: str
    point_name: str
    email: str
    """Where it was sent."""
    why: Said | None


class LettersOut(BaseModel):
    """Of the delegates' newest letters with personal links."""

    reach: dict[ReachState, int]
    """Of all on the list, by whatever way; those that nobody is in are left out."""
    sent: int
    queued: int
    """On their way; what the mail server puts off is tried again by itself."""
    failed: list[int]
    """Delegates whose letter did not get through."""
    reasons: list[UndeliveredLetter]
    """Of the first of these."""


class ReadyRow(BaseModel):
    row: int
    """As the sheet numbers it."""
    full_name: str
    title: str
    point_id: int | None
    point_name: str
    role: DelegateRole
    email: str | None
    phone: str | None
    known: bool
    """In the people list already."""


class BadRow(BaseModel):
    row: int
    column: str
    """As the sheet's header says it."""
    value: str
    vi: str
    en: str


class DoubledRow(BaseModel):
    """Means the person of a row above it, and is not taken."""

    row: int
    full_name: str
    point_name: str
    first: int
    """The row above it."""
    first_point_name: str


class ImportNote(BaseModel):
    vi: str
    en: str


class ImportOut(BaseModel):
    rows: int
    """Rows of the sheet that say anything."""
    ready: list[ReadyRow]
    bad: list[BadRow]
    notes: list[ImportNote]
    """What the reader should know of how the sheet was taken: rows left out, names that look alike."""
    doubled: list[DoubledRow]
    already: int
    """On the list before; of rows that mean one person, the first counts."""
    added: int


class LinksWrite(Body):
    delegate_ids: Annotated[list[Id], Field(max_length=20_000)] | None
    """Null: everybody on the list."""
    send: bool
    """By e-mail; false: the paths are handed out in the answer."""


class LinksRevoke(Body):
    delegate_ids: Annotated[list[Id], Field(min_length=1, max_length=20_000)]


class LinkSheetWrite(Body):
    point_id: Id | None = None
    """Of this hall alone."""
    without_email: bool = False


class RequestsLetIn(BaseModel):
    let_in: int
    left: int
    """To be looked at one by one."""


class LinkPath(BaseModel):
    delegate_id: int
    path: str


class LinksOut(BaseModel):
    queued: int
    without_email: list[int]
    """Delegates whom no e-mail can be sent to."""
    links: list[LinkPath]


class LeadingDevice(BaseModel):
    """A browser that came by the chair's or the secretary's personal link."""

    session_id: int
    full_name: str
    part: Literal["chair", "secretary"]
    user_agent: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    confirmed: bool
    """It may lead; otherwise it reads and takes part."""


class HallCode(BaseModel):
    path: str
    """"/m/<code>?h=<hall code>"."""
    url: str
    svg: str
    """The same as a QR code."""
    valid_until: datetime


class MeetingCode(BaseModel):
    code: str
    """"/m/<code>" is the meeting's address for whoever scans it."""


class Knocked(BaseModel):
    meeting_id: int
    delegate: bool
    """On the list of delegates."""
    point_name: str
    """The hall where they are expected; "": none."""


class RequestWrite(Body):
    full_name: Name
    unit_text: Annotated[Line, Field(min_length=1, max_length=200)]
    phone: Annotated[Line, Field(min_length=8, max_length=40)]
    email: EmailAddress | None = None
    hall: Annotated[str, Field(max_length=40)] | None = None
    """The code of the hall's screen, if that was scanned."""


class RequestMade(BaseModel):
    request: str
    """Only this browser has it: the answer is asked for with it."""


class RequestAsked(Body):
    request: Annotated[Line, Field(min_length=1, max_length=100)]
    """The secret of `RequestMade`. In the body: addresses stand in the logs of every proxy on the way."""


class RequestState(BaseModel):
    state: Literal["asked", "granted", "refused"]
    link: str | None
    """The way in, until it has been opened once."""


class SameName(BaseModel):
    """Somebody on the list who is called the same: perhaps the one who asks."""

    delegate_id: int
    full_name: str
    title: str
    point_name: str


class RequestOut(BaseModel):
    id: int
    full_name: str
    unit_text: str
    phone: str
    email: str | None
    point_id: int | None
    point_name: str
    """The hall whose screen was scanned."""
    asked_at: datetime
    state: Literal["asked", "granted", "refused"]
    decided_at: datetime | None
    decided_by: str
    same_name: list[SameName]


class RequestGrant(Body):
    point_id: Id | None
    """Null: online."""
    delegate_id: Id | None = None
    """The one who asks is this delegate: no new line, the way in is theirs."""
