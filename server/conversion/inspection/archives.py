"""Office files that are ZIP archives: OOXML and OpenDocument. What swells beyond measure by its own
table is refused at once; then every part is inflated, counted and thrown away: the table is not believed."""

import re
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from server.conversion import xml_parts
from server.conversion.inspection.pictures import PIXELS_MAX
from server.conversion.refusals import Refused

_PARTS_MAX = 20_000
_PART_MAX = 512 * 1024 * 1024
_TOTAL_MAX = 1024 * 1024 * 1024
"""Bytes when inflated; LibreOffice holds about three times the text parts in memory."""
_XML_MAX, _XML_TOTAL_MAX = 200 * 1024 * 1024, 300 * 1024 * 1024
"""Of one XML part, and of all: reading it takes a second for 20 MB."""
_RATIO_MAX = 100
"""Inflated to packed, where it matters at all: dull spreadsheets reach 60."""
_RATIO_MATTERS = 32 * 1024 * 1024
_BITMAP = struct.Struct("<2sIxxxxI IiiHHI")
"""Heads of a bitmap's file and picture (Windows GDI, BITMAPFILEHEADER and BITMAPINFOHEADER): "BM", the file's size,
where the dots begin; the head's own size, width, height, planes, bits of a dot, how it is packed."""
_BITMAP_PLAIN = frozenset({0, 3})
"""BI_RGB and BI_BITFIELDS: a dot is as large as it says."""
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Office files know no others (ECMA-376 part 2 annex B; ODF 1.3 part 2 section 2); those swell much further."""
_PIECE = 1024 * 1024
_XML = (".xml", ".rels", ".rdf", ".vml", ".svg")

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
_OLD_FONTS = re.compile(rb"""["'](?:\.Vn[A-Z]|VNI[- ])""")
"""TCVN3 and VNI: letters of other languages that these fonts draw as Vietnamese ones."""


@dataclass
class Archive:
    mime: str
    extension: str
    warnings: list[str] = field(default_factory=list)
    old_fonts: bool = False
    """Some text may be written for TCVN3 or VNI fonts."""


@dataclass
class _Seen:
    """What the parts tell on the way."""

    total: int = 0
    xml_total: int = 0
    old_fonts: bool = False
    xml: xml_parts.Seen = field(default_factory=xml_parts.Seen)
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
            if any(part.compress_type not in _METHODS for part in parts):
                raise Refused("bomb")
            if sum(part.compress_size for part in parts) > path.stat().st_size:
                raise Refused("bomb")  # parts that share their bytes
            bitmaps = _bitmaps(archive, parts)
            _check_sizes(sum(part.file_size for part in parts), bitmaps, path)
            seen = _Seen()
            for part in parts:
                _look_through(archive, part, seen)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, KeyError) as error:
        raise Refused("truncated" if _breaks_off(path) else "damaged") from error
    _check_sizes(seen.total, bitmaps, path)
    found = _ooxml(seen, names) if seen.content_types else _odf(seen, names)
    if found is None:
        return None
    if seen.xml.points_outside:
        found.warnings.append("outside-links")
    if seen.xml.reviewed:
        found.warnings.append("review-removed")
    found.old_fonts = seen.old_fonts
    return found


def _check_sizes(inflated: int, bitmaps: int, path: Path) -> None:
    if inflated > _TOTAL_MAX or _swells(inflated - bitmaps, path.stat().st_size):
        raise Refused("bomb")


def _bitmaps(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> int:
    """Bytes of bitmaps that are as large as their own dots are: an empty sheet, scanned and pasted, packs by a
    thousand and harms nobody. No more of them than a picture may have dots."""
    size = dots = 0
    for part in parts:
        if part.file_size < _PIECE or not part.filename.lower().endswith((".bmp", ".dib")):
            continue
        with archive.open(part) as opened:
            head = opened.read(_BITMAP.size)
        if len(head) < _BITMAP.size:
            continue
        begin, _, first, _, width, height, _, bits, packed = _BITMAP.unpack(head)
        row = (width * bits + 31) // 32 * 4
        whole = first + row * abs(height)
        if begin == b"BM" and width > 0 and packed in _BITMAP_PLAIN and whole <= part.file_size <= whole + _PIECE:
            dots += width * abs(height)
            size += part.file_size
    return size if dots <= PIXELS_MAX else 0


def _swells(inflated: int, packed: int) -> bool:
    return inflated > _RATIO_MATTERS and inflated > packed * _RATIO_MAX


def scrub(source: Path, target: Path) -> xml_parts.Seen:
    """A copy whose XML parts point to nothing outside and hold nothing that its authors took out again. Of an archive
    that `check` let through. Returns what was in them."""
    seen = xml_parts.Seen()
    with (
        zipfile.ZipFile(source) as archive,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made,
    ):
        within = frozenset(archive.namelist())
        for part in archive.infolist():
            content = archive.read(part)
            clean = _scrubbed(part.filename, content, seen, within)
            plain = zipfile.ZIP_STORED if part.filename == "mimetype" else None
            made.writestr(part.filename, clean, compress_type=plain)
    return seen


def _scrubbed(name: str, content: bytes, seen: xml_parts.Seen, within: frozenset[str]) -> bytes:
    try:
        return xml_parts.scrubbed(content, seen, within=within)
    except xml_parts.Malformed as error:
        # Excel's drawings of notes are often no XML; what is not the document itself can be missed.
        if name.endswith((".vml", ".svg")) or name.startswith(("customXml/", "docProps/")):
            return b"<x/>"
        if not name.endswith(_XML):
            return content if content.lstrip()[:5].lower() in (b"<html", b"<!doc") else b""
        raise Refused("damaged") from error


def _breaks_off(path: Path) -> bool:
    """The table at the end is missing."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 70_000))
        return b"PK\x05\x06" not in file.read()


def _look_through(archive: zipfile.ZipFile, part: zipfile.ZipInfo, seen: _Seen) -> None:
    kept = {"[Content_Types].xml": "content_types", "mimetype": "mimetype", "META-INF/manifest.xml": "manifest"}.get(
        part.filename
    )
    is_xml = part.filename.endswith(_XML)
    size = 0
    content: list[bytes] = []
    read: list[bytes] = []
    with archive.open(part) as opened:
        while piece := opened.read(_PIECE):
            size += len(piece)
            seen.total += len(piece)
            if size > (_XML_MAX if is_xml else _PART_MAX) or seen.total > _TOTAL_MAX:
                raise Refused("bomb")
            if size == len(piece):
                is_xml = is_xml or xml_parts.is_xml(piece) or piece.startswith(b"\x1f\x8b")
            if is_xml:
                read.append(piece)
                seen.xml_total += len(piece)
                if seen.xml_total > _XML_TOTAL_MAX or _swells(size, part.compress_size):
                    raise Refused("bomb")
            if kept and size <= _PIECE:
                content.append(piece)
    if kept:
        setattr(seen, kept, b"".join(content))
    if read:
        whole = b"".join(read)
        seen.old_fonts |= _OLD_FONTS.search(whole) is not None
        _scrubbed(part.filename, whole, seen.xml, frozenset(archive.namelist()))


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
