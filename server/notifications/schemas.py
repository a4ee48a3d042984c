from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from server.core.fields import Id


class NoticeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str
    meeting_id: int | None
    data: dict[str, Any]
    """Facts for the sentence, which the page words."""
    path: str
    created_at: datetime
    read_at: datetime | None


class Notices(BaseModel):
    unread: int
    notices: list[NoticeOut]
    """The newest first."""


class NoticesRead(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[Id], Field(max_length=500)] | None
    """Null: all."""
