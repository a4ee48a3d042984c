"""A polite word to those who have not opened their papers: in the app, and by e-mail where there is an address."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.links import make_bound_links
from server.accounts.models import Person
from server.audit.actions import record
from server.core.actor import Actor
from server.core.config import Settings
from server.core.database import in_parts
from server.core.errors import Conflict, NotAllowed
from server.core.services import Services
from server.core.transaction import Transaction
from server.invitations import letters
from server.invitations.links import occasion_of
from server.meetings.access import meeting_for_write
from server.meetings.link_validity import valid_until
from server.meetings.models import Delegate, Meeting
from server.notifications.actions import Letter, notify, send_mails
from server.notifications.models import Notice
from server.reading.receipts import wording
from server.reading.receipts.board import FINISHED, OPENED, Listed, Readings, ReadPaper, readings
from server.reading.receipts.schemas import RemindersOut, ReminderWrite

KIND = "papers.reminder"
PAUSE = timedelta(hours=1)
AT_ONCE = 25
"""People of one transaction: some milliseconds under the writers' lock."""
NAMED = 10
"""Titles that a notice carries."""


class StillDraft(Conflict):
    vi = "Cuộc họp còn là bản nháp nên đại biểu chưa xem được tài liệu. Gửi giấy mời trước rồi mới nhắc."
    en = "The meeting is still a draft, so delegates cannot see its papers. Invite first."


@dataclass(frozen=True, slots=True)
class _Gap:
    who: Listed
    papers: tuple[ReadPaper, ...]


@dataclass(frozen=True, slots=True)
class _Address:
    email: str | None
    has_login: bool
    guest: bool


async def remind(services: Services, actor: Actor, meeting_id: int, write: ReminderWrite) -> RemindersOut:
    """Whoever has a gap among the chosen, at most once an hour each; a dry run only counts. For who organises or
    conducts."""
    found, gaps = await services.database.beside(
        lambda session: _found(session, meeting_id, actor, services.clock(), write)
    )
    if not found.whole:
        raise NotAllowed()
    if found.meeting.state == "draft":
        raise StillDraft()
    done = RemindersOut(
        people=0, mail=0, in_app=0, without_email=0, recent=0, mail_ready=services.settings.smtp_url is not None
    )
    if write.dry_run:
        due, addresses = await services.database.beside(
            lambda session: _due(session, meeting_id, gaps, services.clock())
        )
        return _result(services.settings, gaps, due, addresses)
    # In parts, so that others write in between. Who presses again after a broken line reminds those who are left.
    for some in in_parts(gaps, AT_ONCE):
        async with services.transactions(actor) as tx:
            # Two organisers who press at the same time take turns, and the second finds everybody reminded.
            meeting, _ = await meeting_for_write(tx, meeting_id)
            part = await _remind(tx, services.settings, meeting, some)
        done = _sum(done, part)
    async with services.transactions(actor) as tx:
        await record(tx, "papers.reminded", "meeting", meeting_id, people=done.people, mail=done.mail, gap=write.gap)
    return done


async def _found(
    session: AsyncSession, meeting_id: int, actor: Actor, now: datetime, write: ReminderWrite
) -> tuple[Readings, list[_Gap]]:
    found = await readings(session, meeting_id, actor, now)
    return found, _gaps(found, write)


def _sum(one: RemindersOut, other: RemindersOut) -> RemindersOut:
    counted = ("people", "mail", "in_app", "without_email", "recent")
    return one.model_copy(update={name: getattr(one, name) + getattr(other, name) for name in counted})


async def _due(
    session: AsyncSession, meeting_id: int, gaps: Sequence[_Gap], now: datetime
) -> tuple[list[_Gap], dict[int, _Address]]:
    """Who has not been reminded just now, and where they are reached."""
    recent = await _recently_reminded(session, meeting_id, [each.who.person_id for each in gaps], now)
    due = [each for each in gaps if each.who.person_id not in recent]
    return due, await _addresses(session, meeting_id, [each.who.person_id for each in due])


def _result(
    settings: Settings, gaps: Sequence[_Gap], due: Sequence[_Gap], addresses: Mapping[int, _Address]
) -> RemindersOut:
    reached = sum(1 for each in due if addresses[each.who.person_id].email)
    return RemindersOut(
        people=len(due),
        mail=reached if settings.smtp_url else 0,
        in_app=len(due),
        without_email=len(due) - reached,
        recent=len(gaps) - len(due),
        mail_ready=settings.smtp_url is not None,
    )


async def _remind(tx: Transaction, settings: Settings, meeting: Meeting, gaps: Sequence[_Gap]) -> RemindersOut:
    due, addresses = await _due(tx.session, meeting.id, gaps, tx.now)
    if settings.smtp_url:
        reached = [(each, address) for each in due if (address := addresses[each.who.person_id]).email]
        await _send(tx, settings, meeting, reached)
    await _notify(tx, meeting.id, due)
    return _result(settings, gaps, due, addresses)


def _gaps(found: Readings, write: ReminderWrite) -> list[_Gap]:
    wanted = None if write.delegate_ids is None else set(write.delegate_ids)
    done = OPENED if write.gap == "unopened" else FINISHED
    return [
        _Gap(person, papers)
        for person in found.people
        if wanted is None or person.delegate_id in wanted
        if (papers := tuple(paper for paper in found.papers if not person.papers.get(paper.id, done) & done))
    ]


async def _recently_reminded(
    session: AsyncSession, meeting_id: int, person_ids: Collection[int], now: datetime
) -> set[int]:
    found: set[int] = set()
    for some in in_parts(person_ids):
        found |= set(
            await session.scalars(
                select(Notice.person_id).where(
                    Notice.person_id.in_(some),
                    Notice.meeting_id == meeting_id,
                    Notice.kind == KIND,
                    Notice.created_at > now - PAUSE,
                )
            )
        )
    return found


async def _addresses(session: AsyncSession, meeting_id: int, person_ids: Collection[int]) -> dict[int, _Address]:
    found: dict[int, _Address] = {}
    for some in in_parts(person_ids):
        rows = await session.execute(
            select(Person.id, Person.email, Person.login, Person.password_hash, Delegate.role)
            .join(Delegate, Delegate.person_id == Person.id)
            .where(Delegate.meeting_id == meeting_id, Person.id.in_(some))
        )
        for person_id, email, login, password, role in rows:
            found[person_id] = _Address(email, login is not None and password is not None, role == "guest")
    return found


async def _notify(tx: Transaction, meeting_id: int, gaps: Sequence[_Gap]) -> None:
    """People with the same papers before them are told together."""
    told: dict[tuple[ReadPaper, ...], list[int]] = {}
    for gap in gaps:
        told.setdefault(gap.papers, []).append(gap.who.person_id)
    for papers, person_ids in told.items():
        await notify(
            tx,
            person_ids,
            KIND,
            data={"count": len(papers), "titles": [paper.title for paper in papers[:NAMED]]},
            path=_path(meeting_id),
            meeting_id=meeting_id,
        )


async def _send(
    tx: Transaction, settings: Settings, meeting: Meeting, reached: Sequence[tuple[_Gap, _Address]]
) -> None:
    """Who has no password gets a personal link, which opens this meeting alone."""
    until = valid_until(meeting, tx.now)
    without_login = [gap.who.person_id for gap, address in reached if not address.has_login]
    links = await make_bound_links(tx, meeting.id, without_login, next_path=_path(meeting.id), expires_at=until)
    occasion = await occasion_of(tx.session, meeting)
    await send_mails(
        tx,
        [
            Letter(
                kind=KIND,
                to_address=address.email or "",
                to_name=gap.who.full_name,
                subject=wording.subject(occasion, len(gap.papers)),
                text=wording.text(
                    occasion,
                    _invited(gap.who, address),
                    [paper.title for paper in gap.papers],
                    settings.url + (links[gap.who.person_id].path if link else _path(meeting.id)),
                    until if link else None,
                ),
                meeting_id=meeting.id,
                person_id=gap.who.person_id,
                secret=link,
            )
            for gap, address in reached
            for link in [gap.who.person_id in links]
        ],
    )


def _invited(who: Listed, address: _Address) -> letters.Invited:
    return letters.Invited(who.full_name, who.title, address.guest, place="")


def _path(meeting_id: int) -> str:
    return f"/meetings/{meeting_id}/delegate/papers"
