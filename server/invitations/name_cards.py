"""Plates for the table and badges to wear, of everybody on a list: made from it, so that no name is typed twice."""

import json
from pathlib import Path
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.core.actor import Actor
from server.core.errors import DomainError, NotAllowed
from server.invitations.letters import when
from server.invitations.links import occasion_of
from server.invitations.queries import listed
from server.invitations.rights import list_rights
from server.meetings.models import Delegate
from server.organisations.models import BridgePoint

Form = Literal["plates", "badges"]
SOURCES: dict[str, Path] = {form: Path(__file__).with_name(f"{form}.typ") for form in ("plates", "badges")}
MOST = 2_000
"""People in one file: a thousand pages of plates take a second, and what comes out fits any printer's queue."""
_WORDS = {"delegate": "ĐẠI BIỂU", "guest": "KHÁCH MỜI"}


class NobodyListed(DomainError):
    code = "nobody-listed"
    status = 409
    vi = "Danh sách này chưa có ai, nên chưa có gì để in. Thêm đại biểu rồi in lại."
    en = "Nobody stands on this list, so there is nothing to print. Add delegates, then print again."


class TooManyCards(DomainError):
    code = "too-many-cards"
    status = 409
    vi = f"Mỗi tệp in được tối đa {MOST} người. Chọn từng điểm cầu rồi in lần lượt."
    en = f"A file holds {MOST} people at most. Choose one point after the other."


async def inputs(session: AsyncSession, meeting_id: int, actor: Actor, point_id: int | None) -> dict[str, str]:
    """Of `SOURCES`. A point's list, or everybody's that the actor keeps, in the lists' order. NotFound, NotAllowed as
    for the list itself; NobodyListed, TooManyCards."""
    meeting, rights = await list_rights(session, meeting_id, actor)
    if point_id is not None and not rights.covers(point_id):
        raise NotAllowed()
    chosen = (
        select(Person.full_name, Person.title, BridgePoint.name, Delegate.role)
        .select_from(Delegate)
        .join(Person, Person.id == Delegate.person_id)
        .outerjoin(BridgePoint, BridgePoint.id == Delegate.point_id)
    )
    chosen = listed(chosen, meeting_id, rights)
    if point_id is not None:
        chosen = chosen.where(Delegate.point_id == point_id)
    many = await session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    if many == 0:
        raise NobodyListed()
    if many > MOST:
        raise TooManyCards()
    ordered = chosen.order_by(func.coalesce(Delegate.point_id, 0), Delegate.position, Delegate.id)
    cards = [
        {"name": name, "title": title, "point": point or "", "role": _WORDS.get(role, _WORDS["delegate"])}
        for name, title, point, role in await session.execute(ordered)
    ]
    occasion = await occasion_of(session, meeting)
    data = {"unit": occasion.unit_name, "title": occasion.title, "when": when(occasion), "cards": cards}
    return {"data": json.dumps(data)}
