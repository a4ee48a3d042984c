from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base
from server.core.errors import Conflict
from server.core.uniqueness import said_as


class TemplateThere(Conflict):
    code = "template-there"
    vi = "Đơn vị đã có mẫu mang tên này. Đặt tên khác, hoặc chọn ghi đè mẫu cũ."
    en = "The unit has a template of this name already. Choose another name, or replace the old one."


class GroupThere(Conflict):
    code = "group-there"
    vi = "Đơn vị đã có nhóm điểm cầu mang tên này. Đặt tên khác, hoặc chọn ghi đè nhóm cũ."
    en = "The unit has a group of points of this name already. Choose another name, or replace the old one."


class MeetingTemplate(Base):
    """A meeting as a unit holds it again and again, without its day."""

    __tablename__ = "meeting_templates"
    __table_args__ = (UniqueConstraint("unit_id", "name", info=said_as(TemplateThere)),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    """See schemas.TemplatePlan. Points and people that are gone since are left out when it is read."""
    saved_at: Mapped[datetime]


class PointGroup(Base):
    """Points that are chosen together: "12 huyện"."""

    __tablename__ = "point_groups"
    __table_args__ = (UniqueConstraint("unit_id", "name", info=said_as(GroupThere)),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    saved_at: Mapped[datetime]


class PointGroupMember(Base):
    __tablename__ = "point_group_members"
    __table_args__ = (UniqueConstraint("group_id", "point_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("point_groups.id", ondelete="CASCADE"))
    point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id", ondelete="CASCADE"), index=True)


class MeetingSeries(Base):
    """Meetings that a unit holds again and again by a rule: the weekly giao ban. Each is a meeting of its own."""

    __tablename__ = "meeting_series"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="CASCADE"), index=True)
    every: Mapped[str] = mapped_column(String(10))
    """week, two-weeks, month."""
    title: Mapped[str] = mapped_column(String(300))
    """With the marks {ngày}, {tuần}, {tháng}, {quý}, {năm}."""
    lists: Mapped[bool]
    """Each begins with the first one's lists of delegates."""
    left: Mapped[int]
    """Meetings that are still being made."""
    made_at: Mapped[datetime]
