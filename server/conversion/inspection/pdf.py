"""PDF: openable, of a bearable length, and nothing in it swells beyond measure."""

import contextlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pikepdf

from server.conversion.refusals import Refused

_STREAM_MAX = 512 * 1024 * 1024
"""Bytes of one stream when inflated. A page of scan, uncompressed, in colour, at 600 dots per inch is a fifth."""
_TOTAL_MAX = 8 * 1024 * 1024 * 1024
_RATIO = 1032
"""Deflate packs no tighter: what is small enough cannot swell to the limit."""
_SIDE_MAX = 40_000
_PIXELS_MAX = 400_000_000
_PIECE = 4 * 1024 * 1024
_FILTERS_MAX = 3
_TAIL = 2048


@dataclass
class PdfFacts:
    pages: int
    signed: bool
    warnings: list[str] = field(default_factory=list)


def check(path: Path, pages_max: int) -> PdfFacts:
    """Raises Refused."""
    try:
        with pikepdf.open(path, suppress_warnings=True) as document:
            return _check(document, path, pages_max)
    except pikepdf.PasswordError as error:
        raise Refused("encrypted") from error
    except (pikepdf.PdfError, RecursionError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refused("damaged" if _ends_well(path) else "truncated") from error


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
    total = 0
    for stream in _streams(document):
        total += _measured(stream)
        if total > _TOTAL_MAX:
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
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        return b"%%EOF" in file.read()


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
    inflating = [name for name in filters if name in ("/FlateDecode", "/Fl", "/LZWDecode", "/LZW", "/RunLengthDecode")]
    packed = len(stream.read_raw_bytes()) if inflating else int(stream.get("/Length", 0))
    if not inflating or (len(inflating) == 1 and packed * _RATIO <= _STREAM_MAX):
        return packed
    if len(inflating) == 1 and filters == inflating and filters[0] in ("/FlateDecode", "/Fl"):
        return _inflated(stream.read_raw_bytes())
    return _unrolled(stream, filters)


def _unrolled(stream: pikepdf.Stream, filters: list[str]) -> int:
    """Of chained filters: the first stage that swells must come out small, so that the next cannot blow up."""
    content = stream.read_raw_bytes()
    for name in filters:
        if name in ("/FlateDecode", "/Fl"):
            size = _inflated(content)
            if size > _STREAM_MAX // _RATIO:
                raise Refused("bomb")
            with contextlib.suppress(zlib.error):
                content = zlib.decompressobj().decompress(content, size + 1)
    if len(content) * _RATIO > _STREAM_MAX:
        raise Refused("bomb")
    return len(content)


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


def _filters(stream: pikepdf.Stream) -> list[str]:
    value = stream.get("/Filter")
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, pikepdf.Array) else [str(value)]
