"""The way to the mail server: its address as configured, one connection."""

import contextlib
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.policy import SMTP as SMTP_POLICY
from email.utils import parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol

from server.notifications.envelopes import envelope_sender, mark_of
from server.notifications.hooks import Attachment
from server.notifications.wire import Sender, Written, as_wire, checked_address

TIMEOUT = 30.0
"""Seconds for each step of the conversation."""


class Later(Exception):
    """The server cannot be reached or asks to try again; says why."""


class Gone(Later):
    """The server has ended the conversation, as many do after some messages: what is left may go over a new one."""


class Never(Exception):
    """This message will not be taken; says why."""


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool
    """From the first byte."""
    starttls: bool
    ca: str | None
    """File of certificates (PEM) to trust beside those of the system."""

    @classmethod
    def configured(cls, url: str) -> "MailServer":
        """ "smtp://user:password@host:587?ca=/etc/…", "smtps://host". With a user the line is always encrypted; without
        one if `starttls=1` says so. ValueError for anything else."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("NHIPCAU_SMTP_URL is not smtp://… or smtps://…")
        options = parse_qs(parts.query)
        tls = parts.scheme == "smtps"
        starttls = options.get("starttls", ["1" if parts.username else "0"])[0] == "1"
        if parts.username and not (tls or starttls):
            raise ValueError("NHIPCAU_SMTP_URL would send the password in clear: take off starttls=0, or use smtps://")
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls else 25),
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=tls,
            starttls=starttls and not tls,
            ca=options.get("ca", [None])[0],
        )


class Connection:
    def __init__(self, client: aiosmtplib.SMTP, sender: Sender) -> None:
        self._client = client
        self._sender = sender

    async def send(self, mail: Written, files: Sequence[Attachment] = ()) -> None:
        """Raises Later (Gone: the connection is of no more use), Never."""
        mark = mark_of(self._sender.key, mail.id)
        try:
            to = checked_address(mail.to_address)
            wire = as_wire(mail, self._sender, mark, files)
        except (ValueError, LookupError, MessageError) as error:
            raise Never(f"not an e-mail address: {mail.to_address}") from error
        try:
            await self._deliver(to, wire, mark)
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0]
            raise _refusal(first.code)(f"{first.code} {first.message}") from error
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error.code)(f"{error.code} {error.message}") from error
        except aiosmtplib.SMTPNotSupported as error:  # an address that this server cannot write
            raise Never(error.message) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Gone(_said(error)) from error

    async def _deliver(self, to: str, wire: bytes, mark: str) -> None:
        client, back = self._client, self._sender.bounce_address
        sender = envelope_sender(back, mark) if back else parseaddr(self._sender.mail_from)[1]
        # RFC 3461: back comes the head alone. That a letter has arrived is asked only where somebody reads the answers.
        told = client.supports_extension("dsn")
        of_mail = [f"ENVID={mark}", "RET=HDRS"] if told else []
        of_recipient = ["NOTIFY=SUCCESS,FAILURE" if back else "NOTIFY=FAILURE"] if told else []
        if not (sender + to).isascii() or client.protocol is None or client.is_ehlo_or_helo_needed:
            await client.send_message(
                message_from_bytes(wire, policy=SMTP_POLICY),
                sender=sender,
                mail_options=of_mail,
                rcpt_options=of_recipient,
            )
            return
        size = [f"SIZE={len(wire)}"] if client.supports_extension("size") else []
        try:
            await client.mail(sender, options=[*size, *of_mail])
            await client.rcpt(to, options=of_recipient)
            await self._data(client.protocol, wire)
        except aiosmtplib.SMTPResponseException:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.rset()
            raise

    async def _data(self, protocol: SMTPProtocol, wire: bytes) -> None:
        """As the client does it, which looks each line's end through first: ours end rightly, and none begins with a
        point (RFC 5321 section 4.5.2), for all that is not a head is base64."""
        begin = await protocol.execute_command(b"DATA", timeout=TIMEOUT)
        if begin.code != aiosmtplib.SMTPStatus.start_input:
            raise aiosmtplib.SMTPDataError(begin.code, begin.message)
        protocol.write(wire + b".\r\n")
        taken = await protocol.read_response(timeout=TIMEOUT)
        if taken.code != aiosmtplib.SMTPStatus.completed:
            raise aiosmtplib.SMTPDataError(taken.code, taken.message)


@asynccontextmanager
async def connected(server: MailServer, sender: Sender) -> AsyncIterator[Connection]:
    """A connection, signed in. Later if there is none to be had, for whatever reason: an operator mends it."""
    try:
        context = ssl.create_default_context()
        if server.ca:
            context.load_verify_locations(server.ca)
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.tls,
            start_tls=server.starttls,
            tls_context=context,
            timeout=TIMEOUT,
        )
        await client.connect()
        if client.is_ehlo_or_helo_needed:
            with contextlib.suppress(
                aiosmtplib.SMTPHeloError
            ):  # an old one, to which it says HELO with the first e-mail
                await client.ehlo()
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        raise Later(_said(error)) from error
    try:
        yield Connection(client, sender)
    finally:
        try:
            await client.quit()
        except (aiosmtplib.SMTPException, OSError):
            client.close()


def _refusal(code: int) -> type[Later | Never]:
    """421 is "closing transmission channel" (RFC 5321 section 4.2.3), whatever it answers."""
    if code == 421:
        return Gone
    return Never if 500 <= code < 600 else Later


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
