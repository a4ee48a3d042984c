from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base

ONLY = 1
"""Its id."""


class Installation(Base):
    """What a deployment keeps about itself, in one row that the migration makes."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_url: Mapped[str | None] = mapped_column(String(300))
    """What browsers type, where `NHIPCAU_PUBLIC_URL` does not say it."""
    time_zone: Mapped[str | None] = mapped_column(String(64))
    """IANA name, where `NHIPCAU_TIME_ZONE` does not say it."""
    setup_token_hash: Mapped[str | None] = mapped_column(String(64))
    """Of the link to the first start's page; None once there is an administrator."""
    set_up_at: Mapped[datetime | None]
