"""What mail servers report of e-mails (delivery status notifications, RFC 3464): those that come back, and those that
have arrived. The e-mail's state says so."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from typing import Literal

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
class Reported:
    marks: str
    """Text in which the e-mail's mark stands, if it is ours."""
    state: Literal["bounced", "delivered"]
    reason: str
    """ "5.1.1 550 No such user here"; "" of what has arrived."""


def report_of(content: bytes) -> Reported | None:
    """What a notification says of a delivery that failed for good, or that the mailbox's own server confirms. None for
    all else: an answer of somebody who is away, a delay, a server that passed it on to one that confirms nothing."""
    message = message_from_bytes(content[:MOST_BYTES], policy=compat32)
    if message.get_content_type() != "multipart/report":
        return None
    failed: list[str] = []
    delivered = False
    marks = [str(message.get(name, "")) for name in _HEADERS]
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            for group in _groups(part):
                marks.append(str(group.get("Original-Envelope-Id", "")))
                action = str(group.get("Action", "")).strip().lower()
                delivered = delivered or action == "delivered"
                if action == "failed":
                    failed.append(_reason(group))
        elif kind == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            marks.append(payload.decode(errors="replace") if isinstance(payload, bytes) else "")
        elif part is not message:
            marks.append(str(part.get("Message-ID", "")))
    if failed:
        return Reported("\n".join(marks), "bounced", failed[0] or "5.0.0")
    return Reported("\n".join(marks), "delivered", "") if delivered else None


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
    """Notes on the e-mail's own row what is reported of it. False: nothing of ours, or nothing that settles it."""
    told = await asyncio.to_thread(report_of, content)
    mail_id = marked_in(services.transactions.audit_key, told.marks) if told is not None else None
    if told is None or mail_id is None:
        return False
    # What has arrived may still come back, from where it is forwarded to; not the other way round.
    before = ("sent",) if told.state == "delivered" else ("sent", "delivered", "bounced")
    async with services.transactions(SYSTEM) as tx:
        row = await tx.session.scalar(
            update(Mail)
            .where(Mail.id == mail_id, Mail.state.in_(before))
            .values(state=told.state, error=told.reason)
            .returning(Mail.meeting_id)
            .execution_options(synchronize_session=False)
        )
        if row is not None:
            change = {"meeting_id": row, "kinds": [f"letter.{told.state}"]}
            tx.after_commit(lambda: tx.bus.publish(MEETING_CHANGED, change))
    if told.state == "bounced":
        log.info("mail-bounced", mail=mail_id, reason=told.reason)
    return True
