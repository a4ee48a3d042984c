"""The mailbox that e-mails come back to, where the mail server cannot pipe them into `nhipcau bounce`: read every
minute over IMAP (RFC 9051). What was read is marked as seen, and left there."""

import asyncio
import imaplib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

import structlog

from server.core.services import Services
from server.notifications.bounces import MOST_BYTES, take_in

log = structlog.get_logger(__name__)

EVERY_SECONDS = 60.0
MOST_AT_ONCE = 200
_TIMEOUT = 30.0
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Mailbox:
    host: str
    port: int
    user: str
    password: str
    folder: str
    tls: bool
    ca: str | None

    @classmethod
    def configured(cls, url: str) -> "Mailbox":
        parts = urlsplit(url)
        tls = parts.scheme == "imaps"
        return cls(
            host=parts.hostname or "",
            port=parts.port or (993 if tls else 143),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            folder=unquote(parts.path.strip("/")) or "INBOX",
            tls=tls,
            ca=parse_qs(parts.query).get("ca", [None])[0],
        )


@asynccontextmanager
async def reading_bounces(services: Services) -> AsyncIterator[None]:
    """For `wiring.BESIDE`. Nothing where no mailbox is set."""
    if services.settings.bounce_imap_url is None:
        yield
        return
    going = asyncio.create_task(_now_and_then(services, services.settings.bounce_imap_url), name="bounces")
    try:
        yield
    finally:
        going.cancel()
        with suppress(asyncio.CancelledError):
            await going


async def _now_and_then(services: Services, url: str) -> None:
    while True:
        try:
            await read(services, Mailbox.configured(url))
        except (OSError, imaplib.IMAP4.error) as error:
            log.warning("bounces-not-read", error=str(error) or type(error).__name__)
        except Exception:
            log.exception("bounces-not-read")
        await asyncio.sleep(EVERY_SECONDS)


async def read(services: Services, mailbox: Mailbox) -> int:
    """What has come since. Returns how many e-mails were found to have come back. OSError, IMAP4.error."""
    line = await asyncio.to_thread(_opened, mailbox)
    try:
        found = 0
        for number in await asyncio.to_thread(_unseen, line):
            found += await take_in(services, await asyncio.to_thread(_content, line, number))
            await asyncio.to_thread(line.uid, "STORE", number, "+FLAGS", r"(\Seen)")
        return found
    finally:
        await asyncio.to_thread(_closed, line)


def _opened(mailbox: Mailbox) -> imaplib.IMAP4:
    context = ssl.create_default_context(cafile=mailbox.ca)
    line: imaplib.IMAP4
    if mailbox.tls:
        line = imaplib.IMAP4_SSL(mailbox.host, mailbox.port, ssl_context=context, timeout=_TIMEOUT)
    else:
        line = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=_TIMEOUT)
    try:
        if not mailbox.tls and mailbox.host not in _THIS_MACHINE:
            line.starttls(context)
        line.login(mailbox.user, mailbox.password)
        state, said = line.select(f'"{mailbox.folder}"')
        if state != "OK":
            raise imaplib.IMAP4.error(f"{mailbox.folder}: {said!r}")
    except BaseException:
        line.shutdown()
        raise
    return line


def _unseen(line: imaplib.IMAP4) -> list[str]:
    _, found = line.uid("SEARCH", "UNSEEN")
    return (found[0] or b"").decode().split()[:MOST_AT_ONCE]


def _content(line: imaplib.IMAP4, number: str) -> bytes:
    """Its beginning is enough; looking marks nothing."""
    _, found = line.uid("FETCH", number, f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
    return next((part[1] for part in found if isinstance(part, tuple)), b"")


def _closed(line: imaplib.IMAP4) -> None:
    try:
        line.logout()
    except (OSError, imaplib.IMAP4.error):
        line.shutdown()
