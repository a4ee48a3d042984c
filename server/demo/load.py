"""Loads the demo into an empty database; on later calls sees to it that a conference is in progress."""

import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.accounts.passwords import Passwords
from server.audit.actions import record
from server.audit.models import AuditEntry
from server.core.actor import SYSTEM
from server.core.errors import Conflict
from server.core.secrets import kept_secret
from server.core.services import Services
from server.core.transaction import Transaction
from server.demo import delegates, meetings, papers, province, reorganisation
from server.meetings.models import Delegate, Meeting
from server.organisations.models import Unit
from server.papers.models import Paper

_LOADED = "demo.loaded"


async def load(services: Services) -> None:
    """Conflict if the database belongs to somebody: it has units, and the demo is not what made them."""
    password_hash = await Passwords(parallel=1).hash(password(services))
    async with services.transactions(SYSTEM) as tx:
        if await tx.session.scalar(select(AuditEntry.id).where(AuditEntry.action == _LOADED).limit(1)):
            await _keep_in_progress(tx)
        else:
            await _make(tx, password_hash)
    await _furnish(services)
    await reorganisation.add(services)


async def _make(tx: Transaction, password_hash: str) -> None:
    if await tx.session.scalar(select(Unit.id).limit(1)):
        raise Conflict(
            "Cơ sở dữ liệu này đã có đơn vị thật. Nạp bản trình diễn vào thư mục khác: NHIPCAU_VAR=var-demo.",
            "This database has real units. Load the demo elsewhere: NHIPCAU_VAR=var-demo.",
        )
    made = await province.make(tx)
    for person in made.people.values():
        person.password_hash = password_hash
    await meetings.make(tx, made)
    await record(tx, _LOADED, "demo", "lam-dong", points=len(made.halls))


async def _furnish(services: Services) -> None:
    """Delegates and papers of the conference in progress, if it has none."""
    async with services.database.read() as session:
        meeting = await conference(session)
        papers_missing = await session.scalar(select(Paper.id).where(Paper.meeting_id == meeting.id).limit(1)) is None
        list_missing = (
            await session.scalar(select(Delegate.id).where(Delegate.meeting_id == meeting.id).limit(1)) is None
        )
    files = await asyncio.to_thread(papers.prepare) if papers_missing else []
    async with services.transactions(SYSTEM) as tx:
        organiser = await meetings.actor_of(tx, await tx.session.get_one(Person, meeting.created_by))
        with meetings.acting(tx, organiser, tx.now):
            if list_missing:
                await delegates.add(tx, meeting)
            if papers_missing:
                await papers.add(services, tx, meeting, files)


def password(services: Services) -> str:
    """Of every demo account with a login: made once for each installation."""
    return kept_secret(services.settings.var / "demo-password", length=12)


async def conference(session: AsyncSession) -> Meeting:
    """The newest of the demo's conferences."""
    found = await session.scalar(
        select(Meeting)
        .join(Person, Person.id == Meeting.created_by)
        .where(Meeting.title == meetings.CONFERENCE, Person.login == "tochuc")
        .order_by(Meeting.id.desc())
        .limit(1)
    )
    if found is None:
        raise Conflict("Bản trình diễn đã bị sửa: không còn hội nghị.", "The demo's conference is gone.")
    return found


async def _keep_in_progress(tx: Transaction) -> None:
    latest = await conference(tx.session)
    fresh = latest.started_at is not None and tx.now - latest.started_at < meetings.STALE_AFTER
    if latest.state == "running" and fresh:
        return
    await meetings.hold_anew(tx, latest)
