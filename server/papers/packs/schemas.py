from typing import Literal

from pydantic import BaseModel, ConfigDict

from server.core.fields import Id
from server.papers.schemas import ProblemOut


class PackWrite(BaseModel):
    model_config = ConfigDict(extra="forbid")

    point_id: Id | None = None
    """The print set of this hall; null: the reader's own pack."""


class LeftOut(BaseModel):
    title: str
    vi: str
    en: str
    """Why it is not in the pack."""


class VolumeOut(BaseModel):
    size: int
    """Bytes."""
    page_count: int
    papers: int


class PackOut(BaseModel):
    state: Literal["none", "queued", "ready", "failed"]
    """`none`: not ordered since its content last changed; POST orders it."""
    page_count: int
    size: int
    """Bytes."""
    problem: ProblemOut | None
    papers: int
    papers_done: int
    """While it is put together."""
    volumes: list[VolumeOut]
    """Of a ready pack; `pack.pdf?volume=` takes their numbers, from 1."""
    can_cancel: bool
    left_out: list[LeftOut]
