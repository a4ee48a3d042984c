from datetime import datetime
from typing import Literal

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base

ReplyKind = Literal["accepted", "absent", "proposed", "agreed", "declined"]


class Reply(Base):
    """One line of the log of replies: an answer of a delegate, or what was decided about a substitute they proposed."""

    __tablename__ = "replies"
    __table_args__ = (Index("ix_replies_meeting_delegate", "meeting_id", "delegate_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    delegate_id: Mapped[int] = mapped_column(ForeignKey("delegates.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    """accepted, absent, proposed; agreed, declined: by whom the substitute was decided about."""
    reason: Mapped[str] = mapped_column(String(500), default="")
    """Why they are absent, or send somebody; why the substitute was declined."""
    full_name: Mapped[str] = mapped_column(String(200), default="")
    """Of the substitute, as are the three below."""
    title: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    at: Mapped[datetime]
    how: Mapped[str] = mapped_column(String(10))
    """link, account: the delegate's own word. by-hand: noted by who keeps the list."""
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    by_name: Mapped[str] = mapped_column(String(200), default="")


class ReplyReminder(Base):
    """When those who have not answered are asked again."""

    __tablename__ = "reply_reminders"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    days: Mapped[list[int]] = mapped_column(JSON)
    """So many days before the meeting."""
    text: Mapped[str] = mapped_column(String(2000), default="")
    """The organiser's own words, beside ours."""
    done: Mapped[list[int]] = mapped_column(JSON)
    """Those of `days` that have gone out."""
    sms: Mapped[bool] = mapped_column(default=False)
    """Whoever has no e-mail gets a text message."""
