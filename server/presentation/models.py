from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Base


class Presentation(Base):
    """What a meeting is shown now. One row a meeting, gone when nothing is presented."""

    __tablename__ = "presentations"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"))
    version_id: Mapped[int] = mapped_column(ForeignKey("paper_versions.id", ondelete="CASCADE"))
    page: Mapped[int] = mapped_column(default=1)
    region: Mapped[list[Any] | None] = mapped_column(JSON)
    """[x, y, width, height] as parts (0 … 1) of the page that everybody is zoomed to; None: the whole page."""
    presenter_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    presenter_point_id: Mapped[int | None] = mapped_column(ForeignKey("bridge_points.id"))
    """A hall's device presents."""
    presenter_name: Mapped[str] = mapped_column(String(200))
    presenter_away: Mapped[bool] = mapped_column(default=False)
    """Who presents has had no device here for a while: nobody turns the page."""
    offered_to: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """Hand-over under way: this person may take it."""
    since: Mapped[datetime]
    turned_at: Mapped[datetime]
