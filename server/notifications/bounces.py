"""E-mails that come back: delivery status notifications (RFC 3464) are read, and the person's state says so."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

import structlog
from sqlalchemy import update

from server.core.actor import SYSTEM
from server.core.bus import MEETING_CHANGED
from server.core.services import Services
from server.notifications.envelopes import marked_in
from server.notifications.models import Mail

log = structlog.get_logger(__name__)

MOST_BYTES = 1_000_000
"""Of one notification; it holds the beginning of what came back."""
_HEADERS = ("To", "Delivered-To", "X-Original-To", "In-Reply-To", "References")
"""Where a mark may stand in the notification itself."""
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Bounce:
    marks: str
    """Text in which the e-mail's mark stands, if it is ours."""
    reason: str
    """ "5.1.1 550 No such user here"."""


def bounce_of(content: bytes) -> Bounce | None:
    """What a notification says of a delivery that failed for good. None for all else: an answer of somebody who is
    away, a delay, a delivery that succeeded."""
    message = message_from_bytes(content[:MOST_BYTES], policy=compat32)
    if message.get_content_type() != "multipart/report":
        return None
    failed: list[str] = []
    marks = [str(message.get(name, "")) for name in _HEADERS]
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            for group in _groups(part):
                marks.append(str(group.get("Original-Envelope-Id", "")))
                if str(group.get("Action", "")).strip().lower() == "failed":
                    failed.append(_reason(group))
        elif kind == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            marks.append(payload.decode(errors="replace") if isinstance(payload, bytes) else "")
        elif part is not message:
            marks.append(str(part.get("Message-ID", "")))
    return Bounce("\n".join(marks), failed[0]) if failed else None


def _groups(part: Message) -> Iterator[Message]:
    """Of the message, and of each recipient (RFC 3464 section 2.1): the parser makes messages of them."""
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (each for each in payload if isinstance(each, Message))


def _reason(group: Message) -> str:
    status = _STATUS.search(str(group.get("Status", "")))
    # "smtp; 550 5.1.1 <a@b>: Recipient address rejected".
    said = str(group.get("Diagnostic-Code", "")).partition(";")[2]
    return " ".join(f"{status[0] if status else ''} {said}".split())[:400]


async def take_in(services: Services, content: bytes) -> bool:
    """Notes what came back on the e-mail's own row. False: nothing of ours, or nothing that failed."""
    bounce = await asyncio.to_thread(bounce_of, content)
    mail_id = marked_in(services.transactions.audit_key, bounce.marks) if bounce is not None else None
    if bounce is None or mail_id is None:
        return False
    async with services.transactions(SYSTEM) as tx:
        row = await tx.session.scalar(
            update(Mail)
            .where(Mail.id == mail_id, Mail.state.in_(("sent", "bounced")))
            .values(state="bounced", error=bounce.reason or "5.0.0")
            .returning(Mail.meeting_id)
            .execution_options(synchronize_session=False)
        )
        if row is not None:
            change = {"meeting_id": row, "kinds": ["letter.bounced"]}
            tx.after_commit(lambda: tx.bus.publish(MEETING_CHANGED, change))
    log.info("mail-bounced", mail=mail_id, reason=bounce.reason)
    return True
