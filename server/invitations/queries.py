"""Reads of the lists of delegates."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.core.actor import Actor
from server.core.database import in_parts
from server.core.fields import folded
from server.invitations.reach import newest, reach_of, reached
from server.invitations.rights import ListRights, list_rights
from server.invitations.schemas import DelegateOut, DelegatesOut, ListedPoint, ReachState, Said
from server.meetings.list_figures import Lists
from server.meetings.list_figures import lists as lists_in
from server.meetings.models import Delegate, MemberPoint
from server.notifications.delivery import NOT_CONFIGURED
from server.notifications.models import Mail, TextMessage
from server.organisations.models import BridgePoint, Unit

ONLINE = "Trực tuyến"
_own_unit = Unit.__table__.alias("own_unit")
M = TypeVar("M", Mail, TextMessage)
S = TypeVar("S", bound=Select[*tuple[Any, ...]])


async def delegates(
    session: AsyncSession,
    meeting_id: int,
    actor: Actor,
    now: datetime,
    *,
    point_id: int | None = None,
    online: bool = False,
    q: str = "",
    reach: Collection[ReachState] = (),
    limit: int,
    offset: int = 0,
    mail_ready: bool,
) -> DelegatesOut:
    """A page of one point's, or of all that the actor may see, or of those without a point (`online`); whose name has
    every word of `q`, diacritics or not; whose invitation has come so far (`reach`)."""
    _, rights = await list_rights(session, meeting_id, actor)
    # Of those chosen first the numbers alone: a line's person, unit and hall are looked up for this page, not for all.
    chosen = listed(select(Delegate.id), meeting_id, rights)
    if point_id is not None:
        chosen = chosen.where(Delegate.point_id == point_id)
    if online:
        chosen = chosen.where(Delegate.point_id.is_(None))
    words = folded(q).split()
    if words:
        chosen = chosen.join(Person, Person.id == Delegate.person_id)
    for word in words:
        chosen = chosen.where(Person.search_name.contains(word, autoescape=True))
    if reach:
        each = reached(meeting_id, now).subquery()
        chosen = chosen.join(each, each.c.delegate_id == Delegate.id).where(each.c.state.in_(reach))
    total = await session.scalar(chosen.with_only_columns(func.count()))
    order = (Delegate.point_id, Delegate.position, Delegate.id)
    ids = list(await session.scalars(chosen.order_by(*order).limit(limit).offset(offset)))
    # Chosen already: with the meeting named again SQLite would walk its whole list for them.
    shown = _shown().where(Delegate.id.in_(ids)).order_by(*order)
    rows = list(await session.execute(shown)) if ids else []
    lists = await lists_in(session, meeting_id, None if rights.everything else rights.points)
    return DelegatesOut(
        points=await _points(session, meeting_id, rights, lists),
        lists=lists.figures(),
        total=total or 0,
        delegates=await _out(session, meeting_id, rows, now),
        mail_ready=mail_ready,
    )


async def delegate(session: AsyncSession, delegate_id: int, now: datetime) -> DelegateOut:
    """One line, for who has just changed it."""
    found = await session.get_one(Delegate, delegate_id)
    rows = list(await session.execute(listed(_shown(), found.meeting_id, None).where(Delegate.id == delegate_id)))
    [out] = await _out(session, found.meeting_id, rows, now)
    return out


async def some_delegates(
    session: AsyncSession, meeting_id: int, delegate_ids: Sequence[int], now: datetime
) -> list[DelegateOut]:
    """These lines, for who has just written them."""
    rows: list[Any] = []
    for some in in_parts(delegate_ids):
        chosen = listed(_shown(), meeting_id, None).where(Delegate.id.in_(some))
        rows += await session.execute(chosen.order_by(Delegate.id))
    return await _out(session, meeting_id, rows, now)


def _shown() -> Select[Any]:
    return (
        select(Delegate, Person, _own_unit.c.name.label("unit_name"), BridgePoint.name.label("point_name"))
        .join(Person, Person.id == Delegate.person_id)
        .join(_own_unit, _own_unit.c.id == Person.unit_id)
        .outerjoin(BridgePoint, BridgePoint.id == Delegate.point_id)
    )


def listed(statement: S, meeting_id: int, rights: ListRights | None) -> S:
    """Of the meeting's list what the actor may see."""
    statement = statement.where(Delegate.meeting_id == meeting_id, Delegate.removed_at.is_(None))
    if rights is not None and not rights.everything:
        statement = statement.where(Delegate.point_id.in_(rights.points))
    return statement


async def _points(session: AsyncSession, meeting_id: int, rights: ListRights, lists: Lists) -> list[ListedPoint]:
    rows = await session.execute(
        select(MemberPoint.point_id, BridgePoint.name, Unit.name)
        .join(BridgePoint, BridgePoint.id == MemberPoint.point_id)
        .join(Unit, Unit.id == BridgePoint.unit_id)
        .where(MemberPoint.meeting_id == meeting_id)
        .order_by(MemberPoint.id)
    )
    points = [
        ListedPoint(point_id=point_id, name=name, unit_name=unit_name, count=lists.counts.get(point_id, 0))
        for point_id, name, unit_name in rows
        if rights.covers(point_id)
    ]
    if rights.everything:
        points.append(ListedPoint(point_id=None, name=ONLINE, unit_name="", count=lists.counts.get(None, 0)))
    return points


async def _out(session: AsyncSession, meeting_id: int, rows: Sequence[Any], now: datetime) -> list[DelegateOut]:
    people = [person.id for _, person, _, _ in rows]
    reach = await reach_of(session, meeting_id, people, now)
    mails = await _last(session, Mail, meeting_id, people)
    texts = await _last(session, TextMessage, meeting_id, people)
    return [
        DelegateOut(
            id=found.id,
            revision=found.revision,
            person_id=person.id,
            full_name=person.full_name,
            title=person.title,
            unit_name=unit_name,
            point_id=found.point_id,
            point_name=point_name or "",
            role="guest" if found.role == "guest" else "delegate",
            substitutes_id=found.substitutes_id,
            email=person.email,
            phone=person.phone,
            position=found.position,
            link=reach.get(found.id, "none"),
            mail_error=why(mails.get(person.id)),
            sms_error=why_not_texted(texts.get(person.id)),
        )
        for found, person, unit_name, point_name in rows
    ]


async def _last(session: AsyncSession, model: type[M], meeting_id: int, person_ids: Sequence[int]) -> dict[int, M]:
    """The last e-mail, or text message, with a link to each of these people."""
    found: dict[int, M] = {}
    for some in in_parts(person_ids):
        last = newest(model, meeting_id, model.person_id.in_(some))
        for sent in await session.scalars(select(model).join(last, last.c.id == model.id)):
            if sent.person_id is not None:
                found[sent.person_id] = sent
    return found


def why(mail: Mail | None) -> Said | None:
    """Why the last e-mail is not there yet."""
    if mail is None or not mail.error:
        return None
    if mail.error == NOT_CONFIGURED:
        return Said(
            code=NOT_CONFIGURED,
            vi="Hệ thống chưa có máy chủ thư. Lấy liên kết để gửi bằng cách khác, hoặc nhờ quản trị cấu hình.",
            en="There is no mail server yet. Hand the link out another way, or ask the administrator to set one up.",
        )
    if mail.state == "queued":
        return Said(
            code="put-off",
            vi=f"Máy chủ thư chưa nhận ({mail.error}). Hệ thống tự gửi lại, đồng chí không cần thao tác.",
            en=f"The mail server has not taken it yet ({mail.error}). It is tried again by itself.",
        )
    if mail.state == "bounced":
        return Said(
            code="bounced",
            vi=f"Thư bị trả lại ({mail.error}). Kiểm tra địa chỉ e-mail rồi gửi lại.",
            en=f"The e-mail came back ({mail.error}). Check the address and send it again.",
        )
    return Said(
        code="refused",
        vi=f"Không gửi được thư ({mail.error}). Kiểm tra địa chỉ e-mail rồi gửi lại.",
        en=f"The e-mail could not be delivered ({mail.error}). Check the address and send it again.",
    )


def why_not_texted(text: TextMessage | None) -> Said | None:
    """Why the last text message is not there yet."""
    if text is None or text.state == "sent" or (text.state == "queued" and not text.error):
        return None
    if text.state == "filed":
        return Said(
            code="filed",
            vi=f"Chưa nối cổng tin nhắn: tin nằm trong tệp {text.reference} trên máy chủ, chưa tới người nhận.",
            en=f"There is no gateway yet: the message lies in the file {text.reference} on the server.",
        )
    if text.state == "queued":
        return Said(
            code="put-off",
            vi=f"Cổng tin nhắn chưa nhận ({text.error}). Hệ thống tự gửi lại, đồng chí không cần thao tác.",
            en=f"The gateway has not taken it yet ({text.error}). It is tried again by itself.",
        )
    return Said(
        code="refused",
        vi=f"Không gửi được tin nhắn ({text.error}). Kiểm tra số điện thoại rồi gửi lại.",
        en=f"The text message could not be delivered ({text.error}). Check the number and send it again.",
    )
