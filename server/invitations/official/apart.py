"""The letters of one file, each a file of its own. What they share (fonts, above all) is written once and begins
each of them, byte for byte; a letter's own words and its code follow as an incremental update (ISO 32000-1 section
7.5.6)."""

import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import pikepdf

MM = 72 / 25.4
CODE_SIDE, CODE_LEFT, CODE_BOTTOM = 26 * MM, 30 * MM, 20 * MM
"""Where `letter.typ` leaves room for the code at the foot of a letter's last page."""
QUIET = 2
"""Modules left white around a code; the page around it is white, too."""
_RUN = re.compile("1+")
_LABEL = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")


@dataclass(frozen=True, slots=True)
class Single:
    """One letter: `shared` and then `own`."""

    shared: bytes
    own: bytes


@dataclass(frozen=True, slots=True)
class _Shared:
    content: bytes
    words: tuple[int, ...]
    """Objects that hold what stands on each page."""
    code: int
    objects: int
    root: int
    table: int
    """Where its cross-reference table is."""


def apart(pdf: bytes, codes: Sequence[Sequence[str] | None]) -> list[Single]:
    """The letters of `typeset`'s file, in their order: a page numbered 1 begins one. `codes`: the rows of each one's
    code (`core.qr.rows`) that is drawn where room was left for it."""
    with pikepdf.open(io.BytesIO(pdf)) as together:
        letters: list[list[pikepdf.Page]] = []
        for page, begins in zip(together.pages, _begins(together), strict=True):
            letters[len(letters) :] = [[]] if begins else []
            letters[-1].append(page)
        known: dict[tuple[bytes, ...], _Shared] = {}
        found = []
        for pages, rows in zip(letters, codes, strict=True):
            alike = tuple(page.obj.Resources.unparse() for page in pages)
            if alike not in known:
                known[alike] = _shared(pages)
            found.append(Single(known[alike].content, _own(known[alike], pages, rows)))
        return found


def _begins(pdf: pikepdf.Pdf) -> list[bool]:
    """Of each page whether a letter begins on it, by the page labels (ISO 32000-1 section 12.4.2): a range of them
    begins wherever the count begins anew."""
    numbers = list(pdf.Root["/PageLabels"]["/Nums"])
    starts = {int(place): int(label.get("/St", 1)) for place, label in zip(numbers[::2], numbers[1::2], strict=True)}
    return [starts.get(place) == 1 for place in range(len(pdf.pages))]


def _shared(pages: Sequence[pikepdf.Page]) -> _Shared:
    """Pages with nothing on them."""
    with pikepdf.Pdf.new() as made:
        for page in pages:
            made.pages.append(page)
            # The tree of tags stays behind: what points into it would point nowhere.
            if "/StructParents" in made.pages[-1].obj:
                del made.pages[-1].obj["/StructParents"]
            made.pages[-1].obj.Contents = pikepdf.Array([made.make_stream(b"")])
        made.pages[-1].obj.Contents.append(made.make_stream(b""))
        file = io.BytesIO()
        made.save(file, object_stream_mode=pikepdf.ObjectStreamMode.disable, linearize=False)
    content = file.getvalue()
    with pikepdf.open(io.BytesIO(content)) as saved:
        table = _LABEL.search(content)
        assert table is not None  # noqa: S101  it has just been written
        return _Shared(
            content,
            tuple(page.obj.Contents[0].objgen[0] for page in saved.pages),
            saved.pages[-1].obj.Contents[1].objgen[0],
            int(saved.trailer.Size),
            saved.Root.objgen[0],
            int(table[1]),
        )


def _own(shared: _Shared, pages: Sequence[pikepdf.Page], rows: Sequence[str] | None) -> bytes:
    streams = [(number, _packed(page)) for number, page in zip(shared.words, pages, strict=True)]
    if rows is not None:
        streams.append((shared.code, zlib.compress(_drawn(rows))))
    body, table = bytearray(b"\n"), bytearray()
    for number, packed in sorted(streams):
        table += b"%d 1\n%010d 00000 n \n" % (number, len(shared.content) + len(body))
        body += b"%d 0 obj\n<< /Filter /FlateDecode /Length %d >>\nstream\n" % (number, len(packed))
        body += packed + b"\nendstream\nendobj\n"
    trailer = b"<< /Size %d /Root %d 0 R /Prev %d >>" % (shared.objects, shared.root, shared.table)
    start = len(shared.content) + len(body)
    return bytes(body) + b"xref\n%s" % bytes(table) + b"trailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (trailer, start)


def _packed(page: pikepdf.Page) -> bytes:
    content = page.obj.Contents
    if isinstance(content, pikepdf.Array) or content.get("/Filter") != "/FlateDecode":
        page.contents_coalesce()
        return zlib.compress(page.obj.Contents.read_bytes())
    return content.read_raw_bytes()


def _drawn(rows: Sequence[str]) -> bytes:
    module = CODE_SIDE / (len(rows) + 2 * QUIET)
    left, top = CODE_LEFT + QUIET * module, CODE_BOTTOM + CODE_SIDE - QUIET * module
    runs = [
        f"{run.start()} {-y} {run.end() - run.start()} -1 re"
        for y, row in enumerate(rows)
        for run in _RUN.finditer(row)
    ]
    return f"q {module:.5f} 0 0 {module:.5f} {left:.4f} {top:.4f} cm 0 g {' '.join(runs)} f Q".encode()
