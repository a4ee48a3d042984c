"""Which pages are recognised anew: those whose text is not what the eye sees, in whatever way they came to be so."""

import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageFont

from server.conversion.deskew import straighten
from server.conversion.ocr import picture_to_pdf, recognise
from server.conversion.text import lines_of, text_of
from server.conversion.text_judgement import Judged, is_vietnamese, judge
from server.core import fonts
from tests import papers
from tests.server.conversion.converting import made

A4 = (595, 842)


def judged(tmp_path: Path, content: bytes, *, office: bool = False) -> Judged:
    return judge(papers.file(tmp_path, "judged.pdf", content), office=office)


def saved(document: pikepdf.Pdf) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def picture(document: pikepdf.Pdf, image: Image.Image) -> pikepdf.Stream:
    grey = image.convert("L")
    return document.make_stream(
        grey.tobytes(),
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=grey.width,
        Height=grey.height,
        BitsPerComponent=8,
        ColorSpace=Name.DeviceGray,
    )


def strips(mark: str = "") -> bytes:
    """A scan in forty strips, as some scanners save one."""
    page = papers.page_image(150, mark=mark)
    document = pikepdf.new()
    document.add_blank_page(page_size=A4)
    height = page.height / 40
    names, content = Dictionary(), []
    for number in range(40):
        top, bottom = round(number * height), round((number + 1) * height)
        names[f"/S{number}"] = picture(document, page.crop((0, top, page.width, bottom)))
        scale = A4[1] / page.height
        content.append(f"q {A4[0]} 0 0 {(bottom - top) * scale:.3f} 0 {A4[1] - bottom * scale:.3f} cm /S{number} Do Q")
    document.pages[0].obj.Resources = Dictionary(XObject=names)
    document.pages[0].obj.Contents = document.make_stream("\n".join(content).encode())
    return saved(document)


def within_forms(mark: str = "") -> bytes:
    """The picture lies in a form, which lies in a form; the scale stands outside of both."""
    document = pikepdf.new()
    document.add_blank_page(page_size=A4)
    inner: pikepdf.Object = picture(document, papers.page_image(150, mark=mark))
    for _ in range(2):
        inner = document.make_stream(
            b"/I Do",
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array([0, 0, 1, 1]),
            Resources=Dictionary(XObject=Dictionary(I=inner)),
        )
    document.pages[0].obj.Resources = Dictionary(XObject=Dictionary(I=inner))
    document.pages[0].obj.Contents = document.make_stream(f"q {A4[0]} 0 0 {A4[1]} 0 0 cm /I Do Q".encode())
    return saved(document)


def outlines(mark: str = "") -> bytes:
    """Letters as shapes, as printing houses deliver them."""
    command = ["gs", "-q", "-dNoOutputFonts", "-sDEVICE=pdfwrite", "-o", "-", "-"]
    return subprocess.run(command, input=papers.pdf(mark=mark), capture_output=True, check=True).stdout


def without_unicode(mark: str = "") -> bytes:
    """Fonts that do not say what their glyphs mean."""
    with pikepdf.open(io.BytesIO(papers.pdf(mark=mark))) as document:
        for each in document.objects:
            if isinstance(each, Dictionary) and "/ToUnicode" in each:
                del each["/ToUnicode"]
        return saved(document)


def foreign_layer(mark: str = "") -> bytes:
    """A scan that a scanner without Vietnamese has recognised."""
    with pikepdf.open(io.BytesIO(papers.scan_pdf(1, angle=0, mark=mark))) as document:
        page = document.pages[0]
        page.obj.Resources.Font = Dictionary(F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
        line = "(TINH UY LAM DONG S6 9-BC/TU cong tac n6i chinh quoc phong an ninh xay dung he thong chinh tri) '"
        page.contents_add(f"BT 3 Tr /F 9 Tf 12 TL 50 780 Td {line * 8} ET".encode())
        return saved(document)


def clear_layer(mark: str = "") -> bytes:
    """The same in letters that are drawn, in full transparency."""
    with pikepdf.open(io.BytesIO(foreign_layer(mark))) as document:
        page = document.pages[0]
        content = b"".join(each.read_bytes() for each in page.obj.Contents)
        page.obj.Contents = document.make_stream(content.replace(b"BT 3 Tr", b"/Clear gs BT 0 Tr"))
        page.obj.Resources.ExtGState = Dictionary(Clear=Dictionary(ca=0))
        return saved(document)


SHAPES: list[Callable[..., bytes]] = [strips, within_forms, outlines, without_unicode, foreign_layer, clear_layer]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_scan_in_every_shape_is_seen_as_one(tmp_path: Path, shape: Callable[..., bytes]) -> None:
    found = judged(tmp_path, shape())
    assert (found.rubbish if shape is without_unicode else found.scans) == [1]


def titled_slide(shown: Image.Image) -> bytes:
    """A slide with its title over a picture."""
    document = pikepdf.new()
    document.add_blank_page(page_size=(720, 540))
    page = document.pages[0]
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    page.obj.Resources = Dictionary(XObject=Dictionary(I=picture(document, shown)), Font=Dictionary(F=font))
    page.obj.Contents = document.make_stream(
        b"q 300 0 0 420 200 20 cm /I Do Q BT /F 28 Tf 60 480 Td (Bao cao quy III, trinh ky hop) Tj ET"
    )
    return saved(document)


@pytest.mark.parametrize(
    ("shown", "scans"),
    [(papers.page_image(150), [1]), (Image.effect_noise((600, 800), 90), []), (Image.new("L", (600, 800), 255), [])],
)
def test_a_slide_that_shows_a_scanned_sheet_is_recognised_though_it_has_a_title(
    tmp_path: Path, shown: Image.Image, scans: list[int]
) -> None:
    found = judged(tmp_path, titled_slide(shown), office=True)
    assert (found.scans, found.plain) == (scans, [])


@pytest.mark.parametrize("shape", [strips, without_unicode, foreign_layer])
async def test_its_mark_of_secrecy_is_read(tmp_path: Path, shape: Callable[..., bytes]) -> None:
    assert (await made(tmp_path / "job", shape(mark="TỐI MẬT"), "bao-cao.pdf")).code == "secret"


async def test_text_without_meaning_is_recognised_for_reading_and_the_page_left_sharp(tmp_path: Path) -> None:
    done = await made(tmp_path / "job", without_unicode(), "a.pdf")
    assert "Nghị quyết Đại hội" in done.pages[0].text.replace("\n", " ")
    with pypdfium2.PdfDocument(done.result / "reading.pdf") as document:
        assert all(each.type != pypdfium2.raw.FPDF_PAGEOBJ_IMAGE for each in document[0].get_objects())


def letters_over_ground(mark: str = "") -> bytes:
    """As scanners pack tightly: the paper's ground coarse, the letters in black and white over it."""
    letters = papers.page_image(150, mark=mark).point(lambda shade: 255 if shade < 140 else 0).convert("1")
    with pikepdf.new() as document:
        document.add_blank_page(page_size=A4)
        mask = document.make_stream(
            Image.eval(letters.convert("L"), lambda shade: 255 - shade).convert("1").tobytes(),
            Type=Name.XObject, Subtype=Name.Image, Width=letters.width, Height=letters.height, ImageMask=True,
            BitsPerComponent=1,
        )  # fmt: skip
        ground = picture(document, Image.new("L", (150, 210), 245))
        document.pages[0].obj.Resources = Dictionary(XObject=Dictionary(G=ground, M=mask))
        document.pages[0].obj.Contents = document.make_stream(
            b"q 595 0 0 842 0 0 cm /G Do Q q 0 g 595 0 0 842 0 0 cm /M Do Q"
        )
        return saved(document)


def test_letters_are_recognised_as_fine_as_they_are(tmp_path: Path) -> None:
    source, target = papers.file(tmp_path, "a.pdf", letters_over_ground()), tmp_path / "b.pdf"
    recognise(source, target, [1], keep=True, anew=False, cores=1, told=lambda part: None)
    with pypdfium2.PdfDocument(target) as document:
        assert "Nghị quyết" in text_of(lines_of(document[0]))


def test_a_faint_page_is_a_scan_and_a_blank_one_is_none(tmp_path: Path) -> None:
    def page(image: Image.Image) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, "PDF", resolution=150, quality=80)
        return buffer.getvalue()

    faint = papers.page_image(150).point(lambda shade: 200 + shade * 55 // 255)
    assert judged(tmp_path, page(faint)).scans == [1]
    blank = Image.effect_noise((1240, 1754), 8).point(lambda shade: min(255, shade + 100))
    assert judged(tmp_path, page(blank)).scans == []


def test_true_text_is_never_replaced(tmp_path: Path) -> None:
    """Slides with a picture behind them, a title page with an emblem, a short letter, an English paper."""
    photo = Image.effect_noise((600, 400), 60).convert("RGB")
    with pikepdf.open(io.BytesIO(papers.pdf(paragraphs=0))) as document:
        page = document.pages[0]
        page.obj.Resources.XObject = Dictionary(B=picture(document, photo))
        page.contents_add(f"q {A4[0]} 0 0 {A4[1]} 0 0 cm /B Do Q".encode(), prepend=True)
        slide = saved(document)
    assert judged(tmp_path, slide) == Judged()
    assert judged(tmp_path, slide, office=True) == Judged()
    with pikepdf.open(io.BytesIO(papers.pdf(paragraphs=0))) as document:
        page = document.pages[0]
        page.obj.Resources.XObject = Dictionary(B=picture(document, Image.new("L", (100, 100), 40)))
        page.contents_add(b"q 90 0 0 90 250 600 cm /B Do Q")
        assert judged(tmp_path, saved(document)) == Judged()
    assert judged(tmp_path, papers.pdf(3, paragraph="This annual report is in English, and has no marks at all.")) == (
        Judged()
    )
    assert judged(tmp_path, papers.pdf(paragraphs=0)) == Judged()


def test_vietnamese_is_told_from_what_scanners_guess() -> None:
    assert is_vietnamese(papers.PARAGRAPH)
    assert not is_vietnamese("cong tac n6i chinh quoc phong an ninh xay dung he thong chinh tri tinh Lam Dong " * 3)
    assert not is_vietnamese(
        "Thûc hiçn Nghi quyét Dgi hQi Ddng bQ tinh, sdu thdng ddu ndm kinh t6 cia tinh tdng trudng " * 3
    )


def test_letters_drawn_later_stand_where_they_belong() -> None:
    """A stand-in font without ộ, ị, ự: those letters come from another one, at the end of the line's content."""
    whole = "TỈNH ỦY LÂM ĐỒNG giao ban tổ chức hội nghị trực tuyến"
    document = pikepdf.new()
    document.add_blank_page(page_size=A4)
    drawn = pypdfium2.PdfDocument(io.BytesIO(saved(document)))
    page = drawn[0]
    font_file = fonts.FOLDER / "LiberationSerif-Regular.ttf"
    content = font_file.read_bytes()
    raw = pypdfium2.raw
    buffer = (raw.c_uint8 * len(content)).from_buffer_copy(content)
    font = raw.FPDFText_LoadFont(drawn, buffer, len(content), raw.FPDF_FONT_TRUETYPE, 1)
    ruler = ImageFont.truetype(str(font_file), 1000)
    for late in (False, True):
        for index, letter in enumerate(whole):
            if letter == " " or (ord(letter) > 0x1E00) != late:
                continue
            item = raw.FPDFPageObj_CreateTextObj(drawn, font, 14)
            said = (letter + "\0").encode("utf-16-le")
            raw.FPDFText_SetText(item, (raw.c_ushort * (len(said) // 2)).from_buffer_copy(said))
            raw.FPDFPageObj_Transform(item, 1, 0, 0, 1, 50 + ruler.getlength(whole[:index]) * 14 / 1000, 700)
            raw.FPDFPage_InsertObject(page, item)
    page.gen_content()
    assert text_of(lines_of(page)) == whole


@pytest.mark.parametrize("back", [-8.6, -8.0])
def test_a_letter_drawn_after_the_word_it_stands_in(back: float) -> None:
    with pikepdf.new() as document:
        page = document.add_blank_page(page_size=A4)
        page.obj.Resources = Dictionary(
            Font=Dictionary(
                F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica),
                G=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name("/Helvetica-Bold")),
            )
        )
        content = f"BT /F 12 Tf 100 700 Td [(M) -667 (T)] TJ /G 12 Tf {18 + back} 0 Td (A) Tj ET"
        page.obj.Contents = document.make_stream(content.encode())
        drawn = pypdfium2.PdfDocument(saved(document))
    assert text_of(lines_of(drawn[0])) == "MAT"


@pytest.mark.parametrize("matrix", [(0, 1, -1, 0, 842, 0), (-1, 0, 0, -1, 595, 842), (0, -1, 1, 0, 0, 595)])
def test_text_on_its_side_has_the_lines_it_has_upright(matrix: tuple[int, ...]) -> None:
    with pikepdf.open(io.BytesIO(papers.pdf(paragraphs=2))) as document:
        page = document.pages[0]
        upright = text_of(lines_of(pypdfium2.PdfDocument(saved(document))[0]))
        page.contents_add(f"q {' '.join(map(str, matrix))} cm ".encode(), prepend=True)
        page.contents_add(b" Q")
        if matrix[0] == 0:
            page.obj.MediaBox = Array([0, 0, 842, 595])
        turned = pypdfium2.PdfDocument(saved(document))[0]
    assert text_of(lines_of(turned)) == upright
    assert "các chương trình mục tiêu quốc gia\n" in upright


def test_straight_pages_stay_as_they_are_and_black_and_white_stays_so(tmp_path: Path) -> None:
    fax = papers.page_image(200).convert("1")
    fax.save(tmp_path / "fax.tif", compression="group4")
    picture_to_pdf(tmp_path / "fax.tif", tmp_path / "fax.pdf")
    size = (tmp_path / "fax.tif").stat().st_size
    assert (tmp_path / "fax.pdf").stat().st_size < 1.3 * size + 2000
    straighten(tmp_path / "fax.pdf", tmp_path / "straight.pdf", [1], lambda part: None)
    assert (tmp_path / "straight.pdf").stat().st_size < 1.3 * size + 2000
    crooked = papers.page_image(200).rotate(2, fillcolor=255).convert("1")
    crooked.save(tmp_path / "crooked.tif", compression="group4")
    picture_to_pdf(tmp_path / "crooked.tif", tmp_path / "crooked.pdf")
    straighten(tmp_path / "crooked.pdf", tmp_path / "turned.pdf", [1], lambda part: None)
    with pikepdf.open(tmp_path / "turned.pdf") as document:
        assert document.pages[0].get_images()["/Scan"].Filter == Name.CCITTFaxDecode
    assert (tmp_path / "turned.pdf").stat().st_size < 1.5 * (tmp_path / "crooked.tif").stat().st_size
    with pypdfium2.PdfDocument(tmp_path / "turned.pdf") as document:
        drawn = document[0].render(scale=1, grayscale=True).to_pil().resize((60, 85))
    there = papers.page_image(72).convert("L").resize((60, 85))
    differ = sum(abs(a - b) for a, b in zip(drawn.get_flattened_data(), there.get_flattened_data(), strict=True)) / (
        60 * 85
    )
    assert differ < 12, "the same page, not its negative"
