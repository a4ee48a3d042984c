from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base
from server.core.errors import DomainError, Invalid
from server.core.revisions import Revised
from server.core.uniqueness import said_as


def code_taken(by: str | None = None) -> DomainError:
    """`by`: the name of the unit that has it, where it is known."""
    return Invalid.fields(
        {
            "code": (
                f"Mã này đã dùng cho {f'“{by}”' if by else 'đơn vị khác'}.",
                f"This code already belongs to {f'“{by}”' if by else 'another unit'}.",
            )
        }
    )


class Unit(Revised, Base):
    """An administrative or Party unit. `path` is materialised ("/1/5/", its own id last) and decides rights.

    `valid_until` keeps units that were abolished (the districts, on 2025-07-01) in history and in use where needed.
    """

    __tablename__ = "units"
    __table_args__ = (CheckConstraint("length(name) > 0", name="name_not_empty"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    path: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    """Full: "Huyện Lạc Dương"."""
    short_name: Mapped[str] = mapped_column(String(60))
    """As on the wall: "Lạc Dương"."""
    code: Mapped[str | None] = mapped_column(String(35), unique=True, info=said_as(code_taken))
    """H36.1.2 style: dot groups of A-Z and 0-9, at most 35 characters."""
    level: Mapped[str] = mapped_column(String(20))
    """central, province, district, commune, below: for labels only; the tree's depth is free."""
    position: Mapped[int] = mapped_column(default=0)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]


class BridgePoint(Revised, Base):
    """A place with equipment (điểm cầu). A unit may have several."""

    __tablename__ = "bridge_points"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    """"Điểm cầu Lạc Dương" without the first two words: "Lạc Dương", "Hội trường Tỉnh ủy"."""
    short_name: Mapped[str] = mapped_column(String(60))
    position: Mapped[int] = mapped_column(default=0)
    seats: Mapped[int | None]
    contact_name: Mapped[str | None] = mapped_column(String(200))
    contact_phone: Mapped[str | None] = mapped_column(String(40))
    closed_at: Mapped[datetime | None]
