"""Every page's text and pictures, by as many processes as there are cores. PDFium is not safe for threads.

A page is drawn once, at the larger width; the smaller picture is that one halved: 4 ms instead of another 30. WebP at
method 2 is the knee (A4 of text, 1800 across: method 0 335 kB in 70 ms, 2 264 kB in 110 ms, 4 255 kB in 270 ms)."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pypdfium2
from PIL import Image
from pypdfium2 import raw

from server.conversion.messages import PAGES, WIDTHS, MadePage
from server.conversion.refusals import Refused
from server.conversion.text import lines_of, text_of

_QUALITY = {WIDTHS[0]: 75, WIDTHS[1]: 65}
"""Seen at half its size, the larger one may be coarser."""
_METHOD = 2
_LARGE_DPI, _LARGE_ACROSS, _LARGE_PIXELS = 110, 5400, 40_000_000
"""A plan or a map (A2 and more) is drawn at so many dots per inch: letters of 8 points are 12 pixels high then, and can
be read where the page is made larger. An A0 sheet across is 5,150 pixels."""
_HEIGHT_MAX = 12_000
"""Pixels. A till roll of a page is narrower than asked for, never higher than this."""
_AT_A_TIME = 4
"""Pages for one process before it reports."""
_POOL_PAYS = 6
"""From so many pages on a second process is worth its start."""

_open: dict[str, pypdfium2.PdfDocument] = {}


def make(shown: Path, read: Path, folder: Path, *, cores: int, told: Callable[[float], None]) -> dict[str, int]:
    """Pictures of `shown` into `folder/pages`, text of `read` (the same pages) into `pages.jsonl` beside `folder`.
    Returns the pictures' bytes by width. `told` gets 0 … 1."""
    (folder / "pages").mkdir(parents=True)
    with pypdfium2.PdfDocument(shown) as document:
        count = len(document)
    batches = [range(first, min(first + _AT_A_TIME, count)) for first in range(0, count, _AT_A_TIME)]
    work = [(shown, read, folder / "pages", batch) for batch in batches]
    sizes = dict.fromkeys(WIDTHS, 0)
    done = 0
    with (folder.parent / PAGES).open("w", encoding="utf-8") as file:
        for pages, batch_sizes in _mapped(work, cores if count >= _POOL_PAYS else 1):
            for page in pages:
                file.write(page.model_dump_json() + "\n")
            for width, size in batch_sizes.items():
                sizes[width] += size
            done += len(pages)
            told(done / count)
    return {str(width): size for width, size in sizes.items()}


_Work = tuple[Path, Path, Path, range]
_Made = tuple[list[MadePage], dict[int, int]]


def _mapped(work: list[_Work], cores: int) -> Iterator[_Made]:
    if cores == 1:
        yield from map(_make_batch, work)
        return
    with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("fork")) as pool:
        try:
            yield from pool.map(_make_batch, work)
        except BrokenProcessPool as error:  # PDFium ends the process where it cannot go on
            raise Refused("damaged") from error


def _make_batch(work: _Work) -> _Made:
    shown, read, folder, numbers = work
    sizes = dict.fromkeys(WIDTHS, 0)
    pages = []
    for index in numbers:
        page = _opened(shown)[index]
        try:
            width, height = page.get_size()
            for across, size in _draw(page, folder, index + 1).items():
                sizes[across] += size
            text_page = page if read == shown else _opened(read)[index]
            lines = lines_of(text_page)
            pages.append(MadePage(number=index + 1, width=width, height=height, text=text_of(lines), lines=lines))
        finally:
            page.close()
    return pages, sizes


def _opened(path: Path) -> pypdfium2.PdfDocument:
    document = _open.get(str(path))
    if document is None:
        document = _open[str(path)] = pypdfium2.PdfDocument(path)
        document.init_forms()
        if document.formenv is not None:  # a field's value is to be read, not to be clicked
            raw.FPDF_SetFormFieldHighlightAlpha(document.formenv, 0)
    return document


def _draw(page: pypdfium2.PdfPage, folder: Path, number: int) -> dict[int, int]:
    small, large = WIDTHS
    width, height = page.get_size()
    scale = min(_across(width, height) / max(width, 1), _HEIGHT_MAX / max(height, 1))
    picture = page.render(scale=scale, may_draw_forms=True).to_pil()
    if picture.mode != "RGB":
        picture = picture.convert("RGB")
    sizes = {}
    for across, drawn in ((large, picture), (small, _halved(picture))):
        path = folder / f"{number}-{across}.webp"
        drawn.save(path, "WEBP", quality=_QUALITY[across], method=_METHOD)
        sizes[across] = path.stat().st_size
    return sizes


def _across(width: float, height: float) -> float:
    """Pixels of the larger picture of a page of so many points."""
    large = WIDTHS[1]
    wanted = min(width * _LARGE_DPI / 72, _LARGE_ACROSS, (_LARGE_PIXELS * width / max(height, 1)) ** 0.5)
    return float(max(large, wanted))


def _halved(picture: Image.Image) -> Image.Image:
    """A phone's picture of a large sheet has the pixels of a tablet's of a small one."""
    if picture.width > WIDTHS[1]:
        return picture.resize((WIDTHS[1], max(1, picture.height * WIDTHS[1] // picture.width)), reducing_gap=2)
    return picture.reduce(2) if min(picture.size) > 1 else picture
