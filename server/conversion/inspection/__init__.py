"""What a file really is, by its content and its structure, and whether it may go on. Its name decides nothing; it is
only compared."""

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import magic

from server.conversion.inspection import archives, compound, pdf, pictures
from server.conversion.refusals import Refused

Family = Literal["pdf", "office", "picture"]

_HEAD = 8192
_EXTENSIONS: dict[str, frozenset[str]] = {
    "application/pdf": frozenset({"pdf"}),
    "application/msword": frozenset({"doc", "dot"}),
    "application/vnd.ms-excel": frozenset({"xls", "xlt"}),
    "application/vnd.ms-powerpoint": frozenset({"ppt", "pps", "pot"}),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": frozenset({"docx", "docm", "dotx"}),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": frozenset({"xlsx", "xlsm", "xltx", "xlsb"}),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": frozenset(
        {"pptx", "pptm", "ppsx", "potx"}
    ),
    "application/vnd.oasis.opendocument.text": frozenset({"odt", "ott"}),
    "application/vnd.oasis.opendocument.spreadsheet": frozenset({"ods", "ots"}),
    "application/vnd.oasis.opendocument.presentation": frozenset({"odp", "otp"}),
    "application/vnd.oasis.opendocument.graphics": frozenset({"odg"}),
    "image/png": frozenset({"png"}),
    "image/jpeg": frozenset({"jpg", "jpeg", "jfif"}),
    "image/heic": frozenset({"heic", "heif", "hif"}),
    "image/avif": frozenset({"avif"}),
    "image/tiff": frozenset({"tif", "tiff"}),
    "image/webp": frozenset({"webp"}),
    "image/bmp": frozenset({"bmp", "dib"}),
    "image/gif": frozenset({"gif"}),
}
"""Every type that is taken, and the names it goes by."""

_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe")
_WEB = (b"<html", b"<!doctype html", b"<head", b"<meta", b"<table", b"<style", b"<body", b"<div", b"mime-version:")
_OLD_OFFICE = (
    b"\xdb\xa5",
    b"\x9b\xa5",
    b"\x31\xbe",
    b"\x32\xbe",
    b"\x09\x00\x04\x00",
    b"\x09\x02\x06\x00",
    b"\x09\x04\x06\x00",
)
"""Word 1, 2 and for DOS; Excel 2 to 4."""
_OLD_NAMES = frozenset({"doc", "dot", "xls", "xlt", "ppt", "pps", "pot"})
_ARCHIVES = frozenset(
    {"application/zip", "application/x-rar", "application/x-7z-compressed", "application/gzip", "application/x-tar"}
)


@dataclass
class Found:
    mime: str
    family: Family
    extension: str
    """What programs that look at names are shown."""
    warnings: list[str] = field(default_factory=list)
    signed: bool = False
    pages: int | None = None
    """Of a PDF."""
    anew: Path | None = None
    """Of a PDF that had to be saved anew to be read: goes on instead of the original."""
    old_fonts: bool = False
    """Of an Office file: some text may be written for TCVN3 or VNI fonts."""


def inspect(path: Path, file_name: str, pages_max: int) -> Found:
    """Raises Refused."""
    if path.stat().st_size == 0:
        raise Refused("empty")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    found = _by_structure(path, head, pages_max)
    if found is None:
        raise _refusal(path, head, file_name)
    if found.family != "office" and _hides_an_archive(path, found.family):
        raise Refused("two-in-one")
    if _extension(file_name) not in _EXTENSIONS[found.mime]:
        found.warnings.append("name-differs")
    return found


def _by_structure(path: Path, head: bytes, pages_max: int) -> Found | None:
    """None: nothing that is taken."""
    if head.startswith(_PROGRAMS):
        return None
    if pictures.begins_like_one(head):
        mime = pictures.check(path, pages_max)
        return Found(mime, "picture", mime.removeprefix("image/"))
    if head.startswith((b"PK\x03\x04", compound.SIGNATURE)):
        office = archives.check(path) if head.startswith(b"PK") else compound.check(path)
        if office is None:
            return None
        return Found(office.mime, "office", office.extension, office.warnings, old_fonts=office.old_fonts)
    if b"%PDF-" in head[:1024]:
        facts = pdf.check(path, pages_max)
        before = head[:1024].split(b"%PDF-", 1)[0].strip(b"\xef\xbb\xbf\r\n\t \0")
        if before and "repaired" not in facts.warnings:  # a web system's message, a mail's header: not in our copy
            facts.warnings.append("repaired")
        return Found("application/pdf", "pdf", "pdf", facts.warnings, facts.signed, facts.pages, anew=facts.anew)
    return None


def _refusal(path: Path, head: bytes, file_name: str) -> Refused:
    """What it is instead; only a program is called harmful."""
    mime = magic.from_buffer(head, mime=True)
    begins = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    extension = _extension(file_name)
    old = head.startswith(_OLD_OFFICE) or extension in _OLD_NAMES
    page_in_xml = begins.startswith(b"<?xml") and b"<html" in begins[:1024]
    kinds = {
        "disguised": head.startswith(_PROGRAMS),
        "left-open": file_name.startswith("~$"),
        "rich-text": head.startswith(b"{\\rtf"),
        "archive": mime in _ARCHIVES or zipfile.is_zipfile(path),
        "picture-format": (mime.startswith("image/") and mime != "image/svg+xml") or head[4:8] == b"ftyp",
        "web-page": begins.startswith(_WEB) or page_in_xml or mime in ("text/html", "application/xhtml+xml"),
        "mail": mime == "message/rfc822" or extension in ("eml", "msg"),
        "old-office": old and not mime.startswith("text/"),
        "plain-text": mime.startswith("text/"),
    }
    return Refused(next((code for code, fits in kinds.items() if fits), "unknown-type"))


def _hides_an_archive(path: Path, family: Family) -> bool:
    """A PDF or picture that is also read as an archive, from its end. One that a PDF encloses is an attachment, and is
    taken out like all of them."""
    try:
        with zipfile.ZipFile(path) as archive:
            if not archive.namelist():
                return False
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        return False
    content = path.read_bytes()
    return family != "pdf" or content.rfind(b"PK\x05\x06") > content.rfind(b"startxref")


def _extension(file_name: str) -> str:
    return file_name.rpartition(".")[2].lower()
