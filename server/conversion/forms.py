"""Forms and other annotations of a PDF become part of its pages; what nothing draws is written onto them."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name, Object
from PIL import ImageFont
from pypdfium2 import raw

_DEPTH_MAX = 8
_UNSEEN = 2 | 32
"""Hidden, no view (ISO 32000-1 table 165)."""
_PUSHED = 1 << 16
_PASSWORD = 1 << 13
"""ISO 32000-1 tables 226 and 228."""
_MULTILINE = 1 << 12
_LETTERS, _SMALLEST = 12.0, 4.0
"""Points, of a value whose field says nothing."""
_FONT = "/usr/share/fonts/truetype/liberation2/LiberationSans-Regular.ttf"


@dataclass(frozen=True, slots=True)
class Bare:
    """What is to be written into a page, because nothing in the file draws it."""

    box: tuple[float, float, float, float]
    """Left, bottom, right, top, in points."""
    said: str
    turned: int
    """Degrees, counter-clockwise: 0, 90, 180, 270."""
    broken: bool
    """Into as many lines as it needs."""


def flatten(document: pikepdf.Pdf) -> dict[int, list[Bare]]:
    """Fields and other annotations that are drawn become part of the page. Returns what has no drawing, by page (from
    0)."""
    bare: dict[int, list[Bare]] = {}
    form = document.Root.get("/AcroForm")
    stale = isinstance(form, Dictionary) and bool(form.get("/NeedAppearances", False))
    for number, page in enumerate(document.pages):
        annotations = page.obj.get("/Annots")
        placed = list(_placed(annotations))
        if annotations is not None:
            page.obj["/Annots"] = Array(placed)
        for each in placed:
            if _is_unseen(each):
                continue
            found = _bare(each, stale=stale)
            if found is not None:
                bare.setdefault(number, []).append(found)
                each["/AP"] = Dictionary()
    if isinstance(form, Dictionary) and "/NeedAppearances" in form:
        del form["/NeedAppearances"]
    document.flatten_annotations("screen")
    for page in document.pages:
        annotations = page.obj.get("/Annots")
        if isinstance(annotations, Array):
            page.obj["/Annots"] = Array(
                [each for each in annotations if isinstance(each, Dictionary) and each.get("/Subtype") != Name.Widget]
            )
    if "/AcroForm" in document.Root and "/XFA" not in document.Root["/AcroForm"]:
        del document.Root["/AcroForm"]
    return bare


def _bare(annotation: Dictionary, *, stale: bool) -> Bare | None:
    drawn = isinstance(annotation.get("/AP"), Dictionary)
    stale = stale and _inherited(annotation, "/FT") != Name.Btn  # its look says which state is which
    field = annotation.get("/Subtype") == Name.Widget
    if not field and annotation.get("/Subtype") != Name.FreeText:
        return None
    said = _value(annotation) if field else _string(annotation.get("/Contents"))
    if not said or (drawn and not (field and stale)):
        return None
    box = [float(edge) for edge in annotation["/Rect"]]
    about, flags = annotation.get("/MK"), _inherited(annotation, "/Ff")
    turned = about.get("/R", 0) if isinstance(about, Dictionary) else 0
    return Bare(
        (min(box[0::2]), min(box[1::2]), max(box[0::2]), max(box[1::2])),
        said.replace("\r\n", "\n").replace("\r", "\n"),
        int(turned) if turned in (90, 180, 270) else 0,
        not field or bool(isinstance(flags, int) and flags & _MULTILINE),
    )


def _placed(annotations: Object | None) -> Iterator[Dictionary]:
    """Those that are annotations, and stand somewhere."""
    for each in annotations if isinstance(annotations, Array) else ():
        if not isinstance(each, Dictionary):
            continue
        box = each.get("/Rect")
        edges = list(box) if isinstance(box, Array) else []
        if len(edges) == 4 and all(isinstance(edge, int | float | Decimal) for edge in edges):
            yield each


def _is_unseen(annotation: Dictionary) -> bool:
    flags = annotation.get("/F", 0)
    return isinstance(flags, int) and bool(flags & _UNSEEN)


def _value(widget: Dictionary) -> str:
    """Of a field, as it is shown; what it is, and what it says, may stand above it."""
    said = {key: _inherited(widget, key) for key in ("/FT", "/V", "/Ff", "/Opt")}
    kind, value = said["/FT"], said["/V"]
    if kind == Name.Tx:
        secret = isinstance(said["/Ff"], int) and said["/Ff"] & _PASSWORD
        return "" if secret else _string(value)
    if kind == Name.Btn:
        return "X" if _is_ticked(widget, said["/Ff"]) else ""
    if kind == Name.Ch:
        shown = dict(_options(said["/Opt"]))
        chosen = map(_string, value if isinstance(value, Array) else [value])
        return ", ".join(shown.get(each, each) for each in chosen if each)
    return ""


def _is_ticked(widget: Dictionary, flags: Any) -> bool:
    """Of a box or a round button, not of one that is pressed."""
    state = widget.get("/AS", widget.get("/V"))
    pressed = isinstance(flags, int) and bool(flags & _PUSHED)
    return not pressed and isinstance(state, Name) and state != Name.Off


def _inherited(widget: Dictionary, key: str) -> Any:
    node: Object | None = widget
    for _ in range(_DEPTH_MAX):
        if not isinstance(node, Dictionary):
            break
        if key in node:
            return node[key]
        node = node.get("/Parent")
    return None


def _options(options: Any) -> Iterator[tuple[str, str]]:
    """What a choice is saved as, and what is shown for it (ISO 32000-1 section 12.7.4.4)."""
    for each in options if isinstance(options, Array) else ():
        if isinstance(each, Array) and len(each) == 2:
            yield _string(each[0]), _string(each[1])


def _string(value: Any) -> str:
    """A string, or a stream of one (ISO 32000-1 section 12.7.4.3)."""
    if isinstance(value, pikepdf.Stream):
        value = pikepdf.String(value.read_bytes())
    return str(value) if isinstance(value, pikepdf.String) else ""


def write_values(target: Path, bare: dict[int, list[Bare]]) -> None:
    """By PDFium: it has letters for every language, qpdf for Western ones alone."""
    content = Path(_FONT).read_bytes()
    written = target.with_name("written.pdf")
    with pypdfium2.PdfDocument(target) as document:
        buffer = (raw.c_uint8 * len(content)).from_buffer_copy(content)
        font = raw.FPDFText_LoadFont(document, buffer, len(content), raw.FPDF_FONT_TRUETYPE, 1)
        for number, values in bare.items():
            page = document[number]
            for each in values:
                _write(document, page, font, each)
            page.gen_content()
            page.close()
        with written.open("wb") as file:
            document.save(file)
    written.replace(target)


def _write(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, font: Any, bare: Bare) -> None:
    left, bottom, right, top = bare.box
    upright = bare.turned in (0, 180)
    across, down = (right - left, top - bottom) if upright else (top - bottom, right - left)
    size, lines = _set(bare, across, down)
    along = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[bare.turned]
    above = (-along[1], along[0])
    corner = {0: (left, bottom), 90: (right, bottom), 180: (right, top), 270: (left, top)}[bare.turned]
    for index, line in enumerate(lines):
        item = raw.FPDFPageObj_CreateTextObj(document, font, size)
        said = (line + "\0").encode("utf-16-le")
        raw.FPDFText_SetText(item, (raw.c_ushort * (len(said) // 2)).from_buffer_copy(said))
        y = (down - size) / 2 + size * 0.15 if len(lines) == 1 else down - size * 1.2 * (index + 1)
        at = [corner[axis] + 2 * along[axis] + y * above[axis] for axis in (0, 1)]
        raw.FPDFPageObj_Transform(item, *along, *above, *at)
        raw.FPDFPage_InsertObject(page, item)


def _set(bare: Bare, across: float, down: float) -> tuple[float, list[str]]:
    """The largest letters, and the lines, that fit into the box."""
    size = _LETTERS
    while True:
        font = ImageFont.truetype(_FONT, size)
        lines = bare.said.split("\n")
        if bare.broken:
            lines = [part for line in lines for part in _broken(line, font, across - 4)]
        widest = max(map(font.getlength, lines))
        if size <= _SMALLEST or (widest <= across - 4 and len(lines) * size * 1.2 <= max(down, size * 1.3)):
            return size, lines
        size -= 0.5


def _broken(line: str, font: ImageFont.FreeTypeFont, across: float) -> Iterator[str]:
    part = ""
    for word in line.split(" "):
        longer = f"{part} {word}" if part else word
        if part and font.getlength(longer) > across:
            yield part
            part = word
        else:
            part = longer
    yield part
