"""Paper to text: pictures become a PDF, pages without text are set straight and recognised.

Vietnamese alone (`vie`): with English beside it tesseract reads "pANG BO TINH" for "ĐẢNG BỘ TỈNH" and takes a third
longer; the Vietnamese model knows the plain Latin letters too."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
from PIL import Image, ImageOps
from pypdfium2 import raw

from server.conversion.deskew import put_picture
from server.conversion.inspection import pictures

_LANGUAGE = "vie"
_LONG_SIDE = 3508
"""Pixels of A4 at 300 dots per inch: tesseract wins nothing from more."""
_A4_LONG = 297 / 25.4
"""Inches."""
_ORIENTATION_CERTAIN = 5.0
"""OCRmyPDF's default, 14, leaves half of the pages lying on their side as they are."""
_PAGE_SECONDS = 120.0
_QUALITY = 85
_COARSER, _FINE = 1.5, 300


class Unreadable(Exception):
    """The pages can be seen, but not recognised."""


class NotInstalled(Exception):
    """Tesseract or its language is missing: a matter of the machine, not of the file."""


def picture_to_pdf(source: Path, target: Path) -> None:
    """A photo or scan as a page (a scanner's TIFF: as many as it has): the way up that EXIF says, even light, no larger
    than needed, A4 where it does not say how large it is. Black and white stays black and white."""
    with Image.open(source, formats=pictures.FORMATS) as opened, pikepdf.new() as document:
        for number in range(pictures.sheets(opened)):
            if number:
                opened.seek(number)
            sheet = opened.copy() if opened.mode == "1" else _sheet(opened)
            inches = max(sheet.size) / _A4_LONG
            width, height = (side / inches * 72 for side in sheet.size)
            document.add_blank_page(page_size=(width, height))
            put_picture(document, number + 1, sheet, width, height, quality=_QUALITY)
        document.save(target)


def _sheet(opened: Image.Image) -> Image.Image:
    picture = _eight_bits(ImageOps.exif_transpose(opened))
    if "A" in picture.getbands() or "transparency" in picture.info:
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture.convert("RGBA"))
    picture = picture.convert("L" if picture.mode == "L" else "RGB")
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


def recognise(
    source: Path,
    target: Path,
    pages: Sequence[int],
    *,
    keep: bool,
    anew: bool,
    cores: int,
    told: Callable[[float], None],
) -> None:
    """A copy whose `pages` have a text layer, and are turned the right way up unless they are to `keep` as they lie.
    Text that can be seen stays, what an earlier recognition left is replaced; `anew`: whatever text there is is left
    aside. What was read before, by a file beside the target, is not read again. Raises NotInstalled, Unreadable."""
    import ocrmypdf  # noqa: PLC0415  takes a second, and most papers are no scans

    from server.conversion import ocr_progress, recognised_pages  # noqa: PLC0415

    recognised_pages.kept.open(target.parent)
    ocr_progress.told[:] = [told]
    logging.getLogger("ocrmypdf").setLevel(logging.CRITICAL)
    try:
        ocrmypdf.ocr(
            source,
            target,
            language=[_LANGUAGE],
            pages=",".join(map(str, pages)),
            mode="force" if anew else "redo",
            output_type="pdf",
            rasterizer="pypdfium",
            rotate_pages=not keep,
            rotate_pages_threshold=None if keep else _ORIENTATION_CERTAIN,
            oversample=_finest(source, pages),
            optimize=0,
            fast_web_view=0,
            invalidate_digital_signatures=True,
            tesseract_timeout=_PAGE_SECONDS,
            jobs=cores,
            use_threads=True,
            progress_bar=True,
            plugins=["server.conversion.ocr_progress", "server.conversion.recognised_pages"],
        )
    except ocrmypdf.exceptions.MissingDependencyError as error:
        raise NotInstalled(str(error)) from error
    except (ocrmypdf.exceptions.BadArgsError, MemoryError):
        raise
    except Exception as error:  # its own errors, and those of all it reads PDF with
        raise Unreadable(repr(error)) from error


def _finest(source: Path, pages: Sequence[int]) -> int:
    """Dots per inch that these pages are to be drawn with, where OCRmyPDF would go by the coarser picture: scanners lay
    the letters, fine, over the paper's ground, coarse."""
    finest = 0.0
    with pypdfium2.PdfDocument(source) as document:
        for number in pages:
            page = document[number - 1]
            dots = [dpi for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]) if (dpi := _dpi(each, page))]
            page.close()
            if dots and max(dots) > min(dots) * _COARSER:
                finest = max(finest, *dots)
    return round(min(finest, _FINE))


def _dpi(image: pypdfium2.PdfObject, page: pypdfium2.PdfPage) -> float:
    """0 for one that is no sheet's."""
    left, _, right, _ = image.get_bounds()
    return image.get_px_size()[0] * 72 / (right - left) if right - left > page.get_width() / 3 else 0.0


def forget_unused() -> None:
    """Of the pages that were kept: those that this paper has no more."""
    from server.conversion import recognised_pages  # noqa: PLC0415

    recognised_pages.kept.forget_unused()
