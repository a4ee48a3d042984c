"""E-mail against a real SMTP server (aiosmtpd): delivery, temporary and final refusals, TLS, and what stays in the
database afterwards."""

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from server.core.actor import SYSTEM
from server.core.services import Services
from server.jobs.models import Job
from server.jobs.workers import Workers
from server.notifications.actions import Letter, send_mails
from server.notifications.crew import Crew
from server.notifications.delivery import mail_job
from server.notifications.models import Mail
from tests.conftest import Clock
from tests.postbox import Postbox, post_office

TEXT = "Kính gửi đồng chí,\n\nĐường dẫn riêng: http://hop.test/join/abc\n"


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
async def desk(services: Services, postbox: Postbox) -> AsyncIterator[Services]:
    """The services of a server whose mail goes to the post box."""
    async with post_office(postbox) as port:
        yield with_smtp(services, f"smtp://127.0.0.1:{port}")


def with_smtp(services: Services, url: str | None) -> Services:
    settings = services.settings.model_copy(update={"smtp_url": url})
    return Services(
        **{name: getattr(services, name) for name in Services.__dataclass_fields__ if name != "settings"},
        settings=settings,
    )


async def write(services: Services, address: str = "dai.bieu@hop.test", *, secret: bool = True) -> int:
    async with services.transactions(SYSTEM) as tx:
        name, subject = "Đồng chí Nguyễn Thị Hạnh", "Giấy mời: Hội nghị quán triệt Nghị quyết số 18"
        [mail_id] = await send_mails(tx, [Letter("link.personal", address, name, subject, TEXT, secret=secret)])
        return mail_id


async def run(services: Services) -> None:
    await Workers(services, [mail_job]).run_due()


async def mail_of(services: Services, mail_id: int) -> Mail:
    async with services.database.read() as session:
        return await session.get_one(Mail, mail_id)


async def jobs(services: Services) -> list[Job]:
    async with services.database.read() as session:
        return list(await session.scalars(select(Job)))


async def test_a_letter_arrives_as_it_was_written_and_its_secret_is_wiped(desk: Services, postbox: Postbox) -> None:
    mail_id = await write(desk)
    await run(desk)
    [message] = postbox.messages
    assert postbox.texts() == [TEXT]
    assert message["To"] == '"Đồng chí Nguyễn Thị Hạnh" <dai.bieu@hop.test>'.replace('"', "")
    assert message["Subject"] == "Giấy mời: Hội nghị quán triệt Nghị quyết số 18"
    assert message["From"].addresses[0].display_name == "Nhịp Cầu"
    mail = await mail_of(desk, mail_id)
    assert (mail.state, mail.text, mail.error) == ("sent", "", "")
    assert mail.sent_at is not None
    assert await jobs(desk) == []


async def test_a_letter_without_a_secret_keeps_its_text(desk: Services) -> None:
    mail_id = await write(desk, secret=False)
    await run(desk)
    assert (await mail_of(desk, mail_id)).text == TEXT


async def test_a_hundred_letters_share_a_connection(desk: Services, postbox: Postbox) -> None:
    letters = [Letter("papers.reminder", f"so{n}@hop.test", f"Người {n}", "Nhắc", f"Số {n}") for n in range(150)]
    async with desk.transactions(SYSTEM) as tx:
        ids = await send_mails(tx, letters)
    assert len(ids) == 150
    await run(desk)
    assert sorted(postbox.texts()) == sorted(f"Số {n}\n" for n in range(150))
    assert postbox.connections == 2


async def test_what_is_put_off_is_tried_again_with_doubling_pauses(
    desk: Services, postbox: Postbox, clock: Clock
) -> None:
    postbox.answers["sau@hop.test"] = ["451 greylisted", "451 greylisted"]
    async with desk.transactions(SYSTEM) as tx:
        first, other = await send_mails(
            tx, [Letter("papers.reminder", f"{name}@hop.test", name, "Nhắc", name) for name in ("sau", "ngay")]
        )
    await run(desk)
    assert (await mail_of(desk, other)).state == "sent"
    waiting = await mail_of(desk, first)
    assert (waiting.state, waiting.error, waiting.attempts) == ("queued", "451 greylisted", 1)
    clock.pass_(seconds=59)
    await run(desk)
    assert (await mail_of(desk, first)).attempts == 1
    clock.pass_(seconds=1)
    await run(desk)
    clock.pass_(seconds=119)
    await run(desk)
    assert (await mail_of(desk, first)).state == "queued"
    clock.pass_(seconds=1)
    await run(desk)
    sent = await mail_of(desk, first)
    assert (sent.state, sent.error, sent.attempts) == ("sent", "", 3)
    assert postbox.texts() == ["ngay\n", "sau\n"]


async def test_a_final_refusal_is_told_and_holds_nobody_up(desk: Services, postbox: Postbox) -> None:
    postbox.answers["khongco@hop.test"] = ["550 5.1.1 no such user"]
    async with desk.transactions(SYSTEM) as tx:
        refused, broken, fine = await send_mails(
            tx,
            [
                Letter("link.personal", address, "Tên", "Thư", "Nội dung", secret=True)
                for address in ("khongco@hop.test", "không phải@@địa chỉ", "co@hop.test")
            ],
        )
    await run(desk)
    mail = await mail_of(desk, refused)
    assert (mail.state, mail.error, mail.text) == ("failed", "550 5.1.1 no such user", "")
    mail = await mail_of(desk, broken)
    assert mail.state == "failed"
    assert "không phải@@địa chỉ" in mail.error
    assert (await mail_of(desk, fine)).state == "sent"
    assert await jobs(desk) == []


async def test_a_server_that_is_away_is_waited_for_and_at_last_given_up(services: Services, clock: Clock) -> None:
    away = with_smtp(services, "smtp://127.0.0.1:1")
    mail_id = await write(away)
    await run(away)
    waiting = await mail_of(away, mail_id)
    assert waiting.state == "queued"
    assert waiting.error
    for _ in range(7):
        clock.pass_(hours=1)
        await run(away)
    mail = await mail_of(away, mail_id)
    assert (mail.state, mail.text) == ("failed", "")
    assert "127.0.0.1" in mail.error
    clock.pass_(hours=24)
    await run(away)
    assert (await mail_of(away, mail_id)).attempts == mail.attempts


async def test_without_a_mail_server_a_letter_fails_and_says_so(services: Services) -> None:
    mail_id = await write(services)
    await run(services)
    mail = await mail_of(services, mail_id)
    assert (mail.state, mail.error, mail.text) == ("failed", "not-configured", "")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:25", "smtp://", "gì đó", "smtp://hop:mat-khau@127.0.0.1:25?starttls=0"]
)
async def test_a_mistyped_setting_is_told(services: Services, url: str) -> None:
    wrong = with_smtp(services, url)
    mail_id = await write(wrong)
    await run(wrong)
    assert "NHIPCAU_SMTP_URL" in (await mail_of(wrong, mail_id)).error


async def test_header_lines_cannot_be_smuggled_in(desk: Services, postbox: Postbox) -> None:
    async with desk.transactions(SYSTEM) as tx:
        await send_mails(
            tx,
            [
                Letter("x", "a@hop.test", "Tên\r\nBcc: b@hop.test", "Họp\r\nBcc: c@hop.test", "."),
                Letter("x", "a@hop.test\r\nBcc: d@hop.test", "Tên", "Họp", "."),
            ],
        )
    await run(desk)
    assert [message["Bcc"] for message in postbox.messages] == [None]
    assert postbox.messages[0]["Subject"] == "Họp Bcc: c@hop.test"


async def test_an_encoded_word_in_a_title_writes_no_header(desk: Services, postbox: Postbox) -> None:
    smuggled = "=?utf-8?q?Khan=0aReply-To:_ke-xau@evil.example=0a=0aBam_vao?="
    async with desk.transactions(SYSTEM) as tx:
        await send_mails(tx, [Letter("x", "a@hop.test", smuggled, f"Giấy mời: {smuggled}", "Nội dung")])
    await run(desk)
    [message] = postbox.messages
    assert message["Reply-To"] is None
    assert postbox.texts() == ["Nội dung\n"]


@pytest.mark.parametrize("ends", ["421 too many messages", None])
async def test_a_server_that_takes_a_few_letters_a_connection(
    desk: Services, postbox: Postbox, ends: str | None
) -> None:
    postbox.most_a_connection, postbox.farewell = 5, ends
    letters = [Letter("papers.reminder", f"so{n}@hop.test", f"Người {n}", "Nhắc", f"Số {n}") for n in range(100)]
    async with desk.transactions(SYSTEM) as tx:
        ids = await send_mails(tx, letters)
    await run(desk)
    assert sorted(postbox.texts()) == sorted(f"Số {n}\n" for n in range(100))
    async with desk.database.read() as session:
        states = await session.scalars(select(Mail.state).where(Mail.id.in_(ids)))
    assert set(states) == {"sent"}
    assert await jobs(desk) == []


async def test_starttls_and_a_password(services: Services, postbox: Postbox, tmp_path: Path) -> None:
    certificate, key = certificate_of("127.0.0.1", tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    def check(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        return AuthResult(handled=False, success=(data.login, data.password) == (b"hop", "mật khẩu".encode()))

    options = {"tls_context": context, "require_starttls": True, "authenticator": check, "auth_required": True}
    async with post_office(postbox, **options) as port:
        untrusted = with_smtp(services, f"smtp://hop:m%E1%BA%ADt%20kh%E1%BA%A9u@127.0.0.1:{port}?")
        mail_id = await write(untrusted)
        await run(untrusted)
        assert "certificate" in (await mail_of(untrusted, mail_id)).error.lower()
        trusted = with_smtp(services, f"{untrusted.settings.smtp_url}&ca={certificate}")
        mail_id = await write(trusted)
        await run(trusted)
        assert (await mail_of(trusted, mail_id)).state == "sent"
        wrong = with_smtp(services, f"smtp://hop:sai@127.0.0.1:{port}?starttls=1&ca={certificate}")
        mail_id = await write(wrong)
        await run(wrong)
        assert "535" in (await mail_of(wrong, mail_id)).error
    assert len(postbox.messages) == 1


def certificate_of(address: str, folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "thu.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "thu.pem", folder / "thu.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_many_are_carried_by_a_process_of_their_own(desk: Services, postbox: Postbox) -> None:
    """What mail servers do to one of them is told of that one; lines that are cut are made anew."""
    postbox.most_a_connection, postbox.farewell = 12, None
    postbox.answers["kin@hop.test"] = ["550 5.1.1 no such user"]
    postbox.answers["ban@hop.test"] = ["451 4.2.1 try again"]
    name, subject = "Đồng chí Nguyễn Thị Hạnh", "Giấy mời: Hội nghị quán triệt Nghị quyết số 18"
    addresses = [*(f"dai-bieu-{number}@hop.test" for number in range(28)), "kin@hop.test", "ban@hop.test", "not one"]
    async with desk.transactions(SYSTEM) as tx:
        await send_mails(tx, [Letter("link.personal", each, name, subject, TEXT, secret=True) for each in addresses])
    crew = desk.components[Crew]
    try:
        await run(desk)
        async with desk.database.read() as session:
            mails = list(await session.scalars(select(Mail).order_by(Mail.id)))
        assert [mail.state for mail in mails] == ["sent"] * 28 + ["failed", "queued", "failed"]
        assert sorted(message["To"].addresses[0].addr_spec for message in postbox.messages) == sorted(addresses[:28])
        assert mails[28].error == "550 5.1.1 no such user"
        assert mails[29].error == "451 4.2.1 try again"
        assert mails[30].error == "not an e-mail address: not one"
        assert {mail.text for mail in mails[:29]} == {""}
        assert postbox.connections >= 3
    finally:
        crew.dismiss()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_process_that_dies_loses_nothing(desk: Services, postbox: Postbox, clock: Clock) -> None:
    async with desk.transactions(SYSTEM) as tx:
        letters = [Letter("a.b", f"dai-bieu-{number}@hop.test", "Hạnh", "Thư", TEXT) for number in range(8)]
        await send_mails(tx, letters)
    crew = desk.components[Crew]
    try:
        async with crew.hand() as hand:
            hand._process.kill()
            hand._process.wait()
        await run(desk)
        assert len(postbox.messages) == 8
        # It ends between being taken and being asked.
        async with desk.transactions(SYSTEM) as tx:
            await send_mails(tx, letters)
        really = Crew._take

        async def dying(self: Crew) -> Any:
            process = await really(self)
            process.kill()
            process.wait()
            return process

        with pytest.MonkeyPatch.context() as broken:
            broken.setattr(Crew, "_take", dying)
            await run(desk)
        assert len(postbox.messages) == 8
        clock.pass_(seconds=2)
        await run(desk)
        assert len(postbox.messages) == 16
    finally:
        crew.dismiss()
