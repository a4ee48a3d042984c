"""A password that was forgotten is set anew by a link that goes to the person's own address.

Whoever asks hears the same, whether there is such a person or not, and as fast: the question is put aside as a job. The
link works for an hour, once, and signs nobody in: the second factor is asked for as ever."""

import time
from datetime import timedelta

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.people import replace_password
from server.accounts.attempts import network_of
from server.accounts.models import PasswordReset, Person
from server.accounts.queries import LinkEnded
from server.accounts.tokens import new_token, token_hash
from server.audit.actions import record
from server.core.actor import SYSTEM, Actor
from server.core.errors import TooMany
from server.core.services import Services
from server.core.transaction import Transaction
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.workers import JobKind
from server.notifications.actions import Letter, send_mails

KIND = "accounts.password-reset"
GOOD_FOR = timedelta(hours=1)
_FROM_AN_ADDRESS = parse("20/hour")
_FOR_A_NAME = parse("3/hour")
"""Letters to one person, whoever asks."""


class ResetLimits:
    """Kept in this process: a restart forgives."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def asks(self, who: str, address: str) -> bool:
        """Whether it is looked into; TooMany for an address that asks for very many."""
        network = network_of(address)
        if not await self._limiter.hit(_FROM_AN_ADDRESS, "address", network):
            reset_at, _ = await self._limiter.get_window_stats(_FROM_AN_ADDRESS, "address", network)
            raise TooMany(retry_after=max(1, int(reset_at - time.time())))
        return await self._limiter.hit(_FOR_A_NAME, "name", who.casefold())


async def ask(services: Services, who: str, address: str) -> None:
    """Somebody has forgotten the password of `who`: a login, or an e-mail address. TooMany."""
    if await services.components[ResetLimits].asks(who, address):
        async with services.transactions(SYSTEM) as tx:
            await enqueue(tx, KIND, {"who": who, "address": address})


async def look_into(services: Services, job: Job) -> None:
    """Sends the link, if it is somebody's who signs in with a password and has an address."""
    async with services.transactions(Actor(address=job.data["address"])) as tx:
        person = await _asked(tx.session, job.data["who"])
        if person is None or person.email is None:
            return
        if person.dormant_at is not None:
            await _send(
                tx,
                person,
                "Tài khoản của đồng chí đã đóng vì lâu không dùng. Nhờ quản trị viên của đơn vị mở lại.",
            )
            return
        token = new_token()
        await tx.session.execute(delete(PasswordReset).where(PasswordReset.person_id == person.id))
        tx.session.add(
            PasswordReset(
                token_hash=token_hash(token), person_id=person.id, created_at=tx.now, expires_at=tx.now + GOOD_FOR
            )
        )
        await _send(
            tx,
            person,
            f"Mở liên kết sau để đặt mật khẩu mới cho tên đăng nhập “{person.login}”. Liên kết dùng được một lần, trong"
            f" một giờ:\n\n{services.settings.url}/sign-in/reset#{token}\n\n"
            "Nếu đồng chí không yêu cầu, xin bỏ qua thư này: mật khẩu cũ vẫn dùng được.",
        )
        await record(tx, "person.password-reset-sent", "person", person.id)


async def owner(session: AsyncSession, services: Services, token: str) -> tuple[PasswordReset, Person]:
    """LinkEnded if it is unknown, used, too old, or of somebody who may not come in any more."""
    row = (
        await session.execute(
            select(PasswordReset, Person)
            .join(Person, Person.id == PasswordReset.person_id)
            .where(
                PasswordReset.token_hash == token_hash(token),
                PasswordReset.expires_at > services.clock(),
                Person.disabled_at.is_(None),
                Person.dormant_at.is_(None),
                Person.login.is_not(None),
            )
        )
    ).one_or_none()
    if row is None:
        raise LinkEnded(
            "Liên kết này đã dùng hoặc đã hết hạn. Xin liên kết mới ở trang đăng nhập.",
            "This link has been used or has expired. Ask for another on the sign-in page.",
        )
    return row[0], row[1]


async def set_anew(tx: Transaction, services: Services, token: str, password_hash: str) -> None:
    """Uses the link up; whoever was signed in with the old password is not any more."""
    reset, person = await owner(tx.session, services, token)
    await tx.session.delete(reset)
    await tx.session.flush()
    await replace_password(tx, person, password_hash)
    await record(tx, "person.password-reset", "person", person.id)
    await _send(
        tx, person, "Mật khẩu của đồng chí vừa được đặt lại. Nếu không phải đồng chí làm, báo ngay quản trị viên."
    )


async def _asked(session: AsyncSession, who: str) -> Person | None:
    """Of an address that several have, nobody: who it is for could not be told."""
    whose = func.lower(Person.email) == who.lower() if "@" in who else Person.login == who.casefold()
    found = await session.scalars(
        select(Person)
        .where(whose, Person.disabled_at.is_(None), Person.login.is_not(None), Person.password_hash.is_not(None))
        .limit(2)
    )
    people = found.all()
    return people[0] if len(people) == 1 else None


async def _send(tx: Transaction, person: Person, text: str) -> None:
    if person.email is None:
        return
    letter = Letter(
        kind="account.password-reset",
        to_address=person.email,
        to_name=person.full_name,
        subject="Nhịp Cầu: mật khẩu của đồng chí",
        text=f"Kính gửi {person.full_name},\n\n{text}\n",
        person_id=person.id,
        secret=True,
    )
    await send_mails(tx, [letter])


password_reset_job = JobKind(KIND, look_into, attempts=3)
