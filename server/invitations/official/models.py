from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, synonym

from server.core.database import Base
from server.core.revisions import Revised


class InvitationLetter(Revised, Base):
    """The text of a meeting's giấy mời, as far as somebody has worked on it."""

    __tablename__ = "invitation_letters"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    id = synonym("meeting_id")
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    """As `schemas.LetterFields`."""
    edited_at: Mapped[datetime]


class LetterPrint(Base):
    """Letters for the printer, in volumes by branch: made by a job, kept for some days."""

    __tablename__ = "letter_prints"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="queued")
    """queued, ready, failed."""
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Who asked, and for whom."""
    folder: Mapped[str] = mapped_column(String(60), default="")
    volumes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """{"name", "letters", "size"} of those made."""
    letters: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
