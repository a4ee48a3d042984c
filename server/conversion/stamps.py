"""Stamps that are pictures or shapes on a page of true text, or coloured on a scan: what is drawn beside the text of
the first pages is recognised, for marks of secrecy alone. Nothing of it goes into the paper's text.

Recognition of a whole page misses stamps: they stand askew, and their frame is read as a letter. So each spot of ink of
a stamp's size is cut out, turned level and freed of its frame, and all of them are recognised in one go."""

import io
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pypdfium2 import raw

from server.conversion.text import Line

_DPI = 250
_ACROSS_MAX = 3500
"""Pixels: of a large sheet less is seen."""
_OBJECTS_MAX = 20_000
_OUTLINE = 12
"""Segments of a path; fewer make rulings, frames and arrows."""
_DARK = 150
_RED = 60
"""More red than green and blue: stamps are, what they lie on is not. Between any two colours, for other ink pads."""
_RED_SHARE = 0.5
"""Of a word's ink: the rest is what it was stamped over, or grey edges."""
_CELL = 10
"""Pixels: ink in neighbouring cells, or with one empty cell between, belongs together."""
_WIDTHS, _HEIGHTS = (0.03, 0.6), (0.008, 0.25)
"""Of a spot that may be a stamp, as parts of the page's width."""
_SPOTS_MAX = 24
_STEEPEST, _STEP = 14, 1
"""Degrees that a stamp stands askew."""
_ACROSS_PAGE, _ACROSS_STEP = 75, 3
"""Degrees of what is written across the page; it is taken for that where it needs this much less room when turned."""
_LESS_ROOM = 0.8
_POINTS = 20_000
"""Of a spot's ink are enough to tell how it lies."""
_PALE = 240
_WATERMARK, _WATERMARK_INK = (0.3, 0.05), 0.6
"""Least width and height of what lies behind the text, as parts of the page's width, and most of it that is inked."""
_COARSER = 5
"""A watermark's letters stand so many times farther apart than a stamp's."""
_LETTERS = 64
"""Pixels that a spot is high when it is recognised; tesseract wants capitals of 30 and more."""
_FRAMES = 3
_FRAME_SPANS = 0.85
"""Of both sides: a frame, and no letter."""
_SLANT = 0.4
_SECONDS = 60.0
_SURE = 20.0
"""Per cent that tesseract trusts itself; noise comes out at 10."""
_HIDDEN = raw.FPDF_TEXTRENDERMODE_INVISIBLE

_Ink = NDArray[np.bool_]


@dataclass(slots=True)
class _Spot:
    left: float
    top: float
    right: float
    bottom: float
    """Parts of the page."""
    picture: Image.Image


def drawn_words(source: Path, pages: int, scans: Collection[int]) -> dict[int, list[Line]]:
    """Page (from 1) -> lines that are drawn, not written, on the first `pages` (see text.Line). Of `scans`, which were
    recognised as a whole, only what is coloured or framed: there recognition of the page reads the frame as letters."""
    found: dict[int, list[Line]] = {}
    with pypdfium2.PdfDocument(source) as document:
        for number in range(1, min(pages, len(document)) + 1):
            try:
                page = document[number - 1]
            except pypdfium2.PdfiumError:
                continue
            try:
                spots = _spots_of_scan(page) if number in scans else _spots_beside_text(page)
            finally:
                page.close()
            if spots:
                found[number] = _recognised(spots)
    return {number: lines for number, lines in found.items() if lines}


def is_stamped(source: Path, page: int, box: tuple[float, float, float, float]) -> bool:
    """Whether what stands in the box (left, top, width, height, parts of the page, from 1) is in a frame or red: a
    stamp, and no word of the paper."""
    with pypdfium2.PdfDocument(source) as document:
        colours = _colours(document[page - 1]).astype(np.int16)
    height, width = colours.shape[:2]
    x, y = (box[0] + box[2] / 2) * width, (box[1] + box[3] / 2) * height
    ink = colours.min(axis=2) < _DARK
    top, left = int(box[1] * height), int(box[0] * width)
    within = np.s_[top : top + max(1, int(box[3] * height)), left : left + max(1, int(box[2] * width))]
    red = colours[:, :, 0] - colours[:, :, 1:].max(axis=2) > _RED
    if ink[within].any() and (red & ink)[within].sum() > ink[within].sum() * _RED_SHARE:
        return True
    for rows, columns in _clusters(ink):
        inside = rows.start <= y < rows.stop and columns.start <= x < columns.stop
        if (
            inside
            and columns.stop - columns.start < width * _WIDTHS[1]
            and rows.stop - rows.start < width * _HEIGHTS[1]
        ):
            frames, _ = _unframed(_level(ink[rows, columns]))
            return bool(frames)
    return False


def _spots_beside_text(page: pypdfium2.PdfPage) -> list[_Spot]:
    drawn = _beside_text(page)
    if drawn is None:
        return []
    shades = drawn.min(axis=2)  # a red stamp is as dark as a black one
    return [*_spots(shades < _DARK), *_watermarks(shades < _PALE)][:_SPOTS_MAX]


def _beside_text(page: pypdfium2.PdfPage) -> NDArray[np.uint8] | None:
    """The page without its text; None where nothing is left that could be letters."""
    letters = bool(raw.FPDFPage_GetAnnotCount(page))
    for index, each in enumerate(page.get_objects(max_depth=6)):
        if index > _OBJECTS_MAX:
            return None
        if each.type == raw.FPDF_PAGEOBJ_TEXT:
            raw.FPDFTextObj_SetTextRenderMode(each, _HIDDEN)
        elif each.type == raw.FPDF_PAGEOBJ_PATH:
            letters = letters or raw.FPDFPath_CountSegments(each) >= _OUTLINE
        else:
            letters = True
    return _colours(page) if letters else None


def _spots_of_scan(page: pypdfium2.PdfPage) -> list[_Spot]:
    colours = _colours(page).astype(np.int16)
    red: _Ink = colours[:, :, 0] - colours[:, :, 1:].max(axis=2) > _RED
    dark: _Ink = colours.min(axis=2) < _DARK
    # Of another ink pad, over the text: framed with it, it would be one spot.
    other: _Ink = (colours.max(axis=2) - colours.min(axis=2) > _RED) & ~red
    return [*_spots(red), *_spots(dark & ~red & ~other, framed=True), *_spots(other)][:_SPOTS_MAX]


def _colours(page: pypdfium2.PdfPage) -> NDArray[np.uint8]:
    width, height = page.get_size()
    scale = min(_DPI / 72, _ACROSS_MAX / max(width, height, 1))
    return np.asarray(page.render(scale=scale, may_draw_forms=True).to_pil().convert("RGB"))


# -- spots of ink


def _spots(ink: _Ink | None, *, framed: bool = False) -> list[_Spot]:
    """`framed`: only what has a frame around it."""
    if ink is None:
        return []
    height, width = ink.shape
    made = []
    for rows, columns in _clusters(ink):
        box = (columns.start, rows.start, columns.stop, rows.stop)
        across, down = (box[2] - box[0]) / width, (box[3] - box[1]) / width
        if _WIDTHS[0] <= across <= _WIDTHS[1] and _HEIGHTS[0] <= down <= _HEIGHTS[1]:
            # A frame is long: most of what is no stamp need not be turned to see that.
            if framed and not _has_long_edges(ink[rows, columns]):
                continue
            frames, picture = _unframed(_level(ink[rows, columns]))
            if picture is not None and (frames or not framed):
                made.append(_Spot(box[0] / width, box[1] / height, box[2] / width, box[3] / height, picture))
    return made[:_SPOTS_MAX]


def _watermarks(ink: _Ink) -> list[_Spot]:
    """Large letters, pale or not, across the page."""
    height, width = (side // _COARSER for side in ink.shape)
    blocks = ink[: height * _COARSER, : width * _COARSER].reshape(height, _COARSER, width, _COARSER)
    made = []
    for rows, columns in _clusters(np.asarray(blocks.any(axis=(1, 3)))):
        box = (columns.start, rows.start, columns.stop, rows.stop)
        across, down = (box[2] - box[0]) / width, (box[3] - box[1]) / width
        left, top, right, bottom = (edge * _COARSER for edge in box)
        within = ink[top:bottom, left:right]
        if across < _WATERMARK[0] or down < _WATERMARK[1] or within.mean() > _WATERMARK_INK:
            continue
        _, picture = _unframed(_level(within))
        if picture is not None:
            made.append(_Spot(box[0] / width, box[1] / height, box[2] / width, box[3] / height, picture))
    return made


def _has_long_edges(ink: _Ink) -> bool:
    """Ink near each of the four sides, along most of it, whatever its slope."""
    height, width = ink.shape
    depth_x, depth_y = max(3, int(width * _SLANT)), max(3, int(height * _SLANT))
    sides = (ink[:depth_y].any(0), ink[-depth_y:].any(0), ink[:, :depth_x].any(1), ink[:, -depth_x:].any(1))
    return all(side.mean() > _FRAME_SPANS for side in sides)


def _clusters(ink: _Ink) -> Iterator[tuple[slice, slice]]:
    """Rows and columns around ink that lies together, from the top of the page."""
    height, width = ink.shape
    padded = np.pad(ink, ((0, -height % _CELL), (0, -width % _CELL)))
    cells = padded.reshape(padded.shape[0] // _CELL, _CELL, padded.shape[1] // _CELL, _CELL).any(axis=(1, 3))
    waiting = {(int(y), int(x)) for y, x in zip(*np.nonzero(cells), strict=True)}
    for start in sorted(waiting):
        if start not in waiting:
            continue
        waiting.discard(start)
        cluster = [start]
        for y, x in cluster:  # grows as it goes
            near = {(y + dy, x + dx) for dy in (-2, -1, 0, 1, 2) for dx in (-2, -1, 0, 1, 2)} & waiting
            waiting -= near
            cluster += near
        down, across = [y for y, _ in cluster], [x for _, x in cluster]
        yield (
            slice(min(down) * _CELL, min((max(down) + 1) * _CELL, height)),
            slice(min(across) * _CELL, min((max(across) + 1) * _CELL, width)),
        )


def _level(ink: _Ink) -> _Ink:
    """Turned to where it takes the least room: a frame or a line of letters lies level then."""
    y, x = np.nonzero(ink)
    few = slice(None, None, max(1, len(x) // _POINTS))
    y, x = y[few], x[few]

    def room(angle: int) -> float:
        turn = np.deg2rad(angle)
        across, down = np.ptp(x * np.cos(turn) + y * np.sin(turn)), np.ptp(y * np.cos(turn) - x * np.sin(turn))
        return float(across * down) if across > down else np.inf

    best = min(range(-_STEEPEST, _STEEPEST + 1, _STEP), key=lambda angle: (room(angle), abs(angle)))
    steep = min(range(-_ACROSS_PAGE, _ACROSS_PAGE + 1, _ACROSS_STEP), key=room)
    if room(steep) < room(best) * _LESS_ROOM:
        best = min(range(steep - _ACROSS_STEP, steep + _ACROSS_STEP), key=room)
    picture = Image.fromarray(np.where(ink, 255, 0).astype(np.uint8))
    turned = picture.rotate(best, expand=True, resample=Image.Resampling.BICUBIC) if best else picture
    return np.asarray(turned) > 127


def _unframed(ink: _Ink) -> tuple[int, Image.Image | None]:
    """How many frames are around it, and what is in them, black on white; None where nothing is left."""
    picture = Image.fromarray(np.where(ink, 255, 0).astype(np.uint8))
    frames = 0
    for _ in range(_FRAMES):
        box = picture.getbbox()
        if box is None:
            return frames, None
        picture = picture.crop(box)
        edge = np.nonzero(np.asarray(picture)[:, 0])[0]
        without = picture.copy()
        ImageDraw.floodfill(without, (0, int(edge[0])), 0)
        gone = np.asarray(picture) != np.asarray(without)
        y, x = np.nonzero(gone)
        if np.ptp(x) < picture.width * _FRAME_SPANS or np.ptp(y) < picture.height * _FRAME_SPANS:
            break
        picture = without
        frames += 1
    if picture.getbbox() is None:
        return frames, None
    scale = _LETTERS / picture.height
    size = (max(1, round(picture.width * scale)), _LETTERS)
    return frames, Image.eval(picture.resize(size, Image.Resampling.BICUBIC), lambda shade: 255 - shade)


# -- recognition


def _recognised(spots: list[_Spot]) -> list[Line]:
    """One line a spot."""
    room = _LETTERS * 2
    sheet = Image.new("L", (max(each.picture.width for each in spots) + room, room * len(spots)), 255)
    for index, each in enumerate(spots):
        sheet.paste(each.picture, (_LETTERS, index * room + _LETTERS // 2))
    said: dict[int, list[str]] = {}
    for middle, word in _words(sheet):
        said.setdefault(min(middle // room, len(spots) - 1), []).append(word)
    return [_line(spots[index], words) for index, words in sorted(said.items())]


def _words(picture: Image.Image) -> Iterator[tuple[int, str]]:
    """Where the middle of each word is (pixels from the top), and what tesseract reads. Of its table: level, page,
    block, paragraph, line, word, left, top, width, height, confidence, text."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    command = ["tesseract", "stdin", "stdout", "-l", "vie", "--psm", "6", "--dpi", str(_DPI), "tsv"]
    try:
        done = subprocess.run(command, input=buffer.getvalue(), capture_output=True, check=True, timeout=_SECONDS)
    except (subprocess.SubprocessError, FileNotFoundError):
        return
    for row in done.stdout.decode("utf-8", errors="replace").splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) == 12 and cells[0] == "5" and float(cells[10]) > _SURE and cells[11].strip():
            yield int(cells[7]) + int(cells[9]) // 2, cells[11].strip()


def _line(spot: _Spot, words: list[str]) -> Line:
    each = (spot.right - spot.left) / len(words)
    placed = [[spot.left + index * each, each, word] for index, word in enumerate(words)]
    return [spot.left, spot.top, spot.right - spot.left, spot.bottom - spot.top, placed]
