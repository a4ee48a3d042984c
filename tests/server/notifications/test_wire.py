"""E-mails as they go over the wire, read by the standard library's parser."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr

import pytest

from server.notifications.hooks import Attachment
from server.notifications.wire import Sender, Written, as_wire

SENDER = Sender("Nhịp Cầu <hop@lamdong.example>", None, "https://hop.lamdong.example", b"key")
AT = datetime(2026, 12, 8, 0, 30, tzinfo=UTC)


def read(wire: bytes) -> EmailMessage:
    lines = wire.split(b"\r\n")
    assert all(len(line) <= 998 and b"\n" not in line for line in lines)
    assert max(map(len, lines)) <= 100
    assert not any(line.startswith(b".") for line in lines)
    message = message_from_bytes(wire, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    assert not any(message[name].defects for name in message)
    return message


@pytest.mark.parametrize(
    ("name", "address", "subject"),
    [
        ("Nguyễn Văn A", "a@lamdong.example", "Giấy mời"),
        (
            "Kơ Să Hương " * 12,
            "mot.dia-chi+rat.dai_" + "x" * 40 + "@van-phong.tinh-uy.lamdong.example",
            "Hội nghị " * 30,
        ),
        ("Plain Name", "a@b.example", "Plain words, in ASCII: 100 % of them"),
        ("", "a@b.example", "Ạ" * 300),
        ('Ông "Tám", (Bí thư)', '"quoted one"@b.example', "x" * 300),
        ("Tên\r\nBcc: ai@do.example", "a@b.example", "Một\r\nBcc: ai@do.example"),
    ],
)
def test_a_head_is_read_as_it_was_meant(name: str, address: str, subject: str) -> None:
    wire = as_wire(Written(7, address, name, subject, "Kính gửi", AT), SENDER, "mail-7-abc")
    message = read(wire)
    [to] = message["To"].addresses
    assert to.addr_spec == address
    # The newer parser puts spaces between the encoded words of a phrase (RFC 2047 section 6.2 has none).
    [*_, (_, phrase)] = [line for line in message_from_bytes(wire).items() if line[0] == "To"]
    said, _ = parseaddr(" ".join(phrase.split()))
    assert str(make_header(decode_header(said))) == " ".join(name.split())
    assert message["Subject"] == " ".join(subject.split())
    assert message["Bcc"] is None
    [by] = message["From"].addresses
    assert (by.display_name, by.addr_spec) == ("Nhịp Cầu", "hop@lamdong.example")
    assert message["Date"].datetime == AT
    assert message["Message-ID"] == "<mail-7-abc@hop.lamdong.example>"
    assert message.get_content() == "Kính gửi\r\n"


def test_files_arrive_byte_for_byte_whether_shared_or_not() -> None:
    shared = bytes(range(256)) * 40
    files = [
        Attachment("giay-moi.pdf", "application/pdf", b"own" * 100, shared),
        Attachment("ngan.pdf", "application/pdf", b"own", b"short"),
        Attachment("cuoc-hop.ics", "text/calendar; charset=utf-8; method=PUBLISH", b"BEGIN:VCALENDAR\r\n"),
    ]
    for number in range(2):
        mail = Written(number, "a@b.example", "A", "S", "Một\nHai\r\nBa", AT)
        message = read(as_wire(mail, SENDER, f"mail-{number}", files))
        text, *parts = message.iter_parts()
        assert text.get_content() == "Một\r\nHai\r\nBa\r\n"
        assert [part.get_filename() for part in parts] == [file.name for file in files]
        assert [part.get_payload(decode=True) for part in parts] == [file.shared + file.content for file in files]
        assert parts[2].get_content_type() == "text/calendar"


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@", "@b", "a b@c.example", "a..b@c.example", "a@b.example\r\nX: y"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises((ValueError, LookupError, MessageError)):
        as_wire(Written(1, address, "A", "S", "T", AT), SENDER, "mail-1")
