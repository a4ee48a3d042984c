"""How far an invitation has come with each delegate: by e-mail, by text message, and by their opening the personal
link, which alone says that somebody has it before their eyes. One statement, for lists, filters and counts."""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Integer, Select, Subquery, and_, bindparam, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import AccessLink
from server.core.database import UtcDateTime, in_parts
from server.invitations.links import LINK_MAIL
from server.invitations.schemas import ReachState
from server.meetings.models import Delegate
from server.notifications.models import Mail, TextMessage
from server.organisations.models import BridgePoint

M = TypeVar("M", Mail, TextMessage)
Id: TypeAlias = int | BindParameter[int]
Moment: TypeAlias = datetime | BindParameter[datetime]


def newest(model: type[M], meeting_id: Id, *narrower: ColumnElement[bool], kind: str | None = LINK_MAIL) -> Subquery:
    """`id`: the last message to each person that carried a link to this meeting."""
    which = [model.meeting_id == meeting_id, *narrower]
    if kind is not None:
        which.append(model.kind == kind)
    return select(func.max(model.id).label("id")).where(*which).group_by(model.person_id).subquery()


def reached(meeting_id: Id, now: Moment, person_ids: Collection[int] | None = None) -> Select[tuple[int, str]]:
    """`delegate_id` and `state` (`ReachState`) of those on the list; `person_ids`: of these alone. What is older than
    the links that are valid says nothing of them."""
    some = [] if person_ids is None else [Delegate.person_id.in_(person_ids)]
    valid = AccessLink.revoked_at.is_(None) & (AccessLink.expires_at > now)
    links = (
        select(
            AccessLink.person_id,
            func.count().filter(valid).label("valid"),
            func.count().filter(valid & AccessLink.opened_at.is_not(None)).label("opened"),
            func.min(AccessLink.created_at).filter(valid).label("since"),
        )
        .where(
            AccessLink.meeting_id == meeting_id,
            *([] if person_ids is None else [AccessLink.person_id.in_(person_ids)]),
        )
        .group_by(AccessLink.person_id)
        .subquery()
    )
    mail, text = _last(Mail, meeting_id, person_ids), _last(TextMessage, meeting_id, person_ids)

    def said(way: Subquery, state: str) -> ColumnElement[bool]:
        return and_(way.c.state == state, way.c.created_at >= links.c.since)

    state = case(
        (links.c.person_id.is_(None), "none"),
        (links.c.valid == 0, "revoked"),
        (links.c.opened > 0, "opened"),
        (said(mail, "delivered"), "delivered"),
        (or_(said(mail, "sent"), said(text, "sent")), "sent"),
        (or_(said(mail, "queued"), said(text, "queued")), "queued"),
        (said(mail, "bounced"), "bounced"),
        (or_(said(mail, "failed"), said(text, "failed")), "failed"),
        else_="made",
    )
    return (
        select(Delegate.id.label("delegate_id"), state.label("state"))
        .outerjoin(links, links.c.person_id == Delegate.person_id)
        .outerjoin(mail, mail.c.person_id == Delegate.person_id)
        .outerjoin(text, text.c.person_id == Delegate.person_id)
        .where(Delegate.meeting_id == meeting_id, Delegate.removed_at.is_(None), *some)
    )


def _last(model: type[M], meeting_id: Id, person_ids: Collection[int] | None) -> Subquery:
    last = newest(model, meeting_id, *([] if person_ids is None else [model.person_id.in_(person_ids)]))
    return select(model.person_id, model.state, model.created_at).join(last, last.c.id == model.id).subquery()


@cache
def _of_some() -> Select[tuple[int, str]]:
    """Made once: to put it together takes longer than to answer it for a page of people."""
    people: Any = bindparam("people", expanding=True, type_=Integer())
    return reached(bindparam("meeting_id", type_=Integer()), bindparam("now", type_=UtcDateTime()), people)


async def reach_of(
    session: AsyncSession, meeting_id: int, person_ids: Collection[int], now: datetime
) -> dict[int, ReachState]:
    """By delegate."""
    found: dict[int, ReachState] = {}
    for some in in_parts(person_ids):
        rows: Any = await session.execute(_of_some(), {"meeting_id": meeting_id, "now": now, "people": some})
        found.update(rows.all())
    return found


async def reach_counts(session: AsyncSession, meeting_id: int, now: datetime) -> dict[ReachState, int]:
    """Of all on the list."""
    each = reached(meeting_id, now).subquery()
    rows: Any = await session.execute(select(each.c.state, func.count()).group_by(each.c.state))
    return dict(rows.all())


async def came_through(
    session: AsyncSession, model: type[M], meeting_id: int, lost: Collection[str], *, kind: str | None = LINK_MAIL
) -> tuple[dict[str, int], list[tuple[M, int, str]]]:
    """Of the newest messages to those on the list: how many are in each state; and those in a state of `lost`, each
    with its delegate and their hall, in the lists' order."""
    last = newest(model, meeting_id, kind=kind)
    listed = and_(
        Delegate.person_id == model.person_id, Delegate.meeting_id == meeting_id, Delegate.removed_at.is_(None)
    )
    counted: Any = await session.execute(
        select(model.state, func.count()).join(last, last.c.id == model.id).join(Delegate, listed).group_by(model.state)
    )
    rows = await session.execute(
        select(model, Delegate.id, BridgePoint.name)
        .join(last, last.c.id == model.id)
        .join(Delegate, listed)
        .outerjoin(BridgePoint, BridgePoint.id == Delegate.point_id)
        .where(model.state.in_(lost))
        .order_by(Delegate.point_id, Delegate.position, Delegate.id)
    )
    return dict(counted.all()), [(message, delegate_id, name or "") for message, delegate_id, name in rows]
