from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base
from server.core.errors import Conflict
from server.core.uniqueness import said_as


class NominationThere(Conflict):
    code = "nomination-there"
    vi = "Có người vừa sửa danh sách của điểm cầu này. Tải lại trang rồi làm tiếp."
    en = "Somebody has just changed this point's list. Reload the page and go on."


class NominationCall(Base):
    """The points of a meeting are asked to name their delegates."""

    __tablename__ = "nomination_calls"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    deadline: Mapped[datetime]
    """From then on the lists are locked."""
    remind_hours: Mapped[list[int]] = mapped_column(JSON)
    """So many hours before the deadline those are reminded who have not delivered."""
    done: Mapped[list[int]] = mapped_column(JSON)
    """Those of `remind_hours` that have gone out."""
    contact: Mapped[str] = mapped_column(String(200))
    """Whom to call when it is locked: "Nguyễn Văn A, 0263 3822 111"."""
    note: Mapped[str] = mapped_column(String(1000), default="")
    """The organiser's own words: whom to name."""
    asked_at: Mapped[datetime]
    locked_at: Mapped[datetime | None]
    """By hand, before the deadline."""


class Nomination(Base):
    """One point's answer to the call. There is no row before somebody has done something about it."""

    __tablename__ = "nominations"
    __table_args__ = (UniqueConstraint("meeting_id", "point_id", info=said_as(NominationThere)),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id"), index=True)
    contact_name: Mapped[str] = mapped_column(String(200), default="")
    """Who makes the list without an account, by the point's private link."""
    contact_email: Mapped[str | None] = mapped_column(String(254))
    contact_phone: Mapped[str | None] = mapped_column(String(40))
    salt: Mapped[str] = mapped_column(String(16), default="")
    """What the private link's key is made from besides the installation's secret; another one ends the link. "": there
    is none."""
    opened_at: Mapped[datetime | None]
    """The private link was first used."""
    submitted_at: Mapped[datetime | None]
    submitted_by: Mapped[str] = mapped_column(String(200), default="")
    open_until: Mapped[datetime | None]
    """Reopened for this point alone, whatever the call says."""
    locked_at: Mapped[datetime | None]
    """Locked for this point alone, by hand."""
