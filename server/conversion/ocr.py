"""Paper to text: pictures become a PDF, pages without text are set straight and recognised.

Vietnamese alone (`vie`): with English beside it tesseract reads "pANG BO TINH" for "ĐẢNG BỘ TỈNH" and takes a third
longer; the Vietnamese model knows the plain Latin letters too."""

import io
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
from PIL import Image, ImageOps
from pypdfium2 import raw

from server.conversion.inspection import pictures

_LANGUAGE = "vie"
_LONG_SIDE = 3508
"""Pixels of A4 at 300 dots per inch: tesseract wins nothing from more."""
_A4_LONG = 297 / 25.4
"""Inches."""
_FEW = 40
"""Characters: a page number, a stamp's text over a scan."""
_COVERED = 0.5
"""A picture over this much of a page makes it a scan."""
_ORIENTATION_CERTAIN = 5.0
"""OCRmyPDF's default, 14, leaves half of the pages lying on their side as they are."""
_PAGE_SECONDS = 120.0


class Unreadable(Exception):
    """The pages can be seen, but not recognised."""


class NotInstalled(Exception):
    """Tesseract or its language is missing: a matter of the machine, not of the file."""


def picture_to_pdf(source: Path, target: Path) -> None:
    """A photo or scan as a page (a scanner's TIFF: as many as it has): the way up that EXIF says, even light, no larger
    than needed, A4 where it does not say how large it is."""
    pages: list[io.BytesIO] = []
    with Image.open(source, formats=pictures.FORMATS) as opened:
        for number in range(pictures.sheets(opened)):
            if number:
                opened.seek(number)
            sheet, page = _sheet(opened), io.BytesIO()
            sheet.save(page, "PDF", resolution=max(sheet.size) / _A4_LONG, quality=85)
            pages.append(page)
    with pikepdf.new() as document:
        for each in pages:
            with pikepdf.open(each) as single:
                document.pages.extend(single.pages)
        document.save(target)


def _sheet(opened: Image.Image) -> Image.Image:
    picture = _eight_bits(ImageOps.exif_transpose(opened))
    if "A" in picture.getbands() or "transparency" in picture.info:
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture.convert("RGBA"))
    picture = picture.convert("L" if picture.mode in ("1", "L") else "RGB")
    picture.thumbnail((_LONG_SIDE, _LONG_SIDE), reducing_gap=3)
    # The darkest and lightest percent: a grey sheet becomes white, its letters black.
    return ImageOps.autocontrast(picture, cutoff=1, preserve_tone=True)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Of deeper greys: Pillow would cut them off at 255 instead of scaling."""
    if not picture.mode.startswith("I") and picture.mode != "F":
        return picture
    values = np.asarray(picture).astype(np.float64)
    least, span = (0.0, 65535.0) if picture.mode.startswith("I;16") else (values.min(), np.ptp(values) or 1.0)
    return Image.fromarray(np.clip((values - least) * (255.0 / span), 0, 255).astype(np.uint8))


def pages_without_text(source: Path) -> list[int]:
    """Numbers (from 1) of pages that show a picture and hardly any text."""
    with pypdfium2.PdfDocument(source) as document:
        return [number for number in range(1, len(document) + 1) if _is_scan(document, number - 1)]


def _is_scan(document: pypdfium2.PdfDocument, index: int) -> bool:
    page = document[index]
    try:
        textpage = page.get_textpage()
        try:
            characters = textpage.count_chars()
        finally:
            textpage.close()
        if characters > 20 * _FEW:
            return False
        covered = 0.0
        area = max(1.0, page.get_width() * page.get_height())
        for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
            left, bottom, right, top = each.get_bounds()
            covered = max(covered, abs((right - left) * (top - bottom)) / area)
        # A whole-page picture with much text is a scan that was recognised before.
        return (characters <= _FEW and covered > 0.02) or (characters <= 4 * _FEW and covered > _COVERED)
    except pypdfium2.PdfiumError:
        return False
    finally:
        page.close()


def recognise(
    source: Path, target: Path, pages: Sequence[int], *, keep: bool, cores: int, told: Callable[[float], None]
) -> None:
    """A copy whose `pages` have a text layer, and are turned the right way up unless they are to `keep` as they lie.
    Raises NotInstalled, Unreadable."""
    import ocrmypdf  # noqa: PLC0415  takes a second, and most papers are no scans

    from server.conversion import ocr_progress  # noqa: PLC0415

    ocr_progress.told[:] = [told]
    logging.getLogger("ocrmypdf").setLevel(logging.CRITICAL)
    try:
        ocrmypdf.ocr(
            source,
            target,
            language=[_LANGUAGE],
            pages=",".join(map(str, pages)),
            mode="force" if keep else "skip",  # kept ones may have a stamp's text on them
            output_type="pdf",
            rasterizer="pypdfium",
            rotate_pages=not keep,
            rotate_pages_threshold=None if keep else _ORIENTATION_CERTAIN,
            optimize=0,
            fast_web_view=0,
            invalidate_digital_signatures=True,
            tesseract_timeout=_PAGE_SECONDS,
            jobs=cores,
            use_threads=True,
            progress_bar=True,
            plugins=["server.conversion.ocr_progress"],
        )
    except ocrmypdf.exceptions.MissingDependencyError as error:
        raise NotInstalled(str(error)) from error
    except (ocrmypdf.exceptions.BadArgsError, MemoryError):
        raise
    except Exception as error:  # its own errors, and those of all it reads PDF with
        raise Unreadable(repr(error)) from error
