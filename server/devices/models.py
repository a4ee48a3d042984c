from datetime import datetime

from sqlalchemy import ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base


class HallDevice(Base):
    """A browser that belongs to a bridge point. It is one as long as its session (`SignInSession`) is open."""

    __tablename__ = "hall_devices"

    id: Mapped[int] = mapped_column(primary_key=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[int | None] = mapped_column(
        ForeignKey("sign_in_sessions.id", ondelete="SET NULL"), unique=True, index=True
    )
    """When it was last heard of and whether it still counts stands there; None: ended long ago, and tidied away."""
    part: Mapped[str] = mapped_column(String(8), default="main")
    """main, papers, spare: see `schemas.Part`."""
    name: Mapped[str] = mapped_column(String(60), default="")
    """To tell it from the others of the same point: "Máy bên trái"."""
    created_at: Mapped[datetime]
    by_code: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Set up by a code: it is this hall's machine, and goes in by itself. Else somebody came by a personal link of the
    hall's, for once, and is asked."""
    set_up_by: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    """Who made the code that it came by; None for personal links of a hall."""
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    """Who took the point away from it; None while it has it, or where it signed out by itself."""
    address: Mapped[str] = mapped_column(String(45), default="")
    """From where it was last heard."""
    build: Mapped[str] = mapped_column(String(64), default="")
    """The version of the page that it shows, `edge.build`."""
    camera: Mapped[str] = mapped_column(String(8), default="unknown")
    """unknown, ok, none, denied: as its page says."""
    microphone: Mapped[str] = mapped_column(String(8), default="unknown")


class DeviceCode(Base):
    """A one-time code that makes a browser a point's device. Kept as an HMAC: whoever has a copy of the database alone
    cannot try all codes on it."""

    __tablename__ = "device_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("bridge_points.id", ondelete="CASCADE"), index=True)
    part: Mapped[str] = mapped_column(String(8), default="main")
    name: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
