from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base


class Annotation(Base):
    """A note, highlight or stroke of ink of one reader. Private to its owner: no query takes anybody else's id."""

    __tablename__ = "annotations"
    __table_args__ = (Index("ix_annotations_owner_seq", "person_id", "seq"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    """UUID made by the device that wrote it first."""
    seq: Mapped[int]
    """Of the owner's log: devices ask for what came after the last they saw."""
    revision: Mapped[int] = mapped_column(default=1)
    """Grows with each change; a change names the revision it was made from."""
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("paper_versions.id", ondelete="CASCADE"))
    page: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    """note, highlight, ink."""
    body: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """See notes.schemas; None: deleted (kept so that other devices learn of it)."""
    written_at: Mapped[datetime]
    """By the clock of the device that wrote this revision, right or wrong: compared with that device's own alone."""
    updated_at: Mapped[datetime]
    """When it reached the server."""
    device: Mapped[str] = mapped_column(String(36), default="")
    """Which device wrote this revision."""
    turn: Mapped[int] = mapped_column(BigInteger, default=0)
    """That device's number of the request that brought it; 0: it gives none."""
    own_since: Mapped[int] = mapped_column(default=0)
    """The last revision that is not of this device: it wrote every one after it."""
    trail: Mapped[str] = mapped_column(Text, default="")
    """Marks of the changes taken so far, see notes.merge: one that comes again is known."""


class AnnotationSequence(Base):
    __tablename__ = "annotation_sequences"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int]


class Receipt(Base):
    """What is known of one person's reading of one version."""

    __tablename__ = "receipts"
    __table_args__ = (UniqueConstraint("version_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("paper_versions.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    served_at: Mapped[datetime | None]
    """When this server first handed out its words, a page or the file to the person. Not by a device's word; before, a
    device has nothing to say."""
    delivered_at: Mapped[datetime | None]
    """On the device: saved for reading without a line, downloaded, or opened."""
    opened_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    last_page: Mapped[int] = mapped_column(default=0)
    pages_seen: Mapped[str] = mapped_column(String, default="")
    """A bit a page, the first page lowest, as hexadecimal text."""
    seen_count: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[int] = mapped_column(default=0)
