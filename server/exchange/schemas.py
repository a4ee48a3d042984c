from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from server.core.fields import Line

Kind = Literal["units", "points", "people"]
State = Literal["reading", "ready", "faulty", "refused", "applying", "applied", "undoing", "undone"]
Verdict = Literal["added", "changed", "closed", "unchanged", "bad"]
FileName = Annotated[Line, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=200)]


class Said(BaseModel):
    vi: str
    en: str


class BatchOut(BaseModel):
    """One file that was sent in."""

    id: int
    kind: Kind
    state: State
    file_name: str
    created_at: datetime
    created_by_name: str
    applied_at: datetime | None
    undone_at: datetime | None
    rows: int
    added: int
    changed: int
    closed: int
    unchanged: int
    bad: int
    done: int
    """Rows that the step under way has come through."""
    notes: list[Said]
    problem: Said | None
    """Why the file was refused, or could not be undone."""
    kept: bool
    """Its rows are still there: it can be looked at and undone."""


class BatchesOut(BaseModel):
    batches: list[BatchOut]
    total: int


class ChangeOut(BaseModel):
    column: str
    """As the file heads it."""
    old: str
    new: str


class FaultOut(Said):
    column: str
    value: str


class RowOut(BaseModel):
    number: int
    """As the sheet shows it."""
    verdict: Verdict
    label: str
    changes: list[ChangeOut]
    faults: list[FaultOut]


class RowsOut(BaseModel):
    rows: list[RowOut]
    total: int
