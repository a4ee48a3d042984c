"""E-mails that come back: what a mail server reports (RFC 3464) ends on the row of who was not reached; nothing else
does, and nobody can make a report up."""

import asyncio
import imaplib
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from server.core.services import Services
from server.notifications.bounce_mailbox import Mailbox, read
from server.notifications.bounces import report_of, take_in
from server.notifications.envelopes import envelope_sender, mark_of, marked_in
from tests.postbox import Postbox, post_office
from tests.server.notifications.test_mail import mail_of, run, with_smtp, write

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
KEY = b"k"


class TellingPostbox(Postbox):
    """Keeps what the envelope said."""

    def __init__(self) -> None:
        super().__init__()
        self.senders: list[str] = []

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.mail_from = address
        self.senders.append(address)
        return "250 OK"


@pytest.fixture
def postbox() -> TellingPostbox:
    return TellingPostbox()


@pytest.fixture
async def desk(services: Services, postbox: TellingPostbox) -> AsyncIterator[Services]:
    async with post_office(postbox) as port:
        reached = with_smtp(services, f"smtp://127.0.0.1:{port}")
        yield replace(reached, settings=reached.settings.model_copy(update={"bounce_address": "tra-ve@hop.example"}))


def report(to: str, sent: EmailMessage | None, action: str = "failed", envelope: str = "") -> bytes:
    """As Postfix writes one."""
    head = "".join(f"{name}: {value}\r\n" for name, value in (sent.items() if sent else [("Subject", "A")]))
    known = f"Original-Envelope-Id: {envelope}\r\n" if envelope else ""
    return (
        f"From: MAILER-DAEMON@mail.example (Mail Delivery System)\r\nTo: {to}\r\nSubject: Undelivered Mail\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nI'm sorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mail.example\r\n{known}\r\n"
        f"Final-Recipient: rfc822; dai.bieu@hop.test\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 <dai.bieu@hop.test>: Recipient address\r\n    rejected: User unknown\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{head}\r\n--b--\r\n"
    ).encode()


@on_sqlite
async def test_what_comes_back_says_so_and_why(desk: Services, postbox: TellingPostbox) -> None:
    mail_id = await write(desk)
    await run(desk)
    [sender], [message] = postbox.senders, postbox.messages
    assert sender == f"tra-ve+{mark_of(desk.transactions.audit_key, mail_id)}@hop.example"
    for action in ("delayed", "relayed", "expanded"):
        assert not await take_in(desk, report(sender, message, action))
    assert (await mail_of(desk, mail_id)).state == "sent"
    assert await take_in(desk, report(sender, message, "delivered"))
    mail = await mail_of(desk, mail_id)
    assert (mail.state, mail.error) == ("delivered", "")
    assert await take_in(desk, report(sender, None))
    mail = await mail_of(desk, mail_id)
    assert mail.state == "bounced"
    assert mail.error == "5.1.1 550 5.1.1 <dai.bieu@hop.test>: Recipient address rejected: User unknown"
    # The same once more, as a mail server that was not sure tells it, changes nothing; nor does a late word of success.
    assert await take_in(desk, report(sender, message))
    assert await take_in(desk, report(sender, message, "delivered"))
    assert (await mail_of(desk, mail_id)).state == "bounced"


@on_sqlite
@pytest.mark.parametrize(
    ("address", "asked"), [(None, "NOTIFY=FAILURE"), ("tra-ve@hop.example", "NOTIFY=SUCCESS,FAILURE")]
)
async def test_a_mail_server_that_reports_deliveries_is_told_what_to_report(
    services: Services, address: str | None, asked: str
) -> None:
    """RFC 3461, which aiosmtpd does not know. Success is asked for where the answers are read."""
    said: list[str] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip():
            said.append(line)
            match line[:4]:
                case "EHLO":
                    writer.write(b"250-here\r\n250 DSN\r\n")
                case "DATA":
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                    writer.write(b"250 taken\r\n")
                case _:
                    writer.write(b"250 OK\r\n")
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    desk = with_smtp(services, f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    desk = replace(desk, settings=desk.settings.model_copy(update={"bounce_address": address}))
    mail_id = await write(desk)
    await run(desk)
    server.close()
    assert (await mail_of(desk, mail_id)).state == "sent"
    mark = mark_of(desk.transactions.audit_key, mail_id)
    assert any(line.startswith("MAIL") and line.endswith(f"ENVID={mark} RET=HDRS") for line in said)
    assert any(line.startswith("RCPT") and line.endswith(f" {asked}") for line in said)


@on_sqlite
@pytest.mark.parametrize("by", ["envelope", "head"])
async def test_it_is_known_by_whatever_the_mail_server_kept(desk: Services, postbox: TellingPostbox, by: str) -> None:
    mail_id = await write(desk)
    await run(desk)
    mark = mark_of(desk.transactions.audit_key, mail_id)
    known = report("hop@hop.test", None, envelope=mark) if by == "envelope" else report("a@b", postbox.messages[0])
    assert await take_in(desk, known)
    assert (await mail_of(desk, mail_id)).state == "bounced"


@on_sqlite
async def test_nobody_makes_a_report_up_and_whoever_is_away_is_not_gone(
    desk: Services, postbox: TellingPostbox
) -> None:
    mail_id = await write(desk)
    await run(desk)
    forged = report(f"tra-ve+mail-{mail_id}-0123456789ab@hop.example", None)
    away = EmailMessage()
    away["To"] = postbox.senders[0]
    away["Auto-Submitted"] = "auto-replied"
    away.set_content("Tôi đi công tác đến hết tuần.")
    for content in (forged, away.as_bytes(), b"", b"\xff\xfe" * 100, report(postbox.senders[0], None)[:400]):
        assert not await take_in(desk, content)
    assert (await mail_of(desk, mail_id)).state == "sent"


def test_marks() -> None:
    mark = mark_of(KEY, 4711)
    assert marked_in(KEY, f"x+{mark.upper()}@y") == 4711
    assert marked_in(b"another", mark) is None
    assert marked_in(KEY, mark.replace("4711", "4712")) is None
    assert envelope_sender("a@b.example", mark) == f"a+{mark}@b.example"
    assert envelope_sender(f"{'a' * 50}@b.example", mark) == f"{'a' * 50}@b.example"
    assert report_of(b"Subject: A\r\n\r\nB") is None


class Imap:
    """A mailbox over IMAP, as far as a client asks for it. Numbers are places from 1."""

    def __init__(self, *messages: bytes) -> None:
        self.messages = messages
        self.seen: set[int] = set()
        self.logins: list[str] = []

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := (await reader.readline()).decode().strip():
            tag, command, *rest = line.split(" ")
            arguments = " ".join(rest)
            match command, arguments.split(" ")[0]:
                case "CAPABILITY", _:
                    writer.write(b"* CAPABILITY IMAP4rev1\r\n")
                case "LOGIN", _:
                    self.logins.append(arguments)
                    if "sai" in arguments:
                        writer.write(f"{tag} NO wrong password\r\n".encode())
                        continue
                case "SELECT", _:
                    writer.write(f"* {len(self.messages)} EXISTS\r\n".encode())
                case "UID", "SEARCH":
                    new = [str(n) for n in range(1, len(self.messages) + 1) if n not in self.seen]
                    writer.write(f"* SEARCH {' '.join(new)}\r\n".encode())
                case "UID", "FETCH":
                    number = int(rest[1])
                    content = self.messages[number - 1]
                    writer.write(f"* {number} FETCH (UID {number} BODY[]<0> {{{len(content)}}}\r\n".encode())
                    writer.write(content + b")\r\n")
                case "UID", "STORE":
                    self.seen.add(int(rest[1]))
                case "LOGOUT", _:
                    writer.write(b"* BYE\r\n")
            writer.write(f"{tag} OK done\r\n".encode())
        writer.close()


@on_sqlite
async def test_the_mailbox_is_read_where_nothing_can_be_piped(desk: Services, postbox: TellingPostbox) -> None:
    mail_id = await write(desk)
    await run(desk)
    away = b"From: a@b.example\r\nSubject: Re\r\n\r\nToi di cong tac.\r\n"
    imap = Imap(away, report(postbox.senders[0], None))
    server = await asyncio.start_server(imap.converse, "127.0.0.1", 0)
    address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    mailbox = Mailbox.configured(f"imap://tra-ve:m%40t@{address}")
    assert await read(desk, mailbox) == 1
    assert imap.logins == ['tra-ve "m@t"']
    assert (await mail_of(desk, mail_id)).state == "bounced"
    assert imap.seen == {1, 2}
    assert await read(desk, mailbox) == 0
    with pytest.raises(imaplib.IMAP4.error, match="wrong password"):
        await read(desk, Mailbox.configured(f"imap://tra-ve:sai@{address}/INBOX"))
    server.close()
