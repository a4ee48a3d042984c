"""Job "sms.send": hands queued text messages to the gateway. What it puts off is tried again with doubling pauses; what
it refuses, or puts off too often, is marked failed with the reason, person by person."""

from datetime import timedelta

import structlog
from sqlalchemy import select, update

from server.core.actor import SYSTEM
from server.core.bus import MEETING_CHANGED
from server.core.services import Services
from server.jobs.models import Job
from server.jobs.workers import JobKind, Retry
from server.notifications.models import TextMessage
from server.notifications.sms.actions import SMS_JOB
from server.notifications.sms.gateway import Gateway, Later, Never, gateway

log = structlog.get_logger(__name__)

ATTEMPTS = 6
"""Of one message: an hour and a half; an invitation by text message that comes the day after is none."""
_RUNS = 200
_ALIKE = 3
_LONGEST_PAUSE = 3600.0


async def deliver(services: Services, job: Job) -> None:
    """Each is settled by itself: paid for once, it must not go out twice. After a crash one at most does, under the
    same key."""
    async with services.database.read() as session:
        found = await session.scalars(
            select(TextMessage)
            .where(TextMessage.id.in_(job.data["message_ids"]), TextMessage.state == "queued")
            .order_by(TextMessage.id)
        )
        messages = list(found)
    way = gateway(services.settings)
    put_off: list[tuple[int, Later]] = []
    for place, message in enumerate(messages):
        try:
            await _attempt(services, way, message)
        except Later as later:
            # The first ones alike: it is the gateway's state, and not these messages'.
            everyone = len(put_off) == place == _ALIKE - 1
            for each in messages[place:] if everyone else [message]:
                put_off.append((each.attempts + 1, later))
                await _put_off(services, each, str(later))
            if everyone:
                break
    left = [(tries, later) for tries, later in put_off if tries < ATTEMPTS]
    if left:
        pause = services.settings.mail_retry_seconds * 2.0 ** (min(tries for tries, _ in left) - 1)
        asked = max((later.after for _, later in left if later.after), default=timedelta())
        raise Retry(str(left[0][1]), after=max(asked, timedelta(seconds=min(pause, _LONGEST_PAUSE))))


async def give_up(services: Services, job: Job) -> None:
    async with services.database.read() as session:
        queued = select(TextMessage).where(TextMessage.id.in_(job.data["message_ids"]), TextMessage.state == "queued")
        messages = list(await session.scalars(queued))
    for message in messages:
        await _settle(services, message, "failed", message.error or job.error)


sms_job = JobKind(SMS_JOB, deliver, parallel=2, attempts=_RUNS, given_up=give_up)


async def _attempt(services: Services, way: Gateway, message: TextMessage) -> None:
    """Later."""
    try:
        taken = await way.send(message)
    except Never as refused:
        log.warning("sms-failed", sms=message.id, kind=message.kind, error=str(refused))
        await _settle(services, message, "failed", str(refused))
    else:
        await _settle(services, message, taken.state, "", taken.reference)


async def _put_off(services: Services, message: TextMessage, error: str) -> None:
    if message.attempts + 1 >= ATTEMPTS:
        log.warning("sms-failed", sms=message.id, kind=message.kind, error=error)
        await _settle(services, message, "failed", error)
        return
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(
            update(TextMessage)
            .where(TextMessage.id == message.id)
            .values(attempts=TextMessage.attempts + 1, error=error[:500])
        )


async def _settle(services: Services, message: TextMessage, state: str, error: str, reference: str = "") -> None:
    """A secret that is out, or will never be, is kept nowhere."""
    async with services.transactions(SYSTEM) as tx:
        row = await tx.session.get(TextMessage, message.id)
        if row is None:
            return
        row.state, row.error, row.reference = state, error[:500], reference
        row.attempts += 1
        row.sent_at = tx.now if state != "failed" else None
        if row.secret:
            row.text = ""
        if row.meeting_id is not None:
            change = {"meeting_id": row.meeting_id, "kinds": [f"letter.{state}"]}
            tx.after_commit(lambda: tx.bus.publish(MEETING_CHANGED, change))
