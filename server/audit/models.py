from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base


class AuditEntry(Base):
    """Never deleted, and never updated but to be chained. `hash` = HMAC-SHA256 over the previous entry's hash and this
    entry's content."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_subject", "subject_type", "subject_id"),
        Index("ix_audit_entries_action", "action"),
        Index("ix_audit_entries_actor", "actor_person_id"),
        Index("ix_audit_entries_actor_point", "actor_point_id"),
        Index("ix_audit_entries_meeting", "meeting_id"),
        Index("ix_audit_entries_at", "at"),
        Index("ix_audit_entries_position", "position", unique=True),
        Index(
            "ix_audit_entries_unchained",
            "id",
            postgresql_where=text("position IS NULL"),
            sqlite_where=text("position IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_person_id: Mapped[int | None]
    actor_point_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(200))
    session_id: Mapped[int | None]
    """Of sign-in, as it was; sessions are forgotten some day, entries are not."""
    address: Mapped[str] = mapped_column(String(45), default="")
    action: Mapped[str] = mapped_column(String(64))
    """Like an event's kind: "meeting.started"."""
    subject_type: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    meeting_id: Mapped[int | None]
    """The meeting it was done to or in, taken out of the subject and the facts to be found by; not part of the hash."""
    keyed: Mapped[bool] = mapped_column(default=True)
    """False: of before there was a key, SHA-256 alone."""
    position: Mapped[int | None]
    """On the chain; None: not on it yet, and `hash` is over this entry alone."""
    hash: Mapped[str] = mapped_column(String(64))
