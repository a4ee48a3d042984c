from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, validates

from server.core.database import Base
from server.core.errors import DomainError, Invalid
from server.core.fields import folded
from server.core.revisions import Revised
from server.core.uniqueness import said_as
from server.organisations.bodies import body_of


def code_taken(by: str | None = None) -> DomainError:
    """`by`: the name of the unit that has it, where it is known."""
    return Invalid.fields({"code": _taken(by)})


def former_code_taken(by: str | None = None) -> DomainError:
    return Invalid.fields({"former_code": _taken(by)})


def _taken(by: str | None) -> tuple[str, str]:
    return (
        f"Mã này đã dùng cho {f'“{by}”' if by else 'đơn vị khác'}.",
        f"This code already belongs to {f'“{by}”' if by else 'another unit'}.",
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
    former_code: Mapped[str | None] = mapped_column(
        String(35), unique=True, index=True, info=said_as(former_code_taken)
    )
    """000.01.02.H36 style, the scheme before: documents of those years and systems not yet changed name it."""
    level: Mapped[str] = mapped_column(String(20))
    """central, province, district, commune, below: for labels only; the tree's depth is free."""
    body: Mapped[str] = mapped_column(
        String(5), default=lambda row: body_of(row.get_current_parameters()["name"]), server_default="state"
    )
    """state, party: see `bodies`."""
    position: Mapped[int] = mapped_column(default=0)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    """The last day on which it existed."""
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    """The unit that took over what it did; None if nobody did, or it goes on."""


class BridgePoint(Revised, Base):
    """A place with equipment (điểm cầu). A unit may have several."""

    __tablename__ = "bridge_points"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    """"Điểm cầu Lạc Dương" without the first two words: "Lạc Dương", "Hội trường Tỉnh ủy"."""
    search_name: Mapped[str] = mapped_column(
        String(200), default=lambda row: folded(row.get_current_parameters()["name"])[:200], server_default=""
    )
    """`name` folded (`core.fields.folded`): found without typing diacritics."""
    short_name: Mapped[str] = mapped_column(String(60))
    position: Mapped[int] = mapped_column(default=0)
    seats: Mapped[int | None]
    address: Mapped[str | None] = mapped_column(String(300))
    contact_name: Mapped[str | None] = mapped_column(String(200))
    """The technician who is called when something fails."""
    contact_phone: Mapped[str | None] = mapped_column(String(40))
    equipment: Mapped[str | None] = mapped_column(String(1000))
    main_line: Mapped[str | None] = mapped_column(String(200))
    """In the office's words: "VNPT cáp quang 50 Mbit/s, số hợp đồng 123"."""
    backup_line: Mapped[str | None] = mapped_column(String(200))
    closed_at: Mapped[datetime | None]

    @validates("name")
    def _fold(self, _key: str, name: str) -> str:
        self.search_name = folded(name)[:200]
        return name
