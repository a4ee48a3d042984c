"""Personal links to a meeting: sent by e-mail or handed out, and taken back."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.links import Made, make_bound_links, revoke_bound_links
from server.accounts.models import Person
from server.audit.actions import record
from server.core.actor import Actor
from server.core.config import Settings
from server.core.database import in_parts
from server.core.errors import Conflict, NotAllowed
from server.core.services import Services
from server.core.transaction import Transaction
from server.invitations import letters
from server.invitations.models import AccessRequest
from server.invitations.rights import ListRights, list_for_write, list_rights
from server.invitations.schemas import LinkPath, LinksOut
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.parts import note_progress
from server.jobs.workers import JobKind
from server.meetings.address import address_of
from server.meetings.link_validity import valid_until
from server.meetings.models import Delegate, Meeting
from server.notifications.actions import Letter, send_mails
from server.organisations.models import BridgePoint, Unit

LINK_MAIL = "link.personal"
SEND_JOB = "links.send"
AT_ONCE = 25
"""Links of one transaction: about 5 ms under the writers' lock."""


class StillDraft(Conflict):
    vi = "Cuộc họp còn là bản nháp nên liên kết chưa mở được gì. Công bố cuộc họp trước rồi mới tạo liên kết."
    en = "The meeting is still a draft, so links would open nothing. Invite first."


class NobodyToInvite(Conflict):
    code = "nobody-to-invite"
    vi = "Chưa có ai trong danh sách này để in giấy mời. Thêm đại biểu trước."
    en = "There is nobody on this list to print an invitation for. Add delegates first."


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody on the list to whom a way in may be sent."""

    delegate_id: int
    person_id: int
    point_id: int | None
    email: str | None
    phone: str | None
    who: letters.Invited


def path_of(meeting_id: int) -> str:
    """Where a delegate's link leads."""
    return f"/meetings/{meeting_id}/delegate"


async def make(
    services: Services, actor: Actor, meeting_id: int, delegate_ids: Collection[int] | None, *, send: bool
) -> LinksOut:
    """For these delegates (None: all on the list). With `send` each gets an e-mail, and who has no address is named;
    otherwise the paths are in the answer, and nowhere else. Earlier links stay valid. More than `AT_ONCE` are sent by a
    job, and made in as many transactions as they need."""
    if send:
        return await _send(services, actor, meeting_id, delegate_ids)
    rows = await services.database.beside(lambda session: may_make(session, meeting_id, actor, delegate_ids))
    made: dict[int, Made] = {}
    for some in in_parts(rows, AT_ONCE):
        async with services.transactions(actor) as tx:
            meeting, rights = await list_for_write(tx, meeting_id)
            _check(meeting, rights)
            made |= await _make_some(tx, services.settings, meeting, some, send=False)
            await record(tx, "links.made", "meeting", meeting_id, count=len(some), sent=False)
    return await asyncio.to_thread(_answer, rows, made)


def _answer(rows: Sequence[Listed], made: Mapping[int, Made]) -> LinksOut:
    """Of twelve thousand it takes longer than the event loop may stand still."""
    return LinksOut(
        queued=0,
        without_email=[row.delegate_id for row in rows if not row.email],
        links=[LinkPath(delegate_id=row.delegate_id, path=made[row.person_id].path) for row in rows],
    )


async def _send(services: Services, actor: Actor, meeting_id: int, delegate_ids: Collection[int] | None) -> LinksOut:
    async def meant(session: AsyncSession) -> tuple[list[int], list[int]]:
        meeting, rights = await list_rights(session, meeting_id, actor)
        _check(meeting, rights)
        return await _by_address(session, meeting_id, delegate_ids)

    reached, without = await services.database.beside(meant)
    if reached:
        async with services.transactions(actor) as tx:
            meeting, rights = await list_for_write(tx, meeting_id)
            _check(meeting, rights)
            if len(reached) > AT_ONCE:
                ids = None if delegate_ids is None else reached
                by = {"person_id": actor.person_id, "name": actor.name}
                await enqueue(tx, SEND_JOB, {"meeting_id": meeting_id, "delegate_ids": ids, "by": by, "after": 0})
            else:
                some = await listed(tx.session, meeting_id, reached)
                await _make_some(tx, services.settings, meeting, some, send=True)
            await record(tx, "links.made", "meeting", meeting_id, count=len(reached), sent=True)
    return LinksOut(queued=len(reached), without_email=without, links=[])


async def _by_address(
    session: AsyncSession, meeting_id: int, delegate_ids: Collection[int] | None
) -> tuple[list[int], list[int]]:
    """Delegates who have an e-mail address, and those who have none, by number."""
    statement = _meant(meeting_id).with_only_columns(Delegate.id, Person.email.is_not(None) & (Person.email != ""))
    some = [None] if delegate_ids is None else list(in_parts(sorted(set(delegate_ids))))
    reached: list[int] = []
    without: list[int] = []
    for ids in some:
        for delegate_id, has in await session.execute(
            statement if ids is None else statement.where(Delegate.id.in_(ids))
        ):
            (reached if has else without).append(delegate_id)
    return sorted(reached), sorted(without)


async def send_links(services: Services, job: Job) -> None:
    """`SEND_JOB`. Whether the actor may was decided when it was asked for; who was taken off the list meanwhile, or has
    lost the address, gets nothing."""
    data = job.data
    by = Actor(person_id=data["by"]["person_id"], name=data["by"]["name"])

    async def next_ones(session: AsyncSession) -> tuple[list[int], list[Listed]]:
        ids = await _next_ids(session, data)
        return ids, await listed(session, data["meeting_id"], ids)

    while True:
        next_ids, some = await services.database.beside(next_ones)
        if not next_ids:
            return
        async with services.transactions(by) as tx:
            meeting = await tx.session.get(Meeting, data["meeting_id"])
            if meeting is None or meeting.state == "draft":
                return
            await _make_some(tx, services.settings, meeting, [row for row in some if row.email], send=True)
            await note_progress(tx, job, after=next_ids[-1])


async def _next_ids(session: AsyncSession, data: Mapping[str, Any]) -> list[int]:
    """Of the job's delegates those that come next."""
    if data["delegate_ids"] is not None:
        return [delegate_id for delegate_id in data["delegate_ids"] if delegate_id > data["after"]][:AT_ONCE]
    found = await session.scalars(
        _meant(data["meeting_id"])
        .with_only_columns(Delegate.id)
        .where(Delegate.id > data["after"], Person.email.is_not(None))
        .order_by(Delegate.id)
        .limit(AT_ONCE)
    )
    return list(found)


send_job = JobKind(SEND_JOB, send_links, first_pause=5.0)


async def may_make(
    session: AsyncSession, meeting_id: int, actor: Actor, delegate_ids: Collection[int] | None
) -> list[Listed]:
    meeting, rights = await list_rights(session, meeting_id, actor)
    _check(meeting, rights)
    return await listed(session, meeting_id, delegate_ids)


def _check(meeting: Meeting, rights: ListRights) -> None:
    if not rights.everything:
        raise NotAllowed()
    if meeting.state == "draft":
        raise StillDraft()


async def _make_some(
    tx: Transaction, settings: Settings, meeting: Meeting, rows: Sequence[Listed], *, send: bool
) -> dict[int, Made]:
    if not rows:
        return {}
    until = valid_until(meeting, tx.now)
    made = await make_bound_links(
        tx, meeting.id, [row.person_id for row in rows], next_path=path_of(meeting.id), expires_at=until
    )
    if send:
        occasion = await occasion_of(tx.session, meeting)
        await send_mails(
            tx,
            [
                Letter(
                    kind=LINK_MAIL,
                    to_address=row.email,
                    to_name=row.who.full_name,
                    subject=letters.subject(occasion),
                    text=letters.text(occasion, row.who, settings.url + made[row.person_id].path, until),
                    meeting_id=meeting.id,
                    person_id=row.person_id,
                    secret=True,
                    attached={
                        "kind": "invitation",
                        "path": made[row.person_id].path,
                        "title": row.who.title,
                        "guest": row.who.guest,
                        "place": row.who.place,
                    },
                )
                for row in rows
                if row.email
            ],
        )
    return made


async def revoke(tx: Transaction, meeting_id: int, delegate_ids: Collection[int]) -> None:
    """Their links to this meeting open nothing from now on, and whoever came by them is out."""
    _, rights = await list_for_write(tx, meeting_id)
    if not rights.everything:
        raise NotAllowed()
    rows = await listed(tx.session, meeting_id, delegate_ids)
    ended = await revoke_bound_links(tx, meeting_id, [row.person_id for row in rows])
    await _end_grants(tx, [row.delegate_id for row in rows])
    await record(
        tx, "links.revoked", "meeting", meeting_id, links=ended, delegates=[row.delegate_id for row in rows[:20]]
    )


async def _end_grants(tx: Transaction, delegate_ids: Collection[int]) -> None:
    """Strangers who were let in as one of these do not fetch another link."""
    for some in in_parts(delegate_ids):
        await tx.session.execute(
            update(AccessRequest)
            .where(AccessRequest.delegate_id.in_(some), AccessRequest.state == "granted")
            .values(state="refused")
            .execution_options(synchronize_session=False)
        )


async def occasion_of(session: AsyncSession, meeting: Meeting) -> letters.Occasion:
    unit = await session.get_one(Unit, meeting.unit_id)
    main = await session.get_one(BridgePoint, meeting.main_point_id)
    contact = ", ".join(part for part in (main.contact_name, main.contact_phone) if part)
    return letters.Occasion(
        meeting.title,
        unit.name,
        meeting.starts_at,
        meeting.ends_at,
        contact,
        meeting.kind,
        address_of(meeting.address, meeting.kind, unit.body),
        meeting.days,
    )


@dataclass(frozen=True, slots=True)
class ByHand:
    """Somebody whose link is handed on."""

    delegate_id: int
    full_name: str
    title: str
    phone: str
    place: str


async def reached_by_hand(
    session: AsyncSession, meeting_id: int, actor: Actor, *, point_id: int | None, without_email: bool
) -> list[ByHand]:
    """Those on the list (of a hall, if given), hall by hall. NotAllowed, StillDraft as for `make`."""
    rows = await may_make(session, meeting_id, actor, None)
    chosen = [row for row in rows if point_id in (None, row.point_id) and not (without_email and row.email)]
    return [ByHand(row.delegate_id, row.who.full_name, row.who.title, row.phone or "", row.who.place) for row in chosen]


def _meant(meeting_id: int) -> Select[*tuple[Any, ...]]:
    """Who is on the list and may come in."""
    return (
        select(
            Delegate.id,
            Delegate.person_id,
            Delegate.point_id,
            Person.email,
            Person.phone,
            Delegate.role == "guest",
            Person.full_name,
            Person.title,
        )
        .join(Person, Person.id == Delegate.person_id)
        .where(Delegate.meeting_id == meeting_id, Delegate.removed_at.is_(None), Person.disabled_at.is_(None))
    )


async def listed(session: AsyncSession, meeting_id: int, delegate_ids: Collection[int] | None) -> list[Listed]:
    """Hall by hall, in the lists' order."""
    statement = (
        _meant(meeting_id)
        .add_columns(BridgePoint.name, Unit.name)
        .outerjoin(BridgePoint, BridgePoint.id == Delegate.point_id)
        .outerjoin(Unit, Unit.id == BridgePoint.unit_id)
        .order_by(Delegate.point_id, Delegate.position, Delegate.id)
    )
    some = [None] if delegate_ids is None else list(in_parts(sorted(set(delegate_ids))))
    return [
        Listed(
            row[0],
            row[1],
            row[2],
            row[3],
            row[4],
            letters.Invited(row.full_name, row.title, bool(row[5]), letters.place(row[8], row[9])),
        )
        for ids in some
        for row in await session.execute(statement if ids is None else statement.where(Delegate.id.in_(ids)))
    ]
