"""Makes a PDF stampable."""

import re
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name

from server.pdf.embedded_font import embedded
from server.pdf.messages import Plan

SQUARE = 1000
"""Both stamps are drawn in their own space: a square over the middle of the page, and a strip at its foot that is as
wide as the square."""
STRIP = 40
_WIDEST = 700.0
"""Points that the strip takes at most: its letters do not grow with a poster."""
_MARK, _FOOT, _PAGE = "/NhipCauMark", "/NhipCauFoot", "/NhipCauPage"


class Stamps:
    """The objects that all pages share."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf
        self.font = embedded(pdf)
        faint = pdf.make_indirect(Dictionary(Type=Name.ExtGState, ca=0.14, CA=0.14))
        resources = Dictionary(Font=Dictionary(F=self.font), ExtGState=Dictionary(G=faint))
        self.mark = self._form(SQUARE, SQUARE, resources)
        self.foot = self._form(SQUARE, STRIP, resources)

    def _form(self, width: int, height: int, resources: Dictionary) -> pikepdf.Object:
        return self._pdf.make_indirect(
            self._pdf.make_stream(
                b"", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, width, height]), Resources=resources
            )
        )

    def _own(self, page: pikepdf.Page) -> pikepdf.Object:
        """The page's content as a form, whatever state it is in: what cannot be decoded stays packed as it is, which
        viewers show or do not show as they did before."""
        own = page.as_form_xobject(handle_transformations=False)
        try:
            own.write(own.read_bytes())  # until now it reads the page's contents, which are about to change
        except (pikepdf.PdfError, pikepdf.DependencyError, RuntimeError):
            contents = page.obj.get("/Contents")
            parts = list(contents) if isinstance(contents, Array) else [contents]
            packed = [each for each in parts if isinstance(each, pikepdf.Stream)]
            if len(packed) == 1 and "/Filter" in packed[0]:
                parameters = packed[0].get("/DecodeParms")
                own.write(packed[0].read_raw_bytes(), filter=packed[0].Filter, decode_parms=parameters)  # type: ignore[arg-type]
            else:
                own.write(b"\n".join(each.read_bytes() for each in packed if _can_be_read(each)))
        return own

    def put_on(self, page: pikepdf.Page, above: bytes = b"") -> None:
        """The page's own content becomes a form too: whatever state it leaves behind ends there. `above`: more content,
        in the page as it is seen (origin at the lower left), that may use the font as /F."""
        _mend_crop_box(page)
        own = self._own(page)
        own["/BBox"] = page.mediabox
        left, bottom, width, height, turn = _seen(page)
        middle = (left, bottom, width, height)
        strip = min(width, _WIDEST) / SQUARE
        square = min(width, height) / SQUARE
        centre = ((width - square * SQUARE) / 2, (height - square * SQUARE) / 2)
        content = b"\n".join(
            [
                b"q /NhipCauPage Do Q",
                b"q " + _placed(middle, turn, (0, 0), 1) + (above or b"") + b" Q",
                b"q " + _placed(middle, turn, centre, square) + b"/NhipCauMark Do Q",
                b"q " + _placed(middle, turn, (0, 0), strip) + b"/NhipCauFoot Do Q",
            ]
        )
        page.obj["/Contents"] = self._pdf.make_stream(content)
        page.obj["/Resources"] = Dictionary(
            XObject=Dictionary({_PAGE: own, _MARK: self.mark, _FOOT: self.foot}), Font=Dictionary(F=self.font)
        )


def _can_be_read(stream: pikepdf.Stream) -> bool:
    try:
        stream.read_bytes()
    except (pikepdf.PdfError, pikepdf.DependencyError, RuntimeError):
        return False
    return True


def seen_size(page: pikepdf.Page) -> tuple[float, float]:
    """Width and height in points, as it is seen."""
    return _seen(page)[2:4]


def _seen(page: pikepdf.Page) -> tuple[float, float, float, float, int]:
    """(x and y in the page's own space of the corner that is seen at the lower left, width and height as seen, quarter
    turns clockwise)."""
    x0, y0, x1, y1 = _visible(page)
    turn = _turns(page.obj)
    corner = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))[turn]
    size = (x1 - x0, y1 - y0) if turn % 2 == 0 else (y1 - y0, x1 - x0)
    return (*corner, *size, turn)


def _visible(page: pikepdf.Page) -> tuple[float, float, float, float]:
    """ISO 32000-1 section 14.11.2: what of the crop box lies within the media box."""
    media, crop = _box(page.mediabox), _box(page.cropbox)
    return max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3])


def _mend_crop_box(page: pikepdf.Page) -> None:
    """A crop box beside the page: some viewers show the whole page, others nothing."""
    x0, y0, x1, y1 = _visible(page)
    if x0 >= x1 or y0 >= y1:
        page.obj["/CropBox"] = page.mediabox


def _turns(page: pikepdf.Object) -> int:
    """/Rotate is inherited, and need not be a multiple of 90 in bad files."""
    node: pikepdf.Object | None = page
    for _ in range(50):
        if node is None:
            break
        if "/Rotate" in node:
            rotate = node["/Rotate"]
            return int(rotate) // 90 % 4 if isinstance(rotate, int) else 0
        node = node.get("/Parent")
    return 0


def _box(box: Array) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(edge) for edge in box)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _placed(seen: tuple[float, float, float, float], turn: int, at: tuple[float, float], scale: float) -> bytes:
    """The operator that leads from a stamp's space to the page's: `at` is its corner in the page as seen."""
    cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[turn]
    x = seen[0] + at[0] * cos - at[1] * sin
    y = seen[1] + at[0] * sin + at[1] * cos
    return f"{scale * cos:.5f} {scale * sin:.5f} {-scale * sin:.5f} {scale * cos:.5f} {x:.3f} {y:.3f} cm ".encode()


def make_stampable(source: Path, target: Path) -> Plan:
    """Every page of `source` gets the stamps."""
    with pikepdf.open(source) as pdf:
        stamps = Stamps(pdf)
        for page in pdf.pages:
            stamps.put_on(page)
        return save(pdf, target)


def save(pdf: pikepdf.Pdf, target: Path) -> Plan:
    """With a plain cross-reference table, which the personal ending continues."""
    pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.disable, min_version="1.5")
    with target.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 64))
        found = re.search(rb"startxref\s+(\d+)\s+%%EOF\s*$", file.read())
    assert found is not None  # noqa: S101  just written by qpdf
    with pikepdf.open(target) as pdf_as_saved:
        return _plan(pdf_as_saved, size, int(found[1]))


def _plan(pdf: pikepdf.Pdf, size: int, previous: int) -> Plan:
    shared = pdf.pages[0].obj["/Resources"]["/XObject"]
    resources = shared[_MARK]["/Resources"]
    trailer = pdf.trailer
    return Plan(
        size=size,
        previous=previous,
        objects=int(trailer["/Size"]),
        root=trailer["/Root"].objgen[0],
        info=trailer["/Info"].objgen[0] if "/Info" in trailer else None,
        identity=bytes(trailer["/ID"][0]).hex(),
        mark=shared[_MARK].objgen[0],
        foot=shared[_FOOT].objgen[0],
        font=resources["/Font"]["/F"].objgen[0],
        faint=resources["/ExtGState"]["/G"].objgen[0],
        pages=len(pdf.pages),
    )
