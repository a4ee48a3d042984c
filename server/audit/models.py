from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base


class AuditEntry(Base):
    """Never updated, never deleted. `hash` = HMAC-SHA256 over the previous entry's hash and this entry's content."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_subject", "subject_type", "subject_id"),
        Index("ix_audit_entries_action", "action"),
        Index("ix_audit_entries_actor", "actor_person_id"),
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
    keyed: Mapped[bool] = mapped_column(default=True)
    """False: of before there was a key, SHA-256 alone."""
    hash: Mapped[str] = mapped_column(String(64))
