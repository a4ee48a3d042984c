from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from server.audit.words import Group
from server.core.fields import Id, Line, Time


class AuditFilter(BaseModel):
    """What entries must have; all of it together."""

    model_config = ConfigDict(extra="forbid")

    since: Time | None = None
    until: Time | None = None
    action: Line | None = Field(default=None, max_length=64)
    """Whole ("paper.downloaded") or its begin ("paper.")."""
    group: Group | None = None
    meeting_id: Id | None = None
    """Done to this meeting or in it."""
    unit_id: Id | None = None
    """Done by people and halls of this unit's branch."""
    subject_type: Line | None = Field(default=None, max_length=32)
    subject_id: Line | None = Field(default=None, max_length=64)
    person_id: Id | None = None
    point_id: Id | None = None
    session_id: Id | None = None
    address: Line | None = Field(default=None, max_length=45)


class AuditQuery(AuditFilter):
    before: Id | None = None
    """Id of the last entry of the page before."""
    limit: int = Field(default=50, ge=1, le=200)


class Sentence(BaseModel):
    vi: str
    en: str


class AuditOut(BaseModel):
    id: int
    at: datetime
    actor_person_id: int | None
    actor_point_id: int | None
    actor_name: str
    """"system": by itself. Empty: nobody who was signed in."""
    actor_unit: str
    """Where the actor belongs now; empty if that is not known."""
    session_id: int | None
    """Of sign-in; its `session.opened` says how and by which link."""
    address: str
    action: str
    group: Group
    said: Sentence
    subject_type: str
    subject_id: str
    subject_name: str
    """What it is called now; empty if it is gone, has no name, or is a person of others."""
    meeting_id: int | None
    meeting_title: str
    facts: dict[str, Any]


class AuditPage(BaseModel):
    entries: list[AuditOut]
    more: bool
    """There are older ones."""


class ChainBreak(BaseModel):
    entry: int
    """Id of the entry."""
    missing: bool
    """It stood in the log once and does not any more; false: it is not as it was written."""


class ChainState(BaseModel):
    """Whether the log is whole, as the newest check found it."""

    checked_at: datetime | None
    """None: not checked since the server started."""
    checked: int
    """Entries that check read."""
    broken: ChainBreak | None
    running: int | None
    """A check is under way and has read so many entries; None: none is."""
