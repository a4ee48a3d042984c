"""Job "mail.send": carries queued e-mails to the mail server. What is put off is tried again with doubling pauses;
what is refused for good, or put off too often, is marked failed with the reason."""

import asyncio
import time
from collections import deque
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Self

import structlog
from sqlalchemy import null, select, update

from server.core.actor import SYSTEM
from server.core.bus import MEETING_CHANGED
from server.core.clock import VIETNAM
from server.core.services import Services
from server.jobs.models import Job
from server.jobs.workers import JobKind, Retry
from server.notifications.actions import MAIL_JOB
from server.notifications.carrier import Unit
from server.notifications.crew import Crew
from server.notifications.hooks import Attachment, Files, MailHooks, Recipe
from server.notifications.models import Mail
from server.notifications.smtp import Connection, Gone, Later, MailServer, Never, connected
from server.notifications.wire import Sender, Written

log = structlog.get_logger(__name__)

NOT_CONFIGURED = "not-configured"
ATTEMPTS = 8
"""Of one e-mail."""
_RUNS = 1000
"""Of one job: its e-mails are tried `ATTEMPTS` times each, and some servers take only a few of them an hour."""
_LONGEST_PAUSE = 3600.0
_FILES_OF = 25
"""E-mails whose files are made together."""
_HERE = 5
"""E-mails that are carried by this process itself; more have one of their own."""
_SETTLED_OF = 25
_SETTLED_EVERY = 0.5
"""E-mails, and seconds, of one note that they have gone out."""


async def deliver(services: Services, job: Job) -> None:
    """Sends the job's e-mails that are still queued. What has gone out is noted within a second: only
    that much may go out twice after a crash, under the same Message-ID."""
    mails = await _queued(services, job)
    if not mails:
        return
    if services.settings.smtp_url is None:
        for mail in mails:
            await _failed(services, mail, NOT_CONFIGURED)
        return
    try:
        server = MailServer.configured(services.settings.smtp_url)
    except ValueError as error:
        put_off = [await _put_off(services, mails, str(error))]
    else:
        put_off = await (_carry if len(mails) <= _HERE else _have_carried)(services, server, mails)
    put_off = [each for each in put_off if each[0] < ATTEMPTS]
    if put_off:
        pause = services.settings.mail_retry_seconds * 2.0 ** (min(tried for tried, _ in put_off) - 1)
        raise Retry(put_off[0][1], after=timedelta(seconds=min(pause, _LONGEST_PAUSE)))


async def give_up(services: Services, job: Job) -> None:
    """No attempt is left: what is still queued has failed."""
    for mail in await _queued(services, job):
        await _failed(services, mail, mail.error or job.error)


mail_job = JobKind(MAIL_JOB, deliver, parallel=2, attempts=_RUNS, given_up=give_up)


async def _queued(services: Services, job: Job) -> list[Mail]:
    async with services.database.read() as session:
        found = await session.scalars(
            select(Mail).where(Mail.id.in_(job.data["mail_ids"]), Mail.state == "queued").order_by(Mail.id)
        )
        return list(found)


async def _carry(services: Services, server: MailServer, mails: Sequence[Mail]) -> list[tuple[int, str]]:
    """Over as many connections as the server makes necessary, each of which carries something. Returns what was put
    off: how often it was tried, and why."""
    waiting = deque(mails)
    put_off: list[tuple[int, str]] = []
    files: Files = {}
    while waiting:
        carried = 0
        try:
            async with _line(services, server) as connection, _Settling(services) as settling:
                while waiting:
                    if waiting[0].id not in files:
                        files = await _files(services, list(islice(waiting, _FILES_OF)))
                    said = await _attempt(services, connection, waiting[0], files[waiting[0].id], settling)
                    put_off += [(await _put_off(services, [waiting[0]], said))] if said else []
                    carried += 1
                    waiting.popleft()
        except Later as away:
            if carried == 0:
                return [*put_off, await _put_off(services, waiting, str(away))]
    return put_off


def _line(services: Services, server: MailServer) -> AbstractAsyncContextManager[Connection]:
    return connected(server, _sender(services))


def _sender(services: Services) -> Sender:
    return Sender.configured(services.settings, services.transactions.audit_key)


async def _have_carried(services: Services, server: MailServer, mails: Sequence[Mail]) -> list[tuple[int, str]]:
    """As `_carry`, by a process of the crew, some at a time; what it says of them is noted here."""
    waiting = deque(mails)
    put_off: list[tuple[int, str]] = []
    async with services.components[Crew].hand() as hand, _Settling(services) as settling:
        while waiting:
            some = list(islice(waiting, _FILES_OF))
            unit = Unit(
                server=server,
                sender=_sender(services),
                mails=tuple(map(Written.of, some)),
                recipes=tuple(await _recipes(services, some)),
                zone=VIETNAM.name,
                last=len(some) == len(waiting),
            )
            try:
                report = await hand.carry(unit)
            except (EOFError, OSError) as error:
                raise Retry("the process that carries e-mails has ended", after=timedelta(seconds=1)) from error
            for (_, outcome, said), mail in zip(report.done, some, strict=False):
                waiting.popleft()
                if outcome == "sent":
                    await settling.sent(mail)
                elif outcome == "never":
                    await _failed(services, mail, said)
                else:
                    put_off.append(await _put_off(services, [mail], said))
            if report.gone is not None and report.fruitless:
                return [*put_off, await _put_off(services, waiting, report.gone)]
    return put_off


async def _recipes(services: Services, mails: Sequence[Mail]) -> list[Recipe]:
    hooks = services.components[MailHooks].attach
    kinds = {str(mail.attached["kind"]) for mail in mails if mail.attached}
    return [
        recipe
        for kind in sorted(kinds & hooks.keys())
        for recipe in await hooks[kind](
            services, [mail for mail in mails if mail.attached and mail.attached["kind"] == kind]
        )
    ]


async def _files(services: Services, mails: Sequence[Mail]) -> Files:
    """What goes with each of these, made now."""
    found: Files = {mail.id: [] for mail in mails}
    for recipe in await _recipes(services, mails):
        found |= await asyncio.to_thread(recipe.make, *recipe.arguments)
    return found


async def _attempt(
    services: Services, connection: Connection, mail: Mail, files: Sequence[Attachment], settling: "_Settling"
) -> str | None:
    """Why it has to be tried again; None if it is settled. Gone."""
    try:
        await connection.send(Written.of(mail), files)
    except Never as refused:
        await _failed(services, mail, str(refused))
    except Gone:
        raise
    except Later as later:
        return str(later)
    else:
        await settling.sent(mail)
    return None


class _Settling:
    """Notes what has gone out, some of it in one transaction: one for each would wait for the disk longer than the mail
    server takes to answer."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sent: list[int] = []
        self._since = time.monotonic()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._write()

    async def sent(self, mail: Mail) -> None:
        self._sent.append(mail.id)
        if len(self._sent) >= _SETTLED_OF or time.monotonic() - self._since > _SETTLED_EVERY:
            await self._write()

    async def _write(self) -> None:
        ids, self._sent, self._since = self._sent, [], time.monotonic()
        if not ids:
            return
        async with self._services.transactions(SYSTEM) as tx:
            sent = {"state": "sent", "error": "", "attempts": Mail.attempts + 1, "sent_at": tx.now}
            secret = {"text": "", "attached": null()}
            for which, values in ((Mail.secret.is_(True), sent | secret), (Mail.secret.is_(False), sent)):
                await tx.session.execute(
                    update(Mail)
                    .where(Mail.id.in_(ids), which)
                    .values(values)
                    .execution_options(synchronize_session=False)
                )
            meetings = await tx.session.scalars(
                select(Mail.meeting_id).where(Mail.id.in_(ids), Mail.meeting_id.is_not(None)).distinct()
            )
            changes = [{"meeting_id": meeting_id, "kinds": ["letter.sent"]} for meeting_id in meetings]
            for change in changes:
                tx.after_commit(partial(tx.bus.publish, MEETING_CHANGED, change))


async def _put_off(services: Services, mails: Collection[Mail], error: str) -> tuple[int, str]:
    """Notes an attempt on each; those that had their last one have failed. Returns how often the freshest was tried."""
    spent = [mail for mail in mails if mail.attempts + 1 >= ATTEMPTS]
    for mail in spent:
        await _failed(services, mail, error)
    await _note(services, [mail.id for mail in mails if mail not in spent], error)
    return min(mail.attempts for mail in mails) + 1, error


async def _failed(services: Services, mail: Mail, error: str) -> None:
    log.warning("mail-failed", mail=mail.id, kind=mail.kind, error=error)
    await _settle(services, mail, state="failed", error=error[:500])


async def _settle(services: Services, mail: Mail, *, state: str, error: str) -> None:
    """A secret that is out, or will never be, is kept nowhere."""
    async with services.transactions(SYSTEM) as tx:
        row = await tx.session.get(Mail, mail.id)
        if row is None:
            return
        row.state = state
        row.error = error
        row.attempts += 1
        row.sent_at = tx.now if state == "sent" else None
        if row.meeting_id is not None:
            change = {"meeting_id": row.meeting_id, "kinds": [f"letter.{state}"]}
            tx.after_commit(lambda: tx.bus.publish(MEETING_CHANGED, change))
        if row.secret:
            row.text, row.attached = "", None


async def _note(services: Services, mail_ids: list[int], error: str) -> None:
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(
            update(Mail).where(Mail.id.in_(mail_ids)).values(attempts=Mail.attempts + 1, error=error[:500])
        )
