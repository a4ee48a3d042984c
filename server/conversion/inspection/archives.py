"""Office files that are ZIP archives: OOXML and OpenDocument. Every part is inflated once, counted and thrown away:
what the archive's table says of sizes is not believed."""

import re
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from server.conversion.refusals import Refused

_PARTS_MAX = 20_000
_PART_MAX = 512 * 1024 * 1024
_TOTAL_MAX = 1024 * 1024 * 1024
"""Bytes when inflated; LibreOffice holds about three times the text parts in memory."""
_XML_MAX = 200 * 1024 * 1024
"""Of one XML part."""
_RATIO_MAX = 150
"""Inflated to packed, where it matters at all: dull spreadsheets reach 60."""
_RATIO_MATTERS = 50 * 1024 * 1024
_PIECE = 1024 * 1024

_WORD = ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx")
_EXCEL = ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")
_POWERPOINT = ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx")
_OOXML = {
    b"wordprocessingml": _WORD,
    b"ms-word": _WORD,
    b"spreadsheetml": _EXCEL,
    b"ms-excel": _EXCEL,
    b"presentationml": _POWERPOINT,
    b"ms-powerpoint": _POWERPOINT,
}
_OOXML_MAIN = re.compile(
    rb"\b(wordprocessingml|spreadsheetml|presentationml|ms-word|ms-excel|ms-powerpoint)\.[A-Za-z.]*\bmain\b"
)
_ADD_IN = re.compile(rb"ms-(?:excel|powerpoint)\.addin", re.IGNORECASE)
_ODF = {
    b"text": "odt",
    b"text-template": "ott",
    b"spreadsheet": "ods",
    b"spreadsheet-template": "ots",
    b"presentation": "odp",
    b"presentation-template": "otp",
    b"graphics": "odg",
}
_ODF_MIME = re.compile(rb"application/vnd\.oasis\.opendocument\.([a-z-]+)")
_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_WIDE_DECLARATION = re.compile(rb"<\0?!\0?(?:D\0?O\0?C\0?T|E\0?N\0?T\0?I)", re.IGNORECASE)
_OUTSIDE = re.compile(
    rb"<Relationship\b(?=[^>]*TargetMode=\"External\")(?![^>]*relationships/hyperlink\")[^>]*>", re.IGNORECASE
)
_ODF_OUTSIDE = re.compile(
    rb"<(?:draw:image|draw:object|text:section-source|table:table-source|table:cell-range-source|draw:plugin)\b"
    rb"[^>]*xlink:href=\"(?:[a-z]+:|/|\.\./)",
    re.IGNORECASE,
)


@dataclass
class Archive:
    mime: str
    extension: str
    warnings: list[str] = field(default_factory=list)


@dataclass
class _Seen:
    """What the parts tell on the way."""

    total: int = 0
    declares: bool = False
    points_outside: bool = False
    content_types: bytes = b""
    mimetype: bytes = b""
    manifest: bytes = b""


def check(path: Path) -> Archive | None:
    """None: an archive, but not an Office file. Raises Refused."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > _PARTS_MAX:
                raise Refused("bomb")
            names = {part.filename for part in parts}
            if "[Content_Types].xml" not in names and "mimetype" not in names:
                return None
            if any(part.flag_bits & 1 for part in parts):
                raise Refused("encrypted")
            seen = _Seen()
            for part in parts:
                _look_through(archive, part, seen)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, KeyError) as error:
        raise Refused("truncated" if _breaks_off(path) else "damaged") from error
    packed = path.stat().st_size
    if seen.total > _RATIO_MATTERS and seen.total > packed * _RATIO_MAX:
        raise Refused("bomb")
    found = _ooxml(seen, names) if seen.content_types else _odf(seen, names)
    if found is None:
        return None
    if seen.declares:
        raise Refused("unsafe-xml")
    if seen.points_outside:
        found.warnings.append("outside-links")
    return found


def _breaks_off(path: Path) -> bool:
    """The table at the end is missing."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 70_000))
        return b"PK\x05\x06" not in file.read()


def _look_through(archive: zipfile.ZipFile, part: zipfile.ZipInfo, seen: _Seen) -> None:
    kept = {"[Content_Types].xml": "content_types", "mimetype": "mimetype", "META-INF/manifest.xml": "manifest"}.get(
        part.filename
    )
    is_xml = part.filename.endswith((".xml", ".rels", ".rdf", ".vml", ".svg"))
    size = 0
    tail = b""
    content: list[bytes] = []
    with archive.open(part) as opened:
        while piece := opened.read(_PIECE):
            size += len(piece)
            seen.total += len(piece)
            if size > (_XML_MAX if is_xml else _PART_MAX) or seen.total > _TOTAL_MAX:
                raise Refused("bomb")
            if is_xml:
                window = tail + piece
                seen.declares |= bool(_DECLARATION.search(window) or _WIDE_DECLARATION.search(window))
                seen.points_outside |= bool(_OUTSIDE.search(window) or _ODF_OUTSIDE.search(window))
                tail = window[-4096:]
            if kept and size <= _PIECE:
                content.append(piece)
    if kept:
        setattr(seen, kept, b"".join(content))


def _ooxml(seen: _Seen, names: set[str]) -> Archive | None:
    has_macros = any(name.lower().endswith("vbaproject.bin") for name in names)
    if _ADD_IN.search(seen.content_types):
        raise Refused("macros-only")
    main = _OOXML_MAIN.search(seen.content_types)
    if main is None:
        return None
    mime, extension = _OOXML[main[1]]
    if b"sheet.binary." in seen.content_types:
        extension = "xlsb"
    return Archive(mime, extension, ["macros-removed"] if has_macros else [])


def _odf(seen: _Seen, names: set[str]) -> Archive | None:
    said = _ODF_MIME.fullmatch(seen.mimetype.strip())
    extension = _ODF.get(said[1]) if said else None
    if said is None or extension is None or "content.xml" not in names:
        return None
    if b"encryption-data" in seen.manifest:
        raise Refused("encrypted")
    has_macros = any(name.startswith(("Basic/", "Scripts/")) for name in names)
    kind = said[1].removesuffix(b"-template").decode()
    mime = f"application/vnd.oasis.opendocument.{kind}"
    return Archive(mime, extension, ["macros-removed"] if has_macros else [])
