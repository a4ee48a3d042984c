from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from server.core.fields import Id, Line, Time


class AuditQuery(BaseModel):
    """What entries must have; all of it together."""

    model_config = ConfigDict(extra="forbid")

    before: Id | None = None
    """Id of the last entry of the page before."""
    limit: int = Field(default=50, ge=1, le=200)
    since: Time | None = None
    until: Time | None = None
    action: Line | None = Field(default=None, max_length=64)
    """Whole ("paper.downloaded") or its begin ("paper.")."""
    subject_type: Line | None = Field(default=None, max_length=32)
    subject_id: Line | None = Field(default=None, max_length=64)
    person_id: Id | None = None
    point_id: Id | None = None
    session_id: Id | None = None
    address: Line | None = Field(default=None, max_length=45)


class AuditOut(BaseModel):
    id: int
    at: datetime
    actor_person_id: int | None
    actor_point_id: int | None
    actor_name: str
    session_id: int | None
    """Of sign-in; its `session.opened` says how and by which link."""
    address: str
    action: str
    subject_type: str
    subject_id: str
    facts: dict[str, Any]


class AuditPage(BaseModel):
    entries: list[AuditOut]
    more: bool
    """There are older ones."""
