"""A copy made of pictures of its pages, with its reader's name burnt into each: nothing can be cut off to be rid of it,
nor taken out of the page's content. Slower and larger than a stamped one, so only for papers that are set so."""

import math
from functools import lru_cache
from pathlib import Path

import pikepdf
import pypdfium2
from PIL import Image, ImageDraw, ImageFont

from server.conversion.deskew import put_picture
from server.pdf import text_metrics

_DPI = 150
_PIXELS_MAX = 25_000_000
_QUALITY = 72
_FAINT = 38
"""Of 255: what is under the mark can be read, and the mark on white."""
_SLOPE = 35
_LINES_DOWN = 4
"""Times that the name stands on a page, one below the other: a page torn or cut in parts still has it."""


def burn(source: Path, target: Path, lines: tuple[str, ...]) -> int:
    """`lines`: whose copy it is, as in `Reader.lines`. Returns the pages."""
    with pypdfium2.PdfDocument(source) as drawn, pikepdf.new() as made:
        drawn.init_forms()
        for number in range(1, len(drawn) + 1):
            page = drawn[number - 1]
            width, height = page.get_size()
            scale = min(_DPI / 72, (_PIXELS_MAX / max(width * height, 1)) ** 0.5)
            picture = page.render(scale=scale, may_draw_forms=True).to_pil().convert("RGB")
            page.close()
            picture.paste((40, 40, 40), mask=_mask(picture.size, lines))
            made.add_blank_page(page_size=(width, height))
            put_picture(made, number, picture, width, height, quality=_QUALITY)
        made.save(target)
        return len(made.pages)


@lru_cache(maxsize=4)
def _mask(size: tuple[int, int], lines: tuple[str, ...]) -> Image.Image:
    """How strongly each pixel is marked."""
    width, height = size
    side = math.ceil(math.hypot(width, height))
    sheet = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(sheet)
    said = " · ".join(lines)
    letters = max(10, min(width, height) // 22)
    font = ImageFont.truetype(text_metrics.FILE, letters)
    step = side // (_LINES_DOWN * 2)
    across = max(1, round(font.getlength(said))) + letters * 3
    for row in range(0, side, step):
        for x in range(-(row // step % 2) * across // 2, side, across):
            draw.text((x, row), said, fill=_FAINT, font=font)
    turned = sheet.rotate(_SLOPE, resample=Image.Resampling.BILINEAR)
    left, top = (side - width) // 2, (side - height) // 2
    mask = turned.crop((left, top, left + width, top + height))
    foot = ImageFont.truetype(text_metrics.FILE, max(9, width // 70))
    ImageDraw.Draw(mask).text((width // 30, height - width // 40), "Bản cấp cho " + said, fill=190, font=foot)
    return mask
