"""Job "mail.send": carries queued e-mails to the mail server. What is put off is tried again with doubling pauses;
what is refused for good, or put off too often, is marked failed with the reason."""

from datetime import timedelta

import structlog
from sqlalchemy import select, update

from server.core.actor import SYSTEM
from server.core.services import Services
from server.jobs.models import Job
from server.jobs.workers import JobKind, Retry
from server.notifications.actions import MAIL_JOB
from server.notifications.models import Mail
from server.notifications.smtp import Connection, Later, MailServer, Never, connected

log = structlog.get_logger(__name__)

NOT_CONFIGURED = "not-configured"
ATTEMPTS = 8
_LONGEST_PAUSE = 3600.0


async def deliver(services: Services, job: Job) -> None:
    """Sends the job's e-mails that are still queued, each settled in a transaction of its own: after a crash only what
    was under way that moment may go out twice."""
    mails = await _queued(services, job)
    if not mails:
        return
    if services.settings.smtp_url is None:
        for mail in mails:
            await _failed(services, mail, NOT_CONFIGURED)
        return
    try:
        server = MailServer.configured(services.settings.smtp_url)
        async with connected(server, services.settings) as connection:
            put_off = [said for mail in mails if (said := await _attempt(services, connection, mail))]
    except (Later, ValueError) as error:
        put_off = [str(error)]
        await _note(services, [mail.id for mail in mails], str(error))
    if put_off:
        pause = min(services.settings.mail_retry_seconds * 2.0 ** (job.attempts - 1), _LONGEST_PAUSE)
        raise Retry(put_off[0], after=timedelta(seconds=pause))


async def give_up(services: Services, job: Job) -> None:
    """No attempt is left: what is still queued has failed."""
    for mail in await _queued(services, job):
        await _failed(services, mail, mail.error or job.error)


mail_job = JobKind(MAIL_JOB, deliver, parallel=2, attempts=ATTEMPTS, given_up=give_up)


async def _queued(services: Services, job: Job) -> list[Mail]:
    async with services.database.read() as session:
        found = await session.scalars(
            select(Mail).where(Mail.id.in_(job.data["mail_ids"]), Mail.state == "queued").order_by(Mail.id)
        )
        return list(found)


async def _attempt(services: Services, connection: Connection, mail: Mail) -> str | None:
    """Why it has to be tried again; None if it is settled."""
    try:
        await connection.send(mail)
    except Never as refused:
        await _failed(services, mail, str(refused))
    except Later as later:
        await _note(services, [mail.id], str(later))
        return str(later)
    else:
        await _settle(services, mail, state="sent", error="")
    return None


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
        if row.secret:
            row.text = ""


async def _note(services: Services, mail_ids: list[int], error: str) -> None:
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(
            update(Mail).where(Mail.id.in_(mail_ids)).values(attempts=Mail.attempts + 1, error=error[:500])
        )
