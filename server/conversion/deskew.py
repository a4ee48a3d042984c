"""Scanned pages set straight: each is drawn small, its skew measured, and if it is crooked put back as one picture.

OCRmyPDF can do this too, but asks tesseract for the angle and draws each page three times: 1.4 s of processor a page
against 0.2 here."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
from numpy.typing import NDArray
from PIL import Image
from pypdfium2 import raw

_DPI = (150.0, 300.0)
"""Of the pictures put back: what the scan has, within these."""
_SMALL = 500
"""Pixels across the copy that the skew is measured on."""
_STEEPEST = 6.0
"""Degrees. A page that lies worse was put in by hand, and its text is found as it is."""
_COARSE, _FINE = 0.5, 0.1
_WORTH_IT = 0.15
"""Degrees below which turning only blurs."""
_CLEARER = 1.05
"""The lines must come out this much sharper, or it is no text."""
_QUALITY = 75
_BLACK_OR_WHITE = [0] * 140 + [255] * 116
"""A turned letter's edge is grey."""
_COLOURED = 24
"""Difference between channels that is colour, not the scanner's tint."""
_COLOUR_PART = 0.0005
"""Of the pixels: a red stamp is twenty times that."""


def straighten(source: Path, target: Path, pages: Sequence[int], told: Callable[[float], None]) -> None:
    """A copy with those of these pages (from 1) that lie crooked as straight pictures of the same size; the others as
    they are: putting a picture back makes it larger, and less sharp."""
    with pikepdf.open(source, suppress_warnings=True) as document, pypdfium2.PdfDocument(source) as drawn:
        for done, number in enumerate(pages, start=1):
            page = drawn[number - 1]
            try:
                width, height = page.get_size()
                angle = skew(page.render(scale=_SMALL * 2 / max(width, height), grayscale=True).to_pil())
                if angle:
                    picture = page.render(scale=_dpi(page) / 72).to_pil().convert("RGB")
                    straight = _turned(_plain(picture), angle)
                    if _is_bitonal(page):
                        straight = straight.convert("L").point(_BLACK_OR_WHITE, "1")
                    put_picture(document, number, straight, width, height, quality=_QUALITY)
            finally:
                page.close()
            told(done / len(pages))
        document.save(target)


def skew(picture: Image.Image) -> float:
    """Degrees by which to turn the picture (counter-clockwise) so that its lines lie level or upright; 0 where nothing
    speaks for a turn."""
    small = picture.convert("L")
    small.thumbnail((_SMALL * 2, _SMALL * 2), reducing_gap=2)
    ink = 255.0 - np.asarray(small, dtype=np.float32)
    ink -= ink.min()
    y, x = np.nonzero(ink > max(60.0, float(ink.max()) * 0.4))
    if len(x) < 200:
        return 0.0
    weights = ink[y, x]
    coarse = np.arange(-_STEEPEST, _STEEPEST + _COARSE, _COARSE)
    best = max(coarse, key=lambda angle: _sharpness(x, y, weights, float(angle)))
    fine = np.arange(best - _COARSE, best + _COARSE, _FINE)
    angle = float(max(fine, key=lambda each: _sharpness(x, y, weights, float(each))))
    level = _sharpness(x, y, weights, 0.0)
    if abs(angle) < _WORTH_IT or abs(angle) > _STEEPEST or _sharpness(x, y, weights, angle) < level * _CLEARER:
        return 0.0
    return angle


def _sharpness(x: NDArray[np.int64], y: NDArray[np.int64], weights: NDArray[np.float32], angle: float) -> float:
    """How unevenly the ink falls into rows (or columns, of a page on its side) when turned by the angle."""
    turn = np.deg2rad(angle)
    rows = y * np.cos(turn) - x * np.sin(turn)
    columns = x * np.cos(turn) + y * np.sin(turn)
    return max(_unevenness(rows, weights), _unevenness(columns, weights))


def _unevenness(places: NDArray[np.float64], weights: NDArray[np.float32]) -> float:
    counted = np.bincount((places - places.min()).astype(np.int64), weights)
    return float(np.square(np.diff(counted)).sum())


def _turned(picture: Image.Image, angle: float) -> Image.Image:
    paper = tuple(int(each) for each in np.median(np.asarray(picture.resize((64, 64))).reshape(64 * 64, -1), axis=0))
    fill = paper if len(paper) > 1 else paper[0]
    return picture.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=fill)


def _is_bitonal(page: pypdfium2.PdfPage) -> bool:
    """All pictures on it are black and white."""
    depths = []
    for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        about = raw.FPDF_IMAGEOBJ_METADATA()
        if raw.FPDFImageObj_GetImageMetadata(each, page, about):
            depths.append(about.bits_per_pixel)
    return bool(depths) and max(depths) == 1


def _plain(picture: Image.Image) -> Image.Image:
    """Grey, unless there is colour in it."""
    small = np.asarray(picture.resize((256, 256), Image.Resampling.BOX), dtype=np.int16)
    coloured = (small.max(axis=2) - small.min(axis=2)) > _COLOURED
    return picture if coloured.mean() > _COLOUR_PART else picture.convert("L")


def _dpi(page: pypdfium2.PdfPage) -> float:
    """Of the largest picture on the page."""
    found = 0.0
    for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, _, right, _ = each.get_bounds()
        pixels, _ = each.get_px_size()
        if right - left > page.get_width() / 3:
            found = max(found, pixels * 72 / (right - left))
    return min(max(found, _DPI[0]), _DPI[1])


def put_picture(
    document: pikepdf.Pdf, number: int, picture: Image.Image, width: float, height: float, *, quality: int
) -> None:
    """The page becomes this picture, upright, `width` by `height` points: as JPEG, or CCITT G4 where it is black and
    white (a tenth of the bytes, and sharp)."""
    image = _group_4(document, picture) if picture.mode == "1" else _jpeg(document, picture, quality)
    image["/Type"] = pikepdf.Name.XObject
    image["/Subtype"] = pikepdf.Name.Image
    image["/Width"], image["/Height"] = picture.size
    image["/BitsPerComponent"] = 1 if picture.mode == "1" else 8
    image["/ColorSpace"] = pikepdf.Name.DeviceRGB if picture.mode == "RGB" else pikepdf.Name.DeviceGray
    content = document.make_stream(f"q {width:.4f} 0 0 {height:.4f} 0 0 cm /Scan Do Q".encode())
    page = document.pages[number - 1].obj
    for key in ("/Annots", "/CropBox", "/Rotate", "/TrimBox", "/BleedBox", "/ArtBox", "/UserUnit", "/StructParents"):
        if key in page:
            del page[key]
    page["/Rotate"] = 0  # an inherited one must not turn it again
    page["/MediaBox"] = page["/CropBox"] = pikepdf.Array([0, 0, width, height])
    page["/Resources"] = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=image))
    page["/Contents"] = content


def _jpeg(document: pikepdf.Pdf, picture: Image.Image, quality: int) -> pikepdf.Stream:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, optimize=True)
    return document.make_stream(buffer.getvalue(), Filter=pikepdf.Name.DCTDecode)


def _group_4(document: pikepdf.Pdf, picture: Image.Image) -> pikepdf.Stream:
    """As libtiff packs it, in one strip (TIFF 6.0: RowsPerStrip 278, StripOffsets 273, StripByteCounts 279)."""
    buffer = io.BytesIO()
    picture.save(buffer, "TIFF", compression="group4", tiffinfo={278: picture.height})
    with Image.open(buffer) as saved:
        tags = saved.tag_v2  # type: ignore[attr-defined]
        (start,), (size,) = tags[273], tags[279]
        zero_is_black = tags[262] == 1
    parameters = pikepdf.Dictionary(K=-1, Columns=picture.width, Rows=picture.height, BlackIs1=zero_is_black)
    packed = buffer.getvalue()[start : start + size]
    return document.make_stream(packed, Filter=pikepdf.Name.CCITTFaxDecode, DecodeParms=parameters)
