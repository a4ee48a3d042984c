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
_OTHER_PICTURES = ("image/",)
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
    if found.family != "office" and _hides_an_archive(path):
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
        if head[:1024].split(b"%PDF-", 1)[0].strip(b"\xef\xbb\xbf\r\n\t \0"):
            raise Refused("two-in-one")
        facts = pdf.check(path, pages_max)
        return Found("application/pdf", "pdf", "pdf", facts.warnings, facts.signed, facts.pages)
    return None


def _refusal(path: Path, head: bytes, file_name: str) -> Refused:
    mime = magic.from_buffer(head, mime=True)
    if head.startswith(_PROGRAMS):
        return Refused("disguised")
    if head.startswith(b"{\\rtf"):
        return Refused("rich-text")
    if mime in _ARCHIVES or zipfile.is_zipfile(path):
        return Refused("archive")
    if mime.startswith(_OTHER_PICTURES) and mime != "image/svg+xml":
        return Refused("picture-format")
    known = any(_extension(file_name) in names for names in _EXTENSIONS.values())
    return Refused("disguised" if known else "unknown-type")


def _hides_an_archive(path: Path) -> bool:
    """A PDF or picture that is also read as an archive, from its end."""
    try:
        with zipfile.ZipFile(path) as archive:
            return bool(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        return False


def _extension(file_name: str) -> str:
    return file_name.rpartition(".")[2].lower()
