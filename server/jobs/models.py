from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base


class Job(Base):
    """One piece of work. Done jobs are deleted; failed ones stay with their error until they are asked for again."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_due", "failed_at", "run_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    """"version.process", "mail.send", "pack.build"."""
    subject: Mapped[str] = mapped_column(String(80), default="")
    """What it is about ("version-17"): at most one waiting job of a kind for a subject."""
    owner: Mapped[str] = mapped_column(String(40), default="")
    """Whose heap it belongs to ("person-17"): owners take turns, whoever was first with many. "": nobody's."""
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime]
    run_at: Mapped[datetime]
    """Not before; pushed on by retries."""
    taken_until: Mapped[datetime | None]
    """A worker has it until then (renewed while it works); a dead worker's job is taken again after."""
    attempts: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime | None]
    """Given up."""
    error: Mapped[str] = mapped_column(String(2000), default="")
