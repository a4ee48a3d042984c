"""The presentation's part of the live state, and what its commands are told."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.core.fields import Id
from server.live.log import put
from server.live.protocol import Change, Wire
from server.papers.models import PaperVersion
from server.presentation.models import Presentation

COLLECTION = "presentation"

Part = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""Of the page's width or height."""
Region = tuple[Part, Part, Part, Part]
"""x, y, width, height."""


class PresentationEntity(Wire):
    """Collection `presentation`, key "": what everybody is shown now; gone when nothing is."""

    paper_id: int
    version_id: int
    page: int
    """From 1."""
    page_count: int
    region: Region | None
    """That everybody is zoomed to. Null: the whole page, of which screens of a room may show an upright one by halves;
    (0, 0, 1, 1): the whole page there too."""
    presenter_id: int | None
    presenter_name: str
    presenter_away: bool
    """The presenter's devices are all gone; the page stays, and nobody turns it."""
    offered_to: int | None
    """Hand-over under way: this person may accept."""
    offered_name: str
    since: datetime
    turned_at: datetime


class LaserSignal(Wire):
    """Where the presenter points, as parts of the page; nulls: no longer. Only the newest counts, some are left out."""

    x: Part | None
    y: Part | None


class PagePresent(Wire):
    paper_id: Id
    page: Id = 1


class Presented(Wire):
    unseen_points: list[str]
    """Member points whose halls may not read this paper, by name."""


class PageTurn(Wire):
    page: Id


class PageZoom(Wire):
    region: Region | None

    @model_validator(mode="after")
    def _inside(self) -> "PageZoom":
        if self.region is not None:
            x, y, width, height = self.region
            if not (width > 0 and height > 0 and x + width <= 1.0001 and y + height <= 1.0001):
                raise ValueError("the region is empty or reaches over the page's edge")
        return self


class PagePoint(Wire):
    x: Part | None
    y: Part | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> "PagePoint":
        if (self.x is None) is not (self.y is None):
            raise ValueError("x and y come together")
        return self


class PageOffer(Wire):
    person_id: Id | None


async def entities(session: AsyncSession, meeting_id: int) -> dict[str, dict[str, Wire]]:
    shown = await session.get(Presentation, meeting_id)
    return {COLLECTION: {} if shown is None else {"": await entity(session, shown)}}


async def change(session: AsyncSession, shown: Presentation) -> Change:
    """The whole entity, as flushed."""
    return put(COLLECTION, "", await entity(session, shown))


async def entity(session: AsyncSession, shown: Presentation) -> PresentationEntity:
    page_count, offered_name = (
        await session.execute(
            select(PaperVersion.page_count, Person.full_name)
            .outerjoin(Person, Person.id == shown.offered_to)
            .where(PaperVersion.id == shown.version_id)
        )
    ).one()
    return PresentationEntity(
        paper_id=shown.paper_id,
        version_id=shown.version_id,
        page=shown.page,
        page_count=page_count,
        region=None if shown.region is None else tuple(shown.region),
        presenter_id=shown.presenter_id,
        presenter_name=shown.presenter_name,
        presenter_away=shown.presenter_away,
        offered_to=shown.offered_to,
        offered_name=offered_name or "",
        since=shown.since,
        turned_at=shown.turned_at,
    )
