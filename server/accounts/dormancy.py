"""Accounts that nobody uses are closed: a way in that nobody watches is a stranger's in the end. A week before, an
e-mail says so. The last administrator of a root stays, however long away."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.sessions import revoke_all_of
from server.accounts.models import AccessLink, Identity, Person, RoleGrant, SignInSession
from server.accounts.post_changes import until_midnight
from server.audit.actions import record
from server.core.actor import SYSTEM, Role
from server.core.services import Services
from server.core.transaction import Transaction
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.workers import JobKind
from server.notifications.actions import Letter, send_mails
from server.organisations.models import Unit

log = structlog.get_logger(__name__)

KIND = "accounts.dormancy"
WARNED_BEFORE = timedelta(days=7)
LOOKED_AT = 1000
"""Accounts of one look."""
AT_ONCE = 50
"""Accounts of one transaction."""

_ACCOUNT = and_(
    Person.disabled_at.is_(None),
    Person.dormant_at.is_(None),
    or_(
        and_(Person.login.is_not(None), Person.password_hash.is_not(None)),
        Person.id.in_(select(Identity.person_id)),
    ),
)
"""Somebody comes in by a name with its password, or by a provider. Who has links alone has no account."""


@dataclass(frozen=True, slots=True)
class _Unused:
    id: int
    since: datetime | None
    """None: was never used, and is seen for the first time."""
    warned_at: datetime | None


async def close_unused(services: Services, _job: Job | None = None) -> None:
    """A round: warns and closes, where the settings say after how long; asks for the next night's."""
    days = services.settings.inactive_days
    if days:
        now = services.clock()
        closed_before = now - timedelta(days=days)
        warned_before = closed_before + WARNED_BEFORE
        unused = await _unused(services, warned_before)
        new = [each.id for each in unused if each.since is None]
        warn = [each.id for each in unused if each.since is not None and not _was_warned(each)]
        close = [
            each.id
            for each in unused
            if each.since is not None
            and each.since < closed_before
            and _was_warned(each)
            and each.warned_at is not None
            and each.warned_at <= now - WARNED_BEFORE
        ]
        for ids in _parts(new):
            async with services.transactions(SYSTEM) as tx:
                await tx.session.execute(update(Person).where(Person.id.in_(ids)).values(account_since=tx.now))
        for ids in _parts(warn):
            async with services.transactions(SYSTEM) as tx:
                await _warn(tx, services, ids, days)
        closed = 0
        for ids in _parts(close):
            async with services.transactions(SYSTEM) as tx:
                closed += await _close(tx, ids)
        log.info("accounts-unused", warned=len(warn), closed=closed)
    async with services.transactions(SYSTEM) as tx:
        await enqueue(tx, KIND, {}, subject="next", delay=until_midnight(services.clock()))


def _was_warned(account: _Unused) -> bool:
    """Since it was used last."""
    return account.warned_at is not None and account.since is not None and account.warned_at > account.since


async def _unused(services: Services, before: datetime) -> list[_Unused]:
    """Accounts last used before then, the longest unused first."""
    found: list[_Unused] = []
    after = 0
    while True:
        async with services.database.read(long=True) as session:
            rows = (await session.execute(_last_used(after))).all()
        if not rows:
            return sorted(found, key=lambda each: (each.since is not None, each.since))
        for person_id, since, signed_in_at, warned_at, seen_at in rows:
            used = max((at for at in (since, signed_in_at, seen_at) if at is not None), default=None)
            if used is None or used < before:
                found.append(_Unused(person_id, used, warned_at))
        after = rows[-1][0]


def _last_used(after: int):  # type: ignore[no-untyped-def]
    seen = (
        select(func.max(SignInSession.last_seen_at))
        .where(SignInSession.person_id == Person.id)
        .correlate(Person)
        .scalar_subquery()
    )
    return (
        select(Person.id, Person.account_since, Person.signed_in_at, Person.dormancy_warned_at, seen)
        .where(_ACCOUNT, Person.id > after)
        .order_by(Person.id)
        .limit(LOOKED_AT)
    )


def _parts(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[first : first + AT_ONCE] for first in range(0, len(ids), AT_ONCE)]


async def _warn(tx: Transaction, services: Services, ids: Sequence[int], days: int) -> None:
    people = (await tx.session.scalars(select(Person).where(Person.id.in_(ids), _ACCOUNT))).all()
    for person in people:
        person.dormancy_warned_at = tx.now
        await record(tx, "account.warned", "person", person.id)
    await send_mails(
        tx,
        [
            Letter(
                kind="account.dormancy",
                to_address=person.email,
                to_name=person.full_name,
                subject="Nhịp Cầu: tài khoản sắp đóng vì lâu không dùng",
                text=(
                    f"Kính gửi {person.full_name},\n\n"
                    f"Tài khoản của đồng chí đã gần {days} ngày không được dùng và sẽ đóng sau"
                    f" {WARNED_BEFORE.days} ngày nữa. Đăng nhập một lần là tài khoản được giữ lại:\n\n"
                    f"{services.settings.url}/sign-in\n\n"
                    "Nếu không cần nữa, đồng chí không phải làm gì; quản trị viên của đơn vị có thể mở lại khi cần.\n"
                ),
                person_id=person.id,
            )
            for person in people
            if person.email
        ],
    )


async def _close(tx: Transaction, ids: Sequence[int]) -> int:
    """Those of them that nobody has used meanwhile. Returns how many."""
    closed = 0
    for person_id in ids:
        person = await tx.session.scalar(select(Person).where(Person.id == person_id, _ACCOUNT).with_for_update())
        if person is None or await _is_last_administrator(tx.session, person_id):
            continue
        if person.dormancy_warned_at is None or (person.signed_in_at or person.dormancy_warned_at) > (
            person.dormancy_warned_at
        ):
            continue
        person.dormant_at = tx.now
        await tx.session.flush()
        await revoke_all_of(tx, person_id)
        await tx.session.execute(
            update(AccessLink)
            .where(AccessLink.person_id == person_id, AccessLink.meeting_id.is_(None), AccessLink.revoked_at.is_(None))
            .values(revoked_at=tx.now)
            .execution_options(synchronize_session=False)
        )
        await record(tx, "account.closed", "person", person_id)
        closed += 1
    return closed


async def _is_last_administrator(session: AsyncSession, person_id: int) -> bool:
    """Of a root unit, of those who can come in."""
    roots = select(Unit.id).where(Unit.parent_id.is_(None))
    own = select(RoleGrant.unit_id).where(
        RoleGrant.person_id == person_id, RoleGrant.role == Role.ADMIN, RoleGrant.unit_id.in_(roots)
    )
    for root in (await session.scalars(own)).all():
        other = (
            select(Person.id)
            .join(RoleGrant, RoleGrant.person_id == Person.id)
            .where(RoleGrant.unit_id == root, RoleGrant.role == Role.ADMIN, Person.id != person_id, _ACCOUNT)
            .limit(1)
        )
        if await session.scalar(other) is None:
            return True
    return False


dormancy_job = JobKind(KIND, close_unused)


@asynccontextmanager
async def nightly(services: Services) -> AsyncIterator[None]:
    """For `wiring.BESIDE`: asks for the first round, if none is asked for."""
    async with services.transactions(SYSTEM) as tx:
        if await tx.session.scalar(select(Job.id).where(Job.kind == KIND, Job.failed_at.is_(None)).limit(1)) is None:
            await enqueue(tx, KIND, {}, subject="first", delay=timedelta(minutes=5))
    yield
