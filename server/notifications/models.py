from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base


class Mail(Base):
    """One e-mail to one person. Written in the transaction that causes it; job "mail.send" carries it out."""

    __tablename__ = "mails"
    __table_args__ = (Index("ix_mails_meeting", "meeting_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    """"papers.reminder", "link.personal"."""
    to_address: Mapped[str] = mapped_column(String(254))
    to_name: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    """Plain text. Emptied once sent if it held a personal link (`secret`)."""
    attached: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What its files are made from when it goes out (`hooks.MailHooks`): {"kind": …}. Wiped like the text."""
    secret: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default="queued")
    """queued, sent (taken by the mail server), delivered (its recipient's server reports so), failed, bounced (taken,
    and come back)."""
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class TextMessage(Base):
    """One SMS to one person. Written in the transaction that causes it; job "sms.send" carries it out."""

    __tablename__ = "text_messages"
    __table_args__ = (Index("ix_text_messages_meeting", "meeting_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    """"link.personal", "reply.reminder"."""
    to_number: Mapped[str] = mapped_column(String(20))
    """E.164: "+84912345678"."""
    to_name: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    """Emptied once it is out if it held a personal link (`secret`)."""
    parts: Mapped[int]
    """Messages that a network counts it as."""
    secret: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default="queued")
    """queued, sent (a gateway took it), filed (written down where there is no gateway), failed."""
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(500), default="")
    reference: Mapped[str] = mapped_column(String(100), default="")
    """What the gateway calls it; the file it was written to."""
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class Notice(Base):
    """A notice in the app for one person."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_person", "person_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    """"papers.reminder", "paper.new-version", "paper.recalled", "access.requested", "access.granted"."""
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Facts for the sentence, which the page words."""
    path: Mapped[str] = mapped_column(String(300), default="")
    """Where it leads, a path of this site."""
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
