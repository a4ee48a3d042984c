from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base


class ImportBatch(Base):
    """One file that was sent in, from its reading to its being undone.

    reading → ready (it may be applied) or faulty (rows have to be put right) or refused (the file as a whole);
    ready → applying → applied → undoing → undone. What applying finds changed since leads back to ready or faulty.
    """

    __tablename__ = "import_batches"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    """units, points, people."""
    state: Mapped[str] = mapped_column(String(10), default="reading")
    file_name: Mapped[str] = mapped_column(String(200))
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """The file, until it is read."""
    scopes: Mapped[list[Any]] = mapped_column(JSON)
    """Units at the top of the branches that its sender administered: who is to see it administers all of them. No
    foreign keys: history outlives units."""
    scope_id: Mapped[int] = mapped_column(index=True)
    """The lowest unit above all of them."""
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    rows: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    closed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    """Rows that the step under way has come through."""
    notes: Mapped[list[Any]] = mapped_column(JSON, default=list)
    """What was done with the sheet beyond reading it: [Vietnamese, English] each."""
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Why the file was refused, or an undo: {"vi", "en"}."""
    digest: Mapped[str] = mapped_column(String(64), default="")
    """Of what the rows would do: what is applied is what was looked at."""
    applied_at: Mapped[datetime | None]
    asked_by: Mapped[int | None]
    """Who asked for the step under way, or the last one."""
    undone_at: Mapped[datetime | None]


class ImportRow(Base):
    """One row of the file, and what it does."""

    __tablename__ = "import_rows"
    __table_args__ = (
        Index("ix_import_rows_batch", "batch_id", "verdict", "number"),
        Index("ix_import_rows_subject", "subject_id", "batch_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batches.id", ondelete="CASCADE"))
    number: Mapped[int]
    """As the sheet shows it."""
    verdict: Mapped[str] = mapped_column(String(10))
    """added, changed, closed, unchanged, bad."""
    label: Mapped[str] = mapped_column(String(200), default="")
    subject_id: Mapped[int | None]
    """The unit, point or person; of a new one once it is written. No foreign key: history outlives it."""
    revision: Mapped[int | None]
    """The subject's, when the row was looked at; after applying, the one that applying made."""
    cells: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """As read, by column."""
    shown: Mapped[list[Any]] = mapped_column(JSON, default=list)
    """[column, old text, new text] of what differs."""
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What is there now, for undoing."""
    after: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What will be."""
    faults: Mapped[list[Any]] = mapped_column(JSON, default=list)
    """[column, value, Vietnamese, English]."""
