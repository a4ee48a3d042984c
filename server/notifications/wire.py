"""An e-mail as it goes over the wire (RFC 5322, RFC 2045). Written down here: the standard library parses what it is
given, lays each line out anew, and takes longer for the head of an invitation than its PDF takes to be typeset."""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from urllib.parse import urlsplit

from server.core.config import Settings
from server.notifications.hooks import Attachment
from server.notifications.models import Mail

_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9 ]*")
_PLAIN_TEXT = re.compile(r"[!-~ ]*")
_WORD_BYTES = 42
"""Of one encoded word: with what is around it 68 letters, at most 75 (RFC 2047 section 2)."""
_LINE = 57
"""Bytes of a line of base64: 76 letters (RFC 2045 section 6.8)."""


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


def checked_address(address: str) -> str:
    """As it stands in a head. ValueError for what is none."""
    if _PLAIN_ADDRESS.fullmatch(address):
        return address
    # Quoted ones, those with letters of other scripts, and all that is wrong.
    return Address(addr_spec=address).addr_spec


def as_wire(mail: Written, by: Sender, mark: str, files: Sequence[Attachment] = ()) -> bytes:
    """ValueError, LookupError, MessageError: an address that no head can hold. In ASCII, unless an address is not."""
    sender_name, sender = parseaddr(by.mail_from)
    text = "".join(f"{line}\r\n" for line in mail.text.splitlines()).encode()
    head = [
        b"From: " + _mailbox(sender_name, checked_address(sender)),
        b"To: " + _mailbox(mail.to_name, checked_address(mail.to_address)),
        b"Subject: " + _text(_line(mail.subject), len("Subject: ")),
        b"Date: " + format_datetime(mail.created_at).encode(),
        # The same each time it is tried: a message that came through unnoticed is not shown twice.
        f"Message-ID: <{mark}@{urlsplit(by.url).hostname or 'localhost'}>".encode(),
        b"Auto-Submitted: auto-generated",
        b"MIME-Version: 1.0",
    ]
    words = [
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Transfer-Encoding: base64",
        b"",
        _base64(text),
    ]
    if not files:
        return b"\r\n".join([*head, *words])
    boundary = f"=_{hashlib.sha256(text + mark.encode()).hexdigest()[:32]}".encode()
    parts = [*head, b'Content-Type: multipart/mixed; boundary="' + boundary + b'"', b"", b"--" + boundary, *words[:-1]]
    parts.append(words[-1] + b"--" + boundary)
    for file in files:
        parts += [
            f"Content-Type: {file.media_type}".encode(),
            b"Content-Transfer-Encoding: base64",
            f'Content-Disposition: attachment; filename="{file.name}"'.encode(),
            b"",
            _attached(file) + b"--" + boundary,
        ]
    parts[-1] += b"--\r\n"
    return b"\r\n".join(parts)


def _attached(file: Attachment) -> bytes:
    """What many begin with is encoded once, as far as its lines are whole."""
    whole = len(file.shared) // _LINE * _LINE
    return (_beginning(file.shared) if whole else b"") + _base64(file.shared[whole:] + file.content)


@lru_cache(maxsize=4)
def _beginning(shared: bytes) -> bytes:
    return _base64(shared[: len(shared) // _LINE * _LINE])


def _base64(content: bytes) -> bytes:
    """Lines of 76, each ended."""
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def _mailbox(name: str, address: str) -> bytes:
    name = _line(name)
    if not name:
        return address.encode()
    phrase = name.encode() if _PLAIN_PHRASE.fullmatch(name) and len(name) < 60 else _encoded(name, len("From: "))
    # On a line of its own where both are long (RFC 5322 section 2.2.3).
    between = b"\r\n <" if len(phrase.rpartition(b"\n")[2]) + len(address) > 65 else b" <"
    return phrase + between + address.encode() + b">"


def _text(text: str, after: int) -> bytes:
    return text.encode() if _PLAIN_TEXT.fullmatch(text) and len(text) + after <= 78 else _encoded(text, after)


def _encoded(text: str, after: int) -> bytes:
    """Encoded words (RFC 2047), each of whole letters, one a line of at most 76. `after`: letters in front of it."""
    return b"\r\n ".join(
        b"=?utf-8?b?" + base64.b64encode(part) + b"?=" for part in _parts(text, max(12, _WORD_BYTES - after))
    )


def _parts(text: str, first: int) -> Iterator[bytes]:
    part, room = bytearray(), first
    for letter in text:
        encoded = letter.encode()
        if part and len(part) + len(encoded) > room:
            yield bytes(part)
            part, room = bytearray(), _WORD_BYTES
        part += encoded
    yield bytes(part)


def _line(text: str) -> str:
    """One line, in which nothing reads as an encoded word (RFC 2047) to who takes it apart."""
    return " ".join(text.replace("=?", "= ?").split())
