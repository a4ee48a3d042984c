"""Marks of secrecy that are drawn, not written: a stamp's picture or its outlines on a page of true text, a red stamp
over a scan, a stamp put on as an annotation. Emblems and seals are none."""

import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageDraw, ImageFont

from server.conversion.classification_marks import mark_drawn_on
from server.conversion.stamps import drawn_words
from server.core import fonts
from tests import papers
from tests.server.conversion.converting import made

_FONT = ImageFont.truetype(next(fonts.FOLDER.glob("*Bold*.ttf")), 64)


def stamp(said: str, *, angle: float = 0) -> Image.Image:
    """Red letters in a red frame."""
    width = int(_FONT.getlength(said)) + 60
    picture = Image.new("RGB", (width, 120), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((5, 5, width - 6, 114), outline=(190, 10, 20), width=6)
    draw.text((30, 20), said, font=_FONT, fill=(190, 10, 20))
    return picture.rotate(angle, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)


def seal() -> Image.Image:
    picture = Image.new("RGB", (300, 300), "white")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((5, 5, 294, 294), outline=(220, 0, 0), width=8)
    draw.text((40, 110), "TỈNH", font=_FONT, fill=(220, 0, 0))
    return picture


def _image(document: pikepdf.Pdf, picture: Image.Image) -> pikepdf.Stream:
    return document.make_stream(
        picture.tobytes(),
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=picture.width,
        Height=picture.height,
        BitsPerComponent=8,
        ColorSpace=Name.DeviceRGB,
    )


def _saved(document: pikepdf.Pdf) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def on_text(picture: Image.Image) -> bytes:
    with pikepdf.open(io.BytesIO(papers.pdf())) as document:
        page = document.pages[0]
        page.obj.Resources.XObject = Dictionary(Stamp=_image(document, picture))
        page.contents_add(f"q 90 0 0 {90 * picture.height / picture.width} 100 690 cm /Stamp Do Q".encode())
        return _saved(document)


def as_annotation(picture: Image.Image) -> bytes:
    with pikepdf.open(io.BytesIO(papers.pdf())) as document:
        look = document.make_stream(
            b"q 90 0 0 36 0 0 cm /I Do Q",
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array([0, 0, 90, 36]),
            Resources=Dictionary(XObject=Dictionary(I=_image(document, picture))),
        )
        box = Array([100, 690, 190, 726])
        put_on = Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=box, F=4, AP=Dictionary(N=look))
        document.pages[0].obj.Annots = Array([document.make_indirect(put_on)])
        return _saved(document)


def on_a_scan(picture: Image.Image) -> bytes:
    page = papers.page_image(150).convert("RGB")
    small = picture.resize((180, 180 * picture.height // picture.width))
    page.paste(small, (200, 230))
    buffer = io.BytesIO()
    page.save(buffer, "PDF", resolution=150, quality=80)
    return buffer.getvalue()


@pytest.mark.parametrize("put", [on_text, as_annotation, on_a_scan])
@pytest.mark.parametrize(("said", "angle"), [("TỐI MẬT", 8), ("MẬT", 0)])
async def test_a_stamp_that_is_drawn_is_seen(
    tmp_path: Path, put: Callable[[Image.Image], bytes], said: str, angle: float
) -> None:
    assert (await made(tmp_path / "job", put(stamp(said, angle=angle)), "bao-cao.pdf")).code == "secret"


@pytest.mark.parametrize(
    ("read", "mark"),
    [
        ("MẬTT", "mat"),  # as recognition reads wide letters, and what is left of a frame
        ("IMẬT'", "mat"),
        ("TUYẾỆT MẬT", "tuyet-mat"),
        ("TỐI MẬT |", "toi-mat"),
        ("MẬT ONG", None),
        ("MẶT TRẬN", None),
        ("MẮT", None),
        ("MẠT", "mat"),
        ("TỈNH", None),
        ("KHẨN", None),
    ],
)
def test_what_recognition_makes_of_a_stamp(read: str, mark: str | None) -> None:
    found = mark_drawn_on({1: [[0.1, 0.1, 0.1, 0.02, [[0.1, 0.1, read]]]]})
    assert (found.mark if found else None) == mark


def drawn(said: str) -> bytes:
    """In black, without a frame, on a page of true text."""
    picture = Image.new("RGB", (int(_FONT.getlength(said)) + 20, 90), "white")
    ImageDraw.Draw(picture).text((10, 5), said, font=_FONT, fill="black")
    return on_text(picture)


def scanned(said: str, *, framed: bool) -> bytes:
    """Black on a scan, where its stamp would be."""
    page = papers.page_image(200).convert("L")
    letters = _FONT.font_variant(size=42)
    ImageDraw.Draw(page).text((240, 330), said, font=letters, fill=20)
    if framed:
        ImageDraw.Draw(page).rectangle((220, 322, 260 + int(letters.getlength(said)), 388), outline=20, width=4)
    buffer = io.BytesIO()
    page.save(buffer, "PDF", resolution=200, quality=80)
    return buffer.getvalue()


def over_text(said: str) -> bytes:
    """By a blue ink pad, askew, over the text of a scan."""
    page = papers.page_image(200).convert("RGB")
    pad = Image.new("RGBA", (400, 160))
    ImageDraw.Draw(pad).rounded_rectangle((5, 5, 395, 155), 30, outline="#1e3cc8", width=8)
    ImageDraw.Draw(pad).text((200, 80), said, font=_FONT.font_variant(size=60), fill="#1e3cc8", anchor="mm")
    pad = pad.rotate(-12, expand=True)
    page.paste(pad, (200, 420), pad)
    buffer = io.BytesIO()
    page.save(buffer, "PDF", resolution=200, quality=80)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "code", "overruled"),
    [
        # Known letters where marks are put, or a stamp's own shape: nobody overrules them.
        (lambda: papers.pdf(mark="MẬT"), "secret", "secret"),
        (lambda: on_text(stamp("MẬT")), "secret", "secret"),
        (lambda: scanned("MẬT", framed=True), "secret", "secret"),
        (lambda: scanned("TỐI MẬT", framed=True), "secret", "secret"),
        # Read from pixels, where one tone makes another word: who manages the paper may know better.
        (lambda: drawn("MẠT"), "secret-guessed", None),
        (lambda: drawn("MẬT"), "secret-guessed", None),
        (lambda: scanned("MẬT", framed=False), "secret-guessed", None),
        (lambda: over_text("MẬT"), "secret-guessed", None),
    ],
    ids=["text", "stamp", "scan-framed", "scan-two-words", "drawn-other-tone", "drawn-bare", "scan-bare", "scan-blue"],
)
async def test_what_is_guessed_can_be_overruled_and_what_is_certain_cannot(
    tmp_path: Path, content: Callable[[], bytes], code: str, overruled: str | None
) -> None:
    assert (await made(tmp_path / "a", content(), "bao-cao.pdf")).code == code
    done = await made(tmp_path / "b", content(), "bao-cao.pdf", mark_overruled=True)
    assert done.code == overruled
    if overruled is None:
        assert "mark-overruled" in {each.code for each in done.report.warnings}


@pytest.mark.parametrize(("said", "mark"), [("TỐI MẬT", "toi-mat"), ("DỰ THẢO", None)])
def test_what_lies_pale_across_the_page_is_read(tmp_path: Path, said: str, mark: str | None) -> None:
    across = Image.new("RGB", (int(_FONT.getlength(said)) + 40, 100), "white")
    ImageDraw.Draw(across).text((20, 10), said, font=_FONT, fill=(200, 200, 200))
    across = across.rotate(45, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    with pikepdf.open(io.BytesIO(papers.pdf())) as document:
        page = document.pages[0]
        page.obj.Resources.XObject = Dictionary(Across=_image(document, across))
        page.contents_add(b"q 360 0 0 360 120 220 cm /Across Do Q", prepend=True)
        source = papers.file(tmp_path, "a.pdf", _saved(document))
    found = mark_drawn_on(drawn_words(source, 1, []))
    assert (found.mark if found else None) == mark


async def test_a_seal_is_no_mark(tmp_path: Path) -> None:
    done = await made(tmp_path / "job", on_text(seal()), "bao-cao.pdf")
    assert done.code is None
