"""What settings have to look like that are more than a number or a word. A wrong one is named when the program starts,
not by whatever needs it first, weeks later."""

import ipaddress
import re
import time
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from limits import parse_many
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

_DATABASES = ("sqlite+aiosqlite", "postgresql+psycopg")
_STORES = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "file", "memory")
"""What lies in memory is lost with the process: for trying it out."""
_AGE_KEY = re.compile(r"age1[02-9ac-hj-np-z]{58}")
"""https://age-encryption.org/v1: Bech32 of 32 bytes."""


def _wrong(vi: str, en: str) -> PydanticCustomError:
    """`ctx` holds both sentences, see `server.edge.validation_messages`."""
    return PydanticCustomError("said", "{en}", {"vi": vi, "en": en})


def _database(url: str) -> str:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.drivername not in _DATABASES:
        raise _wrong(
            "cần dạng postgresql+psycopg://người-dùng:mật-khẩu@máy:5432/tên-cơ-sở-dữ-liệu, hoặc bỏ trống để dùng "
            "SQLite",
            "write postgresql+psycopg://user:password@host:5432/database, or leave it out for SQLite",
        )
    return url


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise _wrong("cần dạng địa-chỉ:cổng, ví dụ 0.0.0.0:7000", "write address:port, for example 0.0.0.0:7000")
    return text


_RELAY = re.compile(r"turns?:(\[[0-9a-fA-F:.]+\]|[^\s:/?\[\]]+)(:\d{1,5})?(\?transport=(udp|tcp))?")
"""RFC 7065."""


def _relay(url: str) -> str:
    if _RELAY.fullmatch(url) is None:
        raise _wrong(
            "cần dạng turns:turn.lamdong.example:443?transport=tcp",
            "write turns:turn.lamdong.example:443?transport=tcp",
        )
    return url


def relay_without_secret() -> PydanticCustomError:
    return _wrong(
        "cần khóa chung với máy chuyển tiếp (static-auth-secret của coturn), vì NHIPCAU_TURN_URLS đã đặt",
        "give the secret shared with the relay (coturn's static-auth-secret), as NHIPCAU_TURN_URLS is set",
    )


def _site(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _wrong(
            "cần cả https:// ở đầu, ví dụ https://hop.lamdong.example",
            "write it whole, for example https://hop.lamdong.example",
        )
    return url


def _mail(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise _wrong("cần dạng smtp://máy:587 hoặc smtps://máy:465", "write smtp://host:587 or smtps://host:465")
    return url


def _bare_address(address: str) -> str:
    local, _, domain = address.rpartition("@")
    if not local or not domain or not address.isascii() or re.search(r"[\s<>,]", address):
        raise _wrong("cần dạng tra-ve@hop.example", "write it as bounces@hop.example")
    return address


def _imap(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username:
        raise _wrong("cần dạng imaps://tên:mật-khẩu@máy/INBOX", "write imaps://user:password@host/INBOX")
    return url


def _http(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise _wrong(
            "cần dạng https://máy/đường-dẫn, không kèm mật khẩu", "write https://host/path, without a password in it"
        )
    return url


def _scanner(place: str) -> str:
    kind, _, rest = place.partition(":")
    if kind == "unix" and rest.startswith("/"):
        return place
    if kind == "tcp" and rest.rpartition(":")[0] and rest.rpartition(":")[2].isdecimal():
        return place
    raise _wrong(
        "cần dạng unix:/run/clamav/clamd.ctl hoặc tcp:127.0.0.1:3310",
        "write unix:/run/clamav/clamd.ctl or tcp:127.0.0.1:3310",
    )


def _store(url: str) -> str:
    if urlsplit(url).scheme not in _STORES:
        raise _wrong("cần dạng s3://tên-kho/thư-mục", "write s3://bucket/prefix")
    return url


def _backup_place(place: str) -> str:
    if place.startswith("/") or (urlsplit(place).scheme in _STORES and "://" in place):
        return place
    raise _wrong(
        "cần đường dẫn đầy đủ của một thư mục, như /mnt/sao-luu, hoặc dạng s3://tên-kho/thư-mục",
        "write the whole path of a folder, /mnt/backup, or s3://bucket/prefix",
    )


def _recipient(key: str) -> str:
    if not _AGE_KEY.fullmatch(key):
        raise _wrong(
            "cần khóa công khai bắt đầu bằng age1, do “nhipcau backup key” in ra",
            "write the public key that “nhipcau backup key” prints; it begins with age1",
        )
    return key


def _time_of_day(text: str) -> str:
    try:
        return time.strptime(text, "%H:%M") and text
    except ValueError:
        raise _wrong("cần dạng giờ:phút, ví dụ 01:30", "write hour and minute, for example 01:30") from None


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise _wrong(f"không có thư mục {path}", f"there is no folder {path}")
    return path


def _address_or_off(text: str) -> str:
    return text if text == "off" else _address(text)


def _rate(text: str) -> str:
    try:
        parse_many(text)
    except ValueError:
        raise _wrong("cần dạng 10/minute", "write it as 10/minute") from None
    return text


def _addresses(text: str) -> str:
    for each in filter(None, (each.strip() for each in text.split(","))):
        try:
            _ = each == "*" or ipaddress.ip_network(each, strict=False)
        except ValueError:
            raise _wrong(
                f"“{each}” không phải địa chỉ IP; ghi địa chỉ của proxy, không ghi tên máy",
                f"“{each}” is no IP address; write the proxy's address, not its name",
            ) from None
    return text


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise _wrong(
            "cần tên múi giờ như Asia/Ho_Chi_Minh", "write the name of a time zone, for example Asia/Ho_Chi_Minh"
        )
    return name


DatabaseUrl = Annotated[str, AfterValidator(_database)]
HostAndPort = Annotated[str, AfterValidator(_address)]
HostAndPortOrOff = Annotated[str, AfterValidator(_address_or_off)]
SiteUrl = Annotated[str, AfterValidator(_site)]
MailUrl = Annotated[str, AfterValidator(_mail)]
RelayUrl = Annotated[str, AfterValidator(_relay)]
BareAddress = Annotated[str, AfterValidator(_bare_address)]
"""An e-mail address without a name."""
ImapUrl = Annotated[str, AfterValidator(_imap)]
HttpUrl = Annotated[str, AfterValidator(_http)]
"""With a path: where something is posted."""
ScannerPlace = Annotated[str, AfterValidator(_scanner)]
StoreUrl = Annotated[str, AfterValidator(_store)]
BackupPlace = Annotated[str, AfterValidator(_backup_place)]
BackupKey = Annotated[str, AfterValidator(_recipient)]
TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
ExistingFolder = Annotated[Path, AfterValidator(_folder)]
TimeZone = Annotated[str, AfterValidator(_zone)]
RateLimit = Annotated[str, AfterValidator(_rate)]
Addresses = Annotated[str, AfterValidator(_addresses)]
"""IP addresses and networks, comma separated, or "*"."""
