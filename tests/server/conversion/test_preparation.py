"""What readers see is on the page: filled-in forms, stamps. What they do not see is not in the file: layers that are
off, notes, authors. Broken pages and metadata do no harm and are told."""

import io
import zlib
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, String
from PIL import Image
from pypdfium2 import raw

from server.conversion import pages
from server.conversion.preparation import prepare
from server.conversion.text import lines_of, outline_of, text_of
from tests import papers
from tests.server.conversion.converting import made

HELVETICA = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)


def saved(document: pikepdf.Pdf) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def prepared(tmp_path: Path, content: bytes) -> tuple[pypdfium2.PdfDocument, list[str]]:
    codes = prepare(papers.file(tmp_path, "source.pdf", content), tmp_path / "prepared.pdf")
    return pypdfium2.PdfDocument(tmp_path / "prepared.pdf"), codes


def text(document: pypdfium2.PdfDocument, page: int = 0) -> str:
    return text_of(lines_of(document[page]))


def form(content: bytes, *, drawn: bool, value: str) -> bytes:
    """A field at the top of the last page, with its drawing or without one."""
    with pikepdf.open(io.BytesIO(content)) as document:
        page = document.pages[-1]
        field = Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("ten"), V=String(value), F=4, P=page.obj
        )
        field["/Rect"] = Array([60, 790, 360, 812])
        if drawn:
            look = document.make_stream(
                f"BT /F 11 Tf 2 5 Td ({value}) Tj ET".encode(),
                Type=Name.XObject,
                Subtype=Name.Form,
                BBox=Array([0, 0, 300, 22]),
                Resources=Dictionary(Font=Dictionary(F=HELVETICA)),
            )
            field["/AP"] = Dictionary(N=look)
        made_field = document.make_indirect(field)
        page.obj["/Annots"] = Array([made_field])
        document.Root.AcroForm = Dictionary(Fields=Array([made_field]), NeedAppearances=not drawn)
        return saved(document)


@pytest.mark.parametrize(("drawn", "value"), [(True, "DIENTAY KQ 4711"), (False, "Đỗ Thị Ngọc Ánh, ý kiến: đồng ý")])
def test_form_values_become_part_of_the_page(tmp_path: Path, drawn: bool, value: str) -> None:
    document, _ = prepared(tmp_path, form(papers.pdf(), drawn=drawn, value=value))
    assert value in text(document)
    ink = document[0].render(scale=2, grayscale=True).to_pil().crop((120, 60, 720, 106))
    assert min(ink.get_flattened_data()) < 80
    with pikepdf.open(tmp_path / "prepared.pdf") as plain:
        assert "/AcroForm" not in plain.Root


def fields(*each: dict[str, object], turned: int = 0) -> bytes:
    """A page with these fields, none of which is drawn."""
    with pikepdf.open(io.BytesIO(papers.pdf(paragraphs=1))) as document:
        page = document.pages[0].obj
        page["/Rotate"] = turned
        made_fields = [
            document.make_indirect(
                Dictionary(
                    {
                        "/Type": Name.Annot,
                        "/Subtype": Name.Widget,
                        "/F": 4,
                        "/Rect": Array([60, 300, 360, 322]),
                        **field,
                    }
                )
            )
            for field in each
        ]
        page["/Annots"] = Array([*made_fields, 5, Dictionary(Subtype=Name.Widget)])
        document.Root.AcroForm = Dictionary(Fields=Array(made_fields))
        return saved(document)


def test_a_field_says_what_its_readers_see(tmp_path: Path) -> None:
    long = "Ý kiến của đại biểu về dự thảo nghị quyết. " * 12 + "HẾT"
    said = fields(
        {"/FT": Name.Tx, "/V": String("MATKHAUKIN"), "/Ff": 1 << 13},
        {"/FT": Name.Tx, "/V": String("KHONGXEM"), "/F": 32},
        {"/FT": Name.Ch, "/V": String("v2"), "/Opt": Array([Array([String("v2"), String("Tán thành")])])},
        {"/FT": Name.Tx, "/V": String(long), "/Ff": 1 << 12, "/Rect": Array([60, 60, 360, 290])},
        {"/FT": Name.Btn, "/AS": Name.Yes, "/V": Name.Yes, "/Rect": Array([400, 200, 418, 218])},
        {"/FT": Name.Btn, "/AS": Name.Off, "/V": Name.Yes, "/Rect": Array([450, 200, 468, 218])},
        {"/Subtype": Name.FreeText, "/Contents": String("Chữ gõ thêm"), "/Rect": Array([400, 300, 560, 322])},
    )
    document, _ = prepared(tmp_path, said)
    read = text(document)
    assert [word in read for word in ("MATKHAUKIN", "KHONGXEM", "v2", "Tán thành", "Chữ gõ thêm", "HẾT")] == [
        False, False, False, True, True, True,
    ]  # fmt: skip
    assert read.split().count("X") == 1
    assert max(line[0] + line[2] for line in lines_of(document[0])) < 0.95  # broken into lines


def test_a_turned_field_is_written_the_way_it_is_read(tmp_path: Path) -> None:
    upright = {
        "/FT": Name.Tx,
        "/V": String("Nguyễn Thị Ước"),
        "/MK": Dictionary(R=90),
        "/Rect": Array([300, 100, 320, 400]),
    }
    document, _ = prepared(tmp_path, fields(upright, turned=90))
    assert "Nguyễn Thị Ước" in text(document)


SEEN = b"BT /F 12 Tf 100 60 Td (THAY DUOC) Tj ET "
HIDDEN = {
    "under a bar": b"BT /F 12 Tf 100 40 Td (KINKIN) Tj ET 0 g 90 30 100 30 re f ",
    "white": b"1 g BT /F 12 Tf 100 40 Td (KINKIN) Tj ET 0 g ",
    "white, between others": b"1 g BT /F 12 Tf 62 57 Td (KINKIN) Tj ET 0 g ",
    "beyond the page": b"BT /F 12 Tf 700 40 Td (KINKIN) Tj ET ",
    "cropped away": b"BT /F 12 Tf 100 20 Td (KINKIN) Tj ET ",
    "not drawn": b"BT 3 Tr /F 12 Tf 100 40 Td (KINKIN) Tj 0 Tr ET ",
    "for clipping": b"q BT 7 Tr /F 12 Tf 100 40 Td (KINKIN) Tj ET Q ",
    "tiny": b"BT /F 0.1 Tf 100 40 Td (KINKIN) Tj ET ",
    "under a photo": b"BT /F 12 Tf 320 40 Td (KINKIN) Tj ET q 120 0 0 40 300 25 cm /P Do Q ",
}


def hiding(drawn: bytes, *, cropped: bool, forms: int) -> bytes:
    """Within so many forms, each in the next, all on two pages."""
    with pikepdf.open(io.BytesIO(papers.pdf(pages=2))) as document:
        shades = Image.linear_gradient("L").resize((64, 64))
        photo = document.make_stream(
            shades.tobytes(), Type=Name.XObject, Subtype=Name.Image, Width=64, Height=64, BitsPerComponent=8
        )
        photo["/ColorSpace"] = Name.DeviceGray
        own = Dictionary(Font=Dictionary(F=HELVETICA), XObject=Dictionary(P=photo))
        content, shift = drawn + SEEN, 0
        for _ in range(forms):
            form = document.make_stream(
                content, Type=Name.XObject, Subtype=Name.Form, BBox=Array([-500, -500, 1500, 1500]), Resources=own
            )
            form["/Matrix"] = Array([1, 0, 0, 1, shift, 0])
            own = Dictionary(XObject=Dictionary(P=form), Font=Dictionary(F=Name.None_))
            content, shift = b"Q q 1 0 0 1 5 0 cm /P Do ", -5
        for page in document.pages:
            shown = page.obj.Resources
            if "/XObject" not in shown:
                shown["/XObject"] = Dictionary()
            shown.XObject["/P"] = own.XObject.P
            shown.Font.F = HELVETICA
            page.contents_add(b"q " + (b"/P Do " if forms else content) + b"Q")
            if cropped:
                page.obj.CropBox = Array([0, 50, 595, 842])
        return saved(document)


@pytest.mark.parametrize("forms", [0, 2])
@pytest.mark.parametrize("how", HIDDEN)
def test_text_that_nobody_sees_goes_out(tmp_path: Path, how: str, forms: int) -> None:
    plain, codes = prepared(tmp_path, hiding(HIDDEN[how], cropped=how == "cropped away", forms=forms))
    with pikepdf.open(tmp_path / "prepared.pdf") as written:
        streams = b"".join(each.read_bytes() for each in written.objects if isinstance(each, pikepdf.Stream))
    for page in plain:
        read = page.get_textpage().get_text_range()
        assert ("KINKIN" in read, "THAY DUOC" in read, "Nghị quyết" in read) == (False, True, True)
    assert b"KINKIN" not in streams
    assert codes == ["hidden-text-removed"]


def sheet(words: bytes, *, under: bool) -> bytes:
    """A scanned sheet with words behind it, or below its picture."""
    with pikepdf.open(io.BytesIO(papers.scan_pdf(1, angle=0))) as document:
        page = document.pages[0]
        page.obj.Resources.Font = Dictionary(F=HELVETICA)
        page.contents_add(b"q BT " + (b"" if under else b"3 Tr ") + words + b" ET Q ", prepend=under)
        return saved(document)


@pytest.mark.parametrize("under", [False, True])
def test_what_recognition_left_behind_a_sheet_stays_so(tmp_path: Path, under: bool) -> None:
    said = b" ".join(b"/F 12 Tf 1 0 0 1 90 %d Tm (NHANDANG CHU TREN TO GIAY) Tj" % (770 - 20 * n) for n in range(20))
    plain, codes = prepared(tmp_path, sheet(said, under=under))
    modes = {raw.FPDFTextObj_GetTextRenderMode(each) for each in plain[0].get_objects([raw.FPDF_PAGEOBJ_TEXT])}
    assert "NHANDANG" in text(plain)
    assert (modes, codes) == ({raw.FPDF_TEXTRENDERMODE_INVISIBLE}, [])


@pytest.mark.parametrize(
    ("keys", "size"),
    [
        ({"/UserUnit": 3}, (1785.8, 2525.7)),
        ({"/CropBox": Array([1000, 1000, 2000, 2000])}, (595.3, 841.9)),
        ({"/MediaBox": Array([0, 0, 0, 0])}, (595, 842)),
        ({"/MediaBox": Array([595, 842, 0, 0])}, (595, 842)),
    ],
)
def test_a_page_is_as_large_as_it_says(tmp_path: Path, keys: dict[str, object], size: tuple[float, float]) -> None:
    with pikepdf.open(io.BytesIO(papers.pdf())) as document:
        for key, value in keys.items():
            document.pages[0].obj[key] = value
        content = saved(document)
    plain, codes = prepared(tmp_path, content)
    assert plain[0].get_size() == pytest.approx(size, abs=0.5)
    assert ("Nghị quyết" in text(plain), codes) == (True, [])


def test_a_layer_by_expression_is_hidden(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(papers.pdf())) as document:
        page = document.pages[0]
        layer = document.make_indirect(Dictionary(Type=Name.OCG, Name=String("nháp")))
        document.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary())
        without = Dictionary(Type=Name.OCMD, OCGs=Array([layer]), VE=Array([Name.Not, layer]))
        page.obj.Resources.Properties = Dictionary(A=document.make_indirect(without))
        page.obj.Resources.Font.F = HELVETICA
        page.contents_add(b"q /OC /A BDC BT /F 12 Tf 60 20 Td (LOPANNHAP) Tj ET EMC Q")
        content = saved(document)
    plain, codes = prepared(tmp_path, content)
    assert ("LOPANNHAP" in text(plain), codes) == (False, ["layers-removed"])


async def test_a_form_on_a_scan_is_read_with_it(tmp_path: Path) -> None:
    content = form(papers.scan_pdf(1, angle=0), drawn=True, value="DIENTAY KQ 4711")
    done = await made(tmp_path / "job", content, "a.pdf")
    assert "DIENTAY KQ 4711" in done.pages[0].text
    assert "Nghị quyết" in done.pages[0].text


def layered() -> bytes:
    with pikepdf.open(io.BytesIO(papers.pdf())) as document:
        page = document.pages[0]
        off, on = (
            document.make_indirect(Dictionary(Type=Name.OCG, Name=String(name))) for name in ("nháp", "chính thức")
        )
        document.Root.OCProperties = Dictionary(OCGs=Array([off, on]), D=Dictionary(OFF=Array([off]), Order=Array([])))
        hidden_form = document.make_stream(
            b"BT /F 12 Tf 60 40 Td (SO NOI BO 888) Tj ET",
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array([0, 0, 600, 850]),
            Resources=Dictionary(Font=Dictionary(F=HELVETICA)),
            OC=off,
        )
        page.obj.Resources.Properties = Dictionary(A=off, B=on)
        page.obj.Resources.Font.F = HELVETICA
        page.obj.Resources.XObject = Dictionary(H=hidden_form)
        page.contents_add(
            b"q /OC /A BDC BT /F 12 Tf 60 20 Td (LOPANNHAP 999) Tj ET EMC Q "
            b"q /OC /B BDC BT /F 12 Tf 60 60 Td (LOPHIEN 111) Tj ET EMC Q q /H Do Q"
        )
        page.obj["/Annots"] = Array(
            [
                Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=Array([60, 700, 80, 720]), Contents=String("KIN")),
                Dictionary(
                    Type=Name.Annot,
                    Subtype=Name.Link,
                    Rect=Array([9, 9, 99, 99]),
                    A=Dictionary(S=Name.URI, URI=String("https://lamdong.gov.vn/")),
                ),
            ]
        )
        document.docinfo["/Author"] = "Nguyễn Văn Soạn"
        with document.open_metadata() as metadata:
            metadata["dc:creator"] = ["Nguyễn Văn Soạn"]
        return saved(document)


async def test_what_is_not_seen_is_not_in_the_file(tmp_path: Path) -> None:
    done = await made(tmp_path / "job", layered(), "a.pdf")
    assert "LOPHIEN 111" in done.pages[0].text
    assert "LOPANNHAP" not in done.pages[0].text
    assert {each.code for each in done.report.warnings} == {"layers-removed", "notes-removed"}
    with pikepdf.open(done.result / "reading.pdf") as document:
        everything = "".join(repr(each) for each in document.objects)
        for stream in (each for each in document.objects if isinstance(each, pikepdf.Stream)):
            everything += stream.read_bytes().decode("latin-1")
        assert "/Metadata" not in document.Root
        assert "/Author" not in document.docinfo
    for trace in ("LOPANNHAP", "SO NOI BO 888", "KIN", "n So"):
        assert trace not in everything, trace
    assert "https://lamdong.gov.vn/" in everything


def test_a_layer_that_viewers_switch_off_by_themselves_is_hidden_too(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(layered())) as document:
        usual = document.Root.OCProperties.D
        off = usual.OFF[0]
        del usual["/OFF"]
        off.Usage = Dictionary(View=Dictionary(ViewState=Name.OFF))
        usual.AS = Array([Dictionary(Event=Name.View, Category=Array([Name.View]), OCGs=Array([off]))])
        content = saved(document)
    document, codes = prepared(tmp_path, content)
    assert "layers-removed" in codes
    assert "LOPANNHAP" not in text(document)


async def test_authors_of_office_files_are_not_named(tmp_path: Path) -> None:
    core = (
        '<?xml version="1.0"?><cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
        'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Soan Thao Vien</dc:creator>'
        "</cp:coreProperties>"
    )
    done = await made(tmp_path / "job", papers.docx(extra={"docProps/core.xml": core}), "a.docx")
    with pikepdf.open(done.result / "reading.pdf") as document:
        assert set(document.docinfo) <= {"/Title"}
        assert "/Metadata" not in document.Root


def test_broken_metadata_does_no_harm(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(papers.pdf())) as document:
        broken = document.make_stream(b"", Type=Name.Metadata, Subtype=Name.XML)
        packed = bytearray(zlib.compress(b"<x:xmpmeta/>" * 50))
        packed[12] ^= 0xFF
        broken.write(bytes(packed), filter=Name.FlateDecode)
        document.Root.Metadata = broken
        buffer = io.BytesIO()
        document.save(
            buffer,
            fix_metadata_version=False,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
        )
    document_made, codes = prepared(tmp_path, buffer.getvalue())
    assert "BÁO CÁO" in text(document_made)
    assert codes == []


def broken_page() -> bytes:
    """One byte of the page's content is wrong."""
    with pikepdf.open(io.BytesIO(papers.pdf(2))) as document:
        contents = document.pages[1].obj.Contents
        packed = bytearray(zlib.compress(contents.read_bytes(), 9))
        packed[len(packed) // 2] ^= 0xFF
        contents.write(bytes(packed), filter=Name.FlateDecode)
        buffer = io.BytesIO()
        document.save(buffer, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
        return buffer.getvalue()


def test_a_broken_page_is_told(tmp_path: Path) -> None:
    document, codes = prepared(tmp_path, broken_page())
    assert (codes, len(document)) == (["pages-damaged"], 2)
    assert prepared(tmp_path, papers.pdf(2))[1] == []


def test_a_heading_that_leads_nowhere_leads_to_its_first_part(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(papers.pdf(3))) as document:
        with document.open_outline() as outline:
            heading = pikepdf.OutlineItem("Phần  thứ hai")
            heading.children.append(pikepdf.OutlineItem("Mục 1", 1))
            outline.root[:] = [pikepdf.OutlineItem("Mở đầu", 0), heading, pikepdf.OutlineItem("Trống")]
        found = outline_of(papers.file(tmp_path, "a.pdf", saved(document)))
    assert [(each.title, each.page, each.level) for each in found] == [
        ("Mở đầu", 1, 0),
        ("Phần thứ hai", 2, 0),
        ("Mục 1", 2, 1),
    ]
    assert outline_of(papers.file(tmp_path, "b.pdf", b"nothing")) == []


def test_small_letters_on_a_large_sheet_can_be_read(tmp_path: Path) -> None:
    """An A0 plan across with letters of 8 points."""
    document = pikepdf.new()
    document.add_blank_page(page_size=(3370, 2384))
    document.pages[0].obj.Resources = Dictionary(Font=Dictionary(F=HELVETICA))
    document.pages[0].obj.Contents = document.make_stream(b"BT /F 8 Tf 1000 1000 Td (THUA DAT SO 127) Tj ET")
    source = papers.file(tmp_path, "a.pdf", saved(document))
    sizes = pages.make(source, source, tmp_path / "job" / "result", cores=1, told=lambda part: None)
    with Image.open(tmp_path / "job" / "result" / "pages" / "1-1800.webp") as large:
        assert large.width > 5000
        ink = np.asarray(large.convert("L")) < 150
        rows = np.nonzero(ink.any(axis=1))[0]
        assert rows[-1] - rows[0] + 1 >= 8, "capitals of 8 points are 8 pixels high at least"
    with Image.open(tmp_path / "job" / "result" / "pages" / "1-900.webp") as small:
        assert small.width == 1800
    assert set(sizes) == {"900", "1800"}
