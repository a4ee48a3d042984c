from datetime import datetime

from pydantic import BaseModel


class FeedOut(BaseModel):
    made_at: datetime | None
    """Null: there is no address."""
    read_at: datetime | None
    """When a calendar looked last."""


class FeedMade(FeedOut):
    path: str
    """Of this site; told this once."""
