import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from server.core.database import Base
from server.core.errors import Conflict
from server.core.fields import folded
from server.core.revisions import Revised
from server.core.uniqueness import said_as
from server.meetings.days import MeetingDay

_CODE_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without those that are misread on paper."""


def new_public_code() -> str:
    """Ten letters and digits: 49 random bits."""
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(10))


class Meeting(Base):
    __tablename__ = "meetings"
    __table_args__ = (Index("ix_meetings_state_starts", "state", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    """The unit that holds it; rights of organisers and operators come from here."""
    kind: Mapped[str] = mapped_column(String(20))
    """hội nghị, cuộc họp, phiên họp, kỳ họp, đại hội: see schemas.MeetingKind."""
    title: Mapped[str] = mapped_column(String(300))
    search_title: Mapped[str] = mapped_column(String(300), default="", server_default="")
    """The title folded, see `core.fields.folded`."""
    description: Mapped[str] = mapped_column(Text, default="")
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    """Planned end."""
    day_list: Mapped[list[dict[str, Any]]] = mapped_column("days", JSON, default=list, server_default="[]")
    """Of a meeting that lasts several: see `days`."""
    main_point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id"))
    chair_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    secretary_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="draft")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    series_id: Mapped[int | None] = mapped_column(ForeignKey("meeting_series.id"), index=True)
    """Held again and again: see `planning.series`."""
    address: Mapped[str] = mapped_column(String(8), default="", server_default="")
    """comrade, polite: how people are spoken to; "": as the kind has it, see `address`."""
    public_code: Mapped[str] = mapped_column(String(16), unique=True, default=new_public_code)
    """In the meeting's one QR code: "/m/<code>". Says where to knock, opens nothing by itself."""
    version: Mapped[int] = mapped_column(default=1)
    """Grows with each edit; an edit names the version it was made from, so that two editors never overwrite each
    other."""

    @property
    def days(self) -> list[MeetingDay]:
        """Empty where it begins and ends on one day, or has no hours by day."""
        return [MeetingDay.model_validate(each) for each in self.day_list]

    @days.setter
    def days(self, days: Sequence[MeetingDay]) -> None:
        self.day_list = [each.model_dump() for each in days]

    @validates("title")
    def _fold(self, _key: str, title: str) -> str:
        self.search_title = folded(title)[:300]
        return title


class AgendaItem(Base):
    """A thin ordering node; later features hang their content (papers, votes) on its id."""

    __tablename__ = "agenda_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(8), default="item", server_default="item")
    """item; break: counted in time, nothing is presented."""
    day: Mapped[int] = mapped_column(default=0, server_default="0")
    """Place of its day among the meeting's, from 0; items of a day stand before those of the next."""
    title: Mapped[str] = mapped_column(String(300))
    minutes: Mapped[int]
    presenter_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    presenter_text: Mapped[str] = mapped_column(String(200), default="")
    """Who presents, when it is not one person: "Văn phòng Tỉnh ủy"."""


class AgendaStint(Base):
    """One stretch of time an item was current. Time spent is the sum of its stints, never ticked."""

    __tablename__ = "agenda_stints"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("agenda_items.id", ondelete="CASCADE"), index=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class PointThere(Conflict):
    code = "point-there"
    vi = "Điểm cầu này vừa được thêm vào cuộc họp. Tải lại trang để xem."
    en = "This point has just been added to the meeting. Reload the page to see."


class AlreadyListed(Conflict):
    code = "already-listed"
    vi = "Người này đã có trong danh sách của cuộc họp. Sửa dòng đã có thay vì thêm lần nữa."
    en = "This person is on the meeting's list already. Edit that line instead of adding another."


class MemberPoint(Base):
    """A bridge point's membership in a meeting."""

    __tablename__ = "member_points"
    __table_args__ = (UniqueConstraint("meeting_id", "point_id", info=said_as(PointThere)),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), index=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id"), index=True)
    speaker: Mapped[str] = mapped_column(String(200), default="")
    """Who speaks for it, as on the name plate: "Đ/c Nguyễn Thị Hạnh, Bí thư Huyện ủy"."""


class Delegate(Revised, Base):
    """A person's membership in a meeting: who is invited, and in which hall he or she is expected."""

    __tablename__ = "delegates"
    __table_args__ = (
        UniqueConstraint("meeting_id", "person_id", info=said_as(AlreadyListed)),
        # The last two: a meeting's people are counted by hall for every page of its lists, out of the index alone.
        Index("ix_delegates_meeting_point", "meeting_id", "point_id", "removed_at", "substitutes_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    point_id: Mapped[int | None] = mapped_column(ForeignKey("bridge_points.id"))
    """The hall where they are expected; None: online."""
    role: Mapped[str] = mapped_column(String(16), default="delegate")
    """delegate (đại biểu), guest (khách mời)."""
    substitutes_id: Mapped[int | None] = mapped_column(ForeignKey("delegates.id", ondelete="SET NULL"), index=True)
    """The delegate in whose stead this one comes (người dự thay)."""
    position: Mapped[int] = mapped_column(default=0)
    """Order in the hall's list."""
    source: Mapped[str] = mapped_column(String(12), default="typed")
    """typed, people, import, request, substitute, named (by the point itself)."""
    added_at: Mapped[datetime]
    added_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    removed_at: Mapped[datetime | None]
    """Taken off the list; the row stays because checks and receipts speak of it."""
