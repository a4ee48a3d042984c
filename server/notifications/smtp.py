"""The way to the mail server: its address as configured, one connection, one message as it goes over the wire."""

import base64
import contextlib
import hashlib
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from server.core.config import Settings
from server.notifications.envelopes import envelope_sender, mark_of
from server.notifications.hooks import Attachment
from server.notifications.models import Mail

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


@dataclass(frozen=True, slots=True)
class Sender:
    """On whose behalf."""

    mail_from: str
    bounce_address: str | None
    url: str
    key: bytes
    """Of the marks that e-mails are known by (`envelopes.mark_of`)."""

    @classmethod
    def configured(cls, settings: Settings, key: bytes) -> "Sender":
        return cls(settings.mail_from, settings.bounce_address, settings.url, key)


@dataclass(frozen=True, slots=True)
class Written:
    """Of an e-mail what goes out."""

    id: int
    to_address: str
    to_name: str
    subject: str
    text: str
    created_at: datetime

    @classmethod
    def of(cls, mail: Mail) -> "Written":
        return cls(mail.id, mail.to_address, mail.to_name, mail.subject, mail.text, mail.created_at)


class Connection:
    def __init__(self, client: aiosmtplib.SMTP, sender: Sender) -> None:
        self._client = client
        self._sender = sender

    async def send(self, mail: Written, files: Sequence[Attachment] = ()) -> None:
        """Raises Later (Gone: the connection is of no more use), Never."""
        try:
            mark = mark_of(self._sender.key, mail.id)
            message = as_message(mail, self._sender, mark)
            wire = with_files(message, files) if files else message.as_bytes()
        except (ValueError, LookupError, MessageError) as error:
            raise Never(f"not an e-mail address: {mail.to_address}") from error
        try:
            await self._deliver(message, wire, mark)
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0]
            raise _refusal(first.code)(f"{first.code} {first.message}") from error
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error.code)(f"{error.code} {error.message}") from error
        except aiosmtplib.SMTPNotSupported as error:  # an address that this server cannot write
            raise Never(error.message) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Gone(_said(error)) from error

    async def _deliver(self, message: EmailMessage, wire: bytes, mark: str) -> None:
        back = self._sender.bounce_address
        sender = envelope_sender(back, mark) if back else parseaddr(self._sender.mail_from)[1]
        to = message["To"].addresses[0].addr_spec
        # RFC 3461: back comes the head alone, and only what could not be delivered.
        told = self._client.supports_extension("dsn")
        of_mail = [f"ENVID={mark}", "RET=HDRS"] if told else []
        of_recipient = ["NOTIFY=FAILURE"] if told else []
        if not (sender + to).isascii() or not self._client.is_connected:
            await self._client.send_message(
                message_from_bytes(wire, policy=SMTP_POLICY),
                sender=sender,
                mail_options=of_mail,
                rcpt_options=of_recipient,
            )
            return
        await self._client.sendmail(sender, [to], wire, mail_options=of_mail, rcpt_options=of_recipient)


def with_files(message: EmailMessage, files: Sequence[Attachment]) -> bytes:
    """The message with its files beside the text (RFC 2046 section 5.1.3). Written down here: the standard library lays
    each line of base64 out anew, which of an invitation's PDF takes longer than to typeset it."""
    text = message.get_content().encode()
    boundary = f"=_{hashlib.sha256(text + message['Message-ID'].encode()).hexdigest()[:32]}"
    head = EmailMessage(policy=SMTP_POLICY)
    for name, value in message.items():
        if not name.lower().startswith(("content-", "mime-")):
            head[name] = value
    head["MIME-Version"] = "1.0"
    parts = [
        head.as_bytes().rstrip(b"\r\n"),
        f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n'.encode(),
        b"--" + boundary.encode(),
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n",
        _base64(text),
    ]
    for file in files:
        parts += [
            b"--" + boundary.encode(),
            (
                f"Content-Type: {file.media_type}\r\nContent-Transfer-Encoding: base64\r\n"
                f'Content-Disposition: attachment; filename="{file.name}"\r\n'
            ).encode(),
            _base64(file.content),
        ]
    return b"\r\n".join([*parts, b"--" + boundary.encode() + b"--", b""])


def _base64(content: bytes) -> bytes:
    """Lines of 76 (RFC 2045 section 6.8)."""
    return base64.encodebytes(content).replace(b"\n", b"\r\n").rstrip(b"\r\n")


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


def as_message(mail: Written, by: Sender, mark: str) -> EmailMessage:
    """ValueError for an address that no header can hold."""
    sender_name, sender = parseaddr(by.mail_from)
    host = urlsplit(by.url).hostname or "localhost"
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = Address(sender_name, addr_spec=sender)
    message["To"] = Address(_line(mail.to_name), addr_spec=mail.to_address)
    message["Subject"] = _line(mail.subject)
    message["Date"] = format_datetime(mail.created_at)
    # The same each time it is tried: a message that came through unnoticed is not shown twice.
    message["Message-ID"] = f"<{mark}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


def _line(text: str) -> str:
    """One line, in which nothing reads as an encoded word (RFC 2047): older releases of Python decode those, line
    breaks and all, before they write the header."""
    return " ".join(text.replace("=?", "= ?").split())


def _refusal(code: int) -> type[Later | Never]:
    """421 is "closing transmission channel" (RFC 5321 section 4.2.3), whatever it answers."""
    if code == 421:
        return Gone
    return Never if 500 <= code < 600 else Later


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
