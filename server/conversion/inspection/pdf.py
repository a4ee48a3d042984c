"""PDF: openable, of a bearable length, and nothing in it swells beyond measure."""

import base64
import contextlib
import itertools
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pypdfium2
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject

from server.conversion.refusals import Refused

_STREAM_MAX = 512 * 1024 * 1024
"""Bytes of one stream when inflated. A page of scan, uncompressed, in colour, at 600 dots per inch is a fifth."""
_STAGE_MAX = 128 * 1024 * 1024
"""Between two filters."""
_TOTAL_MAX = 8 * 1024 * 1024 * 1024
_SWOLLEN, _SWOLLEN_TOTAL_MAX = 100, 512 * 1024 * 1024
"""Inflated to packed, of what is no picture of that size: pages and fonts reach 10. Counting a gigabyte takes two
seconds."""
_RATIO = 1032
"""Deflate packs no tighter: what is small enough cannot swell to the limit."""
_SIDE_MAX = 40_000
_PIXELS_MAX = 400_000_000
_PIECE = 4 * 1024 * 1024
_FILTERS_MAX = 3
_ANEW = "anew.pdf"
_INHERITED = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")
_UNREADABLE = (
    pikepdf.PdfError,
    pikepdf.PasswordError,
    RecursionError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OSError,
)
_PICTURES = frozenset({"/DCTDecode", "/DCT", "/JPXDecode", "/CCITTFaxDecode", "/CCF", "/JBIG2Decode"})
"""What comes out of these is as large as width and height say, which are looked at."""
_WORST = {"/LZWDecode": 1400, "/LZW": 1400, "/RunLengthDecode": 64, "/RL": 64}
"""How much these can swell at most."""


@dataclass
class PdfFacts:
    pages: int
    signed: bool
    warnings: list[str] = field(default_factory=list)
    anew: Path | None = None
    """The file as it could be saved: it goes on instead of the one that came."""


def check(path: Path, pages_max: int) -> PdfFacts:
    """Raises Refused."""
    try:
        with pikepdf.open(path, suppress_warnings=True) as document:
            return _check(document, path, pages_max)
    except _UNREADABLE as error:
        return _saved_anew(path, pages_max, error)


def _saved_anew(path: Path, pages_max: int, error: Exception) -> PdfFacts:
    """What qpdf cannot make sense of, or thinks locked (a lock on its attachments alone), PDFium often can."""
    if _locked_for_certificate(path):
        raise Refused("encrypted-certificate") from error
    anew = path.with_name(_ANEW)
    facts = None
    for write in (_save, _gather, _under_a_new_tree):
        try:
            write(path, anew)
            with pikepdf.open(anew, suppress_warnings=True) as repaired:
                facts = _check(repaired, anew, pages_max)
                break
        except (pypdfium2.PdfiumError, *_UNREADABLE):
            continue
    if facts is None:
        if isinstance(error, pikepdf.PasswordError):
            raise Refused("encrypted") from error
        raise Refused("damaged" if _ends_well(path) else "truncated") from error
    facts.anew = anew
    facts.warnings = list(dict.fromkeys([*facts.warnings, "repaired"]))
    return facts


def _save(path: Path, anew: Path) -> None:
    with pypdfium2.PdfDocument(path) as document, anew.open("wb") as file:
        document.save(file, flags=pypdfium2.raw.FPDF_REMOVE_SECURITY)


def _gather(path: Path, anew: Path) -> None:
    """Page by page, under a new tree."""
    with pypdfium2.PdfDocument(path) as document, pypdfium2.PdfDocument.new() as fresh, anew.open("wb") as file:
        fresh.import_pages(document)
        fresh.save(file)


def _under_a_new_tree(path: Path, anew: Path) -> None:
    """Of a page tree that leads back into itself, or into nothing, which neither of the others opens: the pages that it
    leads to, each once. By pypdf, which asks for an object only when it is wanted."""
    writer = pypdf.PdfWriter()
    try:
        reader = pypdf.PdfReader(path)
        for page in _pages_below(reader):
            writer.add_page(page)
        if not writer.pages:
            raise ValueError("no pages")
        writer.write(anew)
    except Exception as error:  # whatever a broken file leads it to
        raise ValueError(str(error)) from error


def _pages_below(reader: pypdf.PdfReader) -> Iterator[pypdf.PageObject]:
    """With what they inherit (ISO 32000-1 section 7.7.3.4) as their own."""
    waiting: list[tuple[Any, dict[str, Any]]] = [(reader.root_object.raw_get("/Pages"), {})]
    seen: set[tuple[int, int]] = set()
    while waiting:
        reference, inherited = waiting.pop()
        if not isinstance(reference, IndirectObject) or (reference.idnum, reference.generation) in seen:
            continue
        seen.add((reference.idnum, reference.generation))
        node = reference.get_object()
        if not isinstance(node, DictionaryObject):
            continue
        inherited = inherited | {key: node.raw_get(key) for key in _INHERITED if key in node}
        kids = node.get("/Kids")
        if isinstance(kids, ArrayObject):
            waiting.extend((kid, inherited) for kid in reversed(kids))
            continue
        page = pypdf.PageObject(reader, reference)
        page.update({**inherited, **{key: node.raw_get(key) for key in node if key != "/Parent"}})
        page[NameObject("/Type")] = NameObject("/Page")
        yield page


def _locked_for_certificate(path: Path) -> bool:
    """ISO 32000-1 section 7.6.4: readable for those alone who hold a certain key."""
    return b"/Adobe.PubSec" in path.read_bytes()


def _check(document: pikepdf.Pdf, path: Path, pages_max: int) -> PdfFacts:
    pages = len(document.pages)
    mended = any("recover" in said or "reconstruct" in said or "damaged" in said for said in _complaints(document))
    if mended and not _ends_well(path):
        raise Refused("truncated")
    if pages == 0:
        raise Refused("empty")
    if pages > pages_max:
        raise Refused(
            "too-many-pages",
            f"Tệp có {pages} trang, giới hạn là {pages_max}.",
            f"It has {pages} pages; the limit is {pages_max}.",
        )
    if bool(document.Root.get("/NeedsRendering", False)):  # ISO 32000-1 table 28: its pages only say "Please wait…"
        raise Refused("dynamic-form")
    total = swollen = 0
    for stream in _streams(document):
        size = _measured(stream)
        total += size
        if size > max(_SWOLLEN * int(stream.get("/Length", 0)), _picture_size(stream)):
            swollen += size
        if total > _TOTAL_MAX or swollen > _SWOLLEN_TOTAL_MAX:
            raise Refused("bomb")
    facts = PdfFacts(pages, any(True for _ in signature_fields(document)))
    if mended:
        facts.warnings.append("repaired")
    if document.is_encrypted:
        facts.warnings.append("password-lifted")
    return facts


def _complaints(document: pikepdf.Pdf) -> list[str]:
    return [str(each).lower() for each in document.get_warnings()]


def _ends_well(path: Path) -> bool:
    """No object is begun behind its last end; what web systems put there is none."""
    content = path.read_bytes()
    ends = content.rfind(b"%%EOF")
    return ends >= 0 and re.search(rb"\d\s+obj\b", content[ends:]) is None


def signature_fields(document: pikepdf.Pdf) -> Iterator[pikepdf.Dictionary]:
    """The values of signed signature fields."""
    form = document.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary):
        return
    waiting = list(_array(form.get("/Fields")))
    seen: set[tuple[int, int]] = set()
    while waiting:
        each = waiting.pop()
        if not isinstance(each, pikepdf.Dictionary) or (each.is_indirect and each.objgen in seen):
            continue
        if each.is_indirect:
            seen.add(each.objgen)
        value = each.get("/V")
        if isinstance(value, pikepdf.Dictionary) and "/ByteRange" in value and "/Contents" in value:
            yield value
        waiting.extend(_array(each.get("/Kids")))


def _array(value: object) -> list[pikepdf.Object]:
    return list(value) if isinstance(value, pikepdf.Array) else []


def _streams(document: pikepdf.Pdf) -> Iterator[pikepdf.Stream]:
    for each in document.objects:
        if isinstance(each, pikepdf.Stream):
            yield each


def _measured(stream: pikepdf.Stream) -> int:
    """About how many bytes it inflates to, at most. Raises Refused for a bomb."""
    filters = _filters(stream)
    if stream.get("/Subtype") == pikepdf.Name.Image:
        _check_image(stream)
    if len(filters) > _FILTERS_MAX:
        raise Refused("bomb")
    stages = list(itertools.takewhile(lambda name: name not in _PICTURES, filters))
    packed = int(stream.get("/Length", 0)) if not stages else len(stream.read_raw_bytes())
    if not stages or (len(stages) == 1 and packed * _WORST.get(stages[0], _RATIO) <= _STREAM_MAX):
        return packed
    content = stream.read_raw_bytes()
    for number, name in enumerate(stages, start=1):
        if number == len(stages):
            return _size(name, content)
        content = _unrolled(name, content)
    return len(content)


def _size(name: str, content: bytes) -> int:
    """That it decodes to. Raises Refused for a bomb."""
    if name in ("/FlateDecode", "/Fl"):
        return _inflated(content)
    size = len(content) * _WORST.get(name, 1)
    if size > _STREAM_MAX:
        raise Refused("bomb")
    return size


def _unrolled(name: str, content: bytes) -> bytes:
    """What the next filter gets. Raises Refused where that is more than is kept in memory."""
    if name in ("/FlateDecode", "/Fl"):
        with contextlib.suppress(zlib.error):
            content = zlib.decompressobj().decompress(content, _STAGE_MAX + 1)
    elif name in ("/ASCII85Decode", "/A85"):
        with contextlib.suppress(ValueError):
            content = base64.a85decode(content.strip().removeprefix(b"<~").partition(b"~>")[0])
    elif name in ("/ASCIIHexDecode", "/AHx"):
        with contextlib.suppress(ValueError):
            content = bytes.fromhex(content.partition(b">")[0].decode("ascii", "ignore"))
    elif len(content) * _WORST.get(name, 1) > _STAGE_MAX:
        raise Refused("bomb")
    if len(content) > _STAGE_MAX:
        raise Refused("bomb")
    return content


def _inflated(packed: bytes) -> int:
    """Counts without keeping. A broken stream counts as far as it goes."""
    size = 0
    inflater = zlib.decompressobj()
    waiting = packed
    with contextlib.suppress(zlib.error):
        while waiting and not inflater.eof:
            size += len(inflater.decompress(waiting, _PIECE))
            waiting = inflater.unconsumed_tail
            if size > _STREAM_MAX:
                raise Refused("bomb")
    return size


def _check_image(stream: pikepdf.Stream) -> None:
    try:
        width, height = int(stream.get("/Width", 0)), int(stream.get("/Height", 0))
    except (TypeError, ValueError, OverflowError):
        raise Refused("damaged") from None
    if max(width, height) > _SIDE_MAX or width * height > _PIXELS_MAX:
        raise Refused("bomb")


def _picture_size(stream: pikepdf.Stream) -> int:
    """Bytes that its width and height allow, with four colours of eight bits and what predictors add; 0: no picture."""
    if stream.get("/Subtype") != pikepdf.Name.Image:
        return 0
    return (int(stream.get("/Width", 0)) + 1) * int(stream.get("/Height", 0)) * 4


def _filters(stream: pikepdf.Stream) -> list[str]:
    value = stream.get("/Filter")
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, pikepdf.Array) else [str(value)]
