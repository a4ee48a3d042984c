from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base
from server.core.errors import Conflict
from server.core.revisions import Revised
from server.core.uniqueness import said_as


class Paper(Revised, Base):
    """A paper (tài liệu) of a meeting: of one agenda item, or of the whole meeting. Its content is its newest ready
    version."""

    __tablename__ = "papers"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("agenda_items.id", ondelete="SET NULL"), index=True)
    """None: of the whole meeting."""
    position: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(20), default="khac")
    """See schemas.PaperKind: to-trinh, bao-cao, du-thao, nghi-quyet, ke-hoach, phu-luc, tham-khao, khac…"""
    number: Mapped[str] = mapped_column(String(60), default="")
    """Number and sign: "12-BC/TU", "45/TTr-UBND"."""
    number_folded: Mapped[str] = mapped_column(String(60), default="", index=True)
    issued_on: Mapped[date | None]
    issuer: Mapped[str] = mapped_column(String(200), default="")
    urgency: Mapped[str] = mapped_column(String(12), default="")
    """"", khan, thuong-khan, hoa-toc."""
    current_version_id: Mapped[int | None]
    """The newest version that is ready; None until the first is. No foreign key: each table would need the other."""
    signed_as: Mapped[str] = mapped_column(String(8), default="view")
    """How a signed file is offered to who may download: view (not at all) or clean (unstamped, byte for byte)."""
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    recalled_at: Mapped[datetime | None]
    recalled_by: Mapped[str] = mapped_column(String(200), default="")
    recall_reason: Mapped[str] = mapped_column(String(300), default="")
    deleted_at: Mapped[datetime | None]
    """Taken back before anybody could read it, or on purpose after; gone from every list."""


class VersionThere(Conflict):
    code = "version-there"
    vi = "Tài liệu này vừa có một bản mới. Gửi lại tệp nếu vẫn cần."
    en = "A new version of this paper has just come in. Send the file again if it is still needed."


class PolicyThere(Conflict):
    code = "policy-there"
    vi = "Người khác vừa đặt quyền đọc cho mục này. Tải lại trang rồi xem lại."
    en = "Somebody else has just set who reads this. Reload the page and look again."


class PackThere(Conflict):
    code = "pack-there"
    vi = "Bộ tài liệu này vừa được đặt. Tải lại trang rồi đợi giây lát."
    en = "This pack has just been ordered. Reload the page and wait a moment."


class PaperVersion(Base):
    """One uploaded file and what conversion made of it. Never changed once ready: addresses of pages are for good."""

    __tablename__ = "paper_versions"
    __table_args__ = (UniqueConstraint("paper_id", "number", info=said_as(VersionThere)),)

    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    """1, 2, 3 … within the paper."""
    note: Mapped[str] = mapped_column(String(300), default="")
    """What changed, in the uploader's words."""
    state: Mapped[str] = mapped_column(String(10), default="queued")
    """queued, working, ready, refused (the file's fault), failed (ours; can be tried again)."""
    stage: Mapped[str] = mapped_column(String(16), default="")
    """While working: scan, inspect, convert, straighten, ocr, clean, text, pictures; with the page where it
    goes page by page ("ocr 3"), of page_count."""
    progress: Mapped[float] = mapped_column(default=0.0)
    """0 … 1 over the whole way."""
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Of refused and failed: {"code", "vi", "en"}."""
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """What was cleaned away or is worth knowing: [{"code", "vi", "en"}]."""
    file_name: Mapped[str] = mapped_column(String(300))
    mime: Mapped[str] = mapped_column(String(100), default="")
    """By content."""
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the original."""
    folder: Mapped[str] = mapped_column(String(80), unique=True)
    """In the storage: `<folder>/original`, `reading.pdf` (cleaned, ready to be stamped), `pages/<n>-<width>.webp`."""
    page_count: Mapped[int] = mapped_column(default=0)
    pdf_size: Mapped[int] = mapped_column(BigInteger, default=0)
    picture_bytes: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    """{"900": bytes of all its pictures of this width, "1800": …}: what saving it on a device costs."""
    text_quality: Mapped[str] = mapped_column(String(8), default="none")
    """text (born digital), ocr, none."""
    outline: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """[{"title", "page", "level"}], pages from 1."""
    page_labels: Mapped[list[str]] = mapped_column(JSON, default=list)
    """What is printed on the pages ("i", "ii", "1"); empty: their numbers."""
    signatures: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """See schemas.SignatureOut; not empty: the original is never rewritten."""
    guess: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Read off the first page and offered: {"title", "kind", "number", "issued_on", "issuer", "urgency"}."""
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    created_by_name: Mapped[str] = mapped_column(String(200), default="")
    ready_at: Mapped[datetime | None]


class PaperPage(Base):
    """A page of a ready version. `text` is for people, `folded` for the search index, `lines` for the reader's text
    layer and marks."""

    __tablename__ = "paper_pages"

    version_id: Mapped[int] = mapped_column(ForeignKey("paper_versions.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """From 1."""
    width: Mapped[float]
    height: Mapped[float]
    """Points (1/72 inch), as seen (rotation applied)."""
    text: Mapped[str] = mapped_column(Text, default="")
    folded: Mapped[str] = mapped_column(Text, default="")
    """`core.fields.folded(text)`, indexed for full text: FTS5 on SQLite, a GIN index on PostgreSQL."""
    lines: Mapped[list[Any]] = mapped_column(JSON, default=list)
    """[[x, y, width, height, [[x, width, "word"], …]], …] as parts (0 … 1) of the page, reading order."""


class AccessPolicy(Revised, Base):
    """Who may read, set at one place: a paper, or an agenda item for all papers of it that have no policy of their own.
    Without any: every member of the meeting reads, nobody downloads."""

    __tablename__ = "access_policies"
    __table_args__ = (
        CheckConstraint("(item_id IS NULL) <> (paper_id IS NULL)", name="one_place"),
        Index("ix_access_policies_meeting", "meeting_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    item_id: Mapped[int | None] = mapped_column(
        ForeignKey("agenda_items.id", ondelete="CASCADE"), unique=True, info=said_as(PolicyThere)
    )
    paper_id: Mapped[int | None] = mapped_column(
        ForeignKey("papers.id", ondelete="CASCADE"), unique=True, info=said_as(PolicyThere)
    )
    hidden: Mapped[bool] = mapped_column(default=False)
    """Seen by nobody but those who manage it."""
    opens_at: Mapped[datetime | None]
    """Listed, but locked until then."""
    download: Mapped[bool] = mapped_column(default=False)
    marked: Mapped[bool] = mapped_column(default=False)
    """Copies are pictures with their reader's name burnt in, and go into no pack."""
    audience: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """Empty: all members. Else any of [{"kind": "unit", "id"} (the branch), {"kind": "point", "id"}, {"kind": "role",
    "role": "chair|secretary|presenter|delegate|guest|hall|organiser"}, {"kind": "person", "id"}]."""


class Upload(Base):
    """A resumable upload under way (tus 1.0). Its bytes lie in `var/uploads/<token>`."""

    __tablename__ = "uploads"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(43), unique=True)
    """In its address; the uploader's session is checked too."""
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("agenda_items.id", ondelete="SET NULL"))
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"))
    """Set: a new version of this paper."""
    file_name: Mapped[str] = mapped_column(String(300))
    note: Mapped[str] = mapped_column(String(300), default="")
    """For the version it becomes."""
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    version_id: Mapped[int | None] = mapped_column(ForeignKey("paper_versions.id", ondelete="SET NULL"))
    """Complete: what became of it."""


class Pack(Base):
    """A meeting pack that was built: one file for everybody who may read exactly the same papers."""

    __tablename__ = "packs"
    __table_args__ = (UniqueConstraint("meeting_id", "content_key", info=said_as(PackThere)),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    content_key: Mapped[str] = mapped_column(String(64))
    """Hash of all that is in it: versions in order, agenda, facts of the cover."""
    state: Mapped[str] = mapped_column(String(10), default="queued")
    """queued, ready, failed."""
    version_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    folder: Mapped[str] = mapped_column(String(80), default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    page_count: Mapped[int] = mapped_column(default=0)
    volumes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """[{"size", "page_count", "version_ids"}], each below `<folder>/<its number from 1>`."""
    papers_done: Mapped[int] = mapped_column(default=0)
    """While it is built: so many of its papers are in it."""
    ordered_by: Mapped[str] = mapped_column(String(60), default="")
    """Who ordered it ("person-17"), and may call it off while nobody else has asked for it."""
    shared: Mapped[bool] = mapped_column(default=False)
    """Somebody else has asked for it too."""
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]


class LibraryState(Base):
    """One row a meeting, made by the first paper."""

    __tablename__ = "library_states"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(default=0)
    """Grows with every change of papers, versions or rights that readers may notice: their devices ask again."""
    conversion: Mapped[int] = mapped_column(default=0)
    """Grows with what only those who manage papers see: a file came in, was refused, failed."""
