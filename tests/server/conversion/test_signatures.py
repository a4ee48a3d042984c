"""What is said of a signature after somebody worked on the file: real signatures, and the known ways to show something
else under them (the "shadow attacks" of Mainka, Mladenov and Rohlmann, NDSS 2021)."""

import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields

from server.conversion.messages import Signature
from server.conversion.signatures import validate
from tests import papers, signing


def prepared() -> bytes:
    """Before signing: a page with a form (a field for the sum), and a picture that hides a second text."""
    with pikepdf.open(io.BytesIO(papers.pdf(1))) as document:
        page = document.pages[0]
        look = document.make_stream(
            b"/Tx BMC q BT /F 12 Tf 2 5 Td (3 ty) Tj ET Q EMC", Type=Name.XObject, Subtype=Name.Form
        )
        look.BBox = Array([0, 0, 100, 20])
        look.Resources = Dictionary(
            Font=Dictionary(F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
        )
        field = document.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Widget,
                FT=Name.Tx,
                T="so_tien",
                V="3 ty",
                Rect=Array([100, 600, 200, 620]),
                F=4,
                AP=Dictionary(N=look),
                P=page.obj,
            )
        )
        page.obj.Annots = Array([field])
        document.Root.AcroForm = Dictionary(Fields=Array([field]), DA="/Helv 12 Tf 0 g")
        cover = document.make_stream(
            b"1 g 0 0 1 1 re f", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 1, 1])
        )
        page.obj.Resources.XObject = Dictionary(Cover=cover)
        page.contents_add(b"q 300 0 0 40 100 500 cm /Cover Do Q")
        buffer = io.BytesIO()
        document.save(buffer)
        return buffer.getvalue()


def _updated(content: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    change(writer)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def _page(writer: IncrementalPdfFileWriter) -> generic.DictionaryObject:
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    assert isinstance(page, generic.DictionaryObject)
    return page


def annotated(content: bytes) -> bytes:
    """A frame with a text over the page."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        note = generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Annot"),
                pdf_name("/Subtype"): pdf_name("/FreeText"),
                pdf_name("/Rect"): generic.ArrayObject([generic.NumberObject(each) for each in (100, 500, 400, 540)]),
                pdf_name("/Contents"): generic.pdf_string("Đã duyệt 5 tỷ"),
                pdf_name("/DA"): generic.pdf_string("/Helv 12 Tf 0 g"),
                pdf_name("/F"): generic.NumberObject(4),
            }
        )
        page = _page(writer)
        page["/Annots"].append(writer.add_object(note))
        writer.update_container(page["/Annots"])

    return _updated(content, change)


def uncovered(content: bytes) -> bytes:
    """Shadow attack "hide": the picture over a second text is emptied."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        cover = _page(writer)["/Resources"]["/XObject"]["/Cover"]
        cover._data = b" "
        cover._encoded_data = None
        writer.mark_update(_page(writer)["/Resources"]["/XObject"].raw_get("/Cover"))

    return _updated(content, change)


def filled_in(content: bytes) -> bytes:
    """Shadow attack "replace": the sum in the form is another one, which signing leaves open."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        field = writer.root["/AcroForm"]["/Fields"][0].get_object()
        field[pdf_name("/V")] = generic.pdf_string("30 ty")
        look = generic.StreamObject(
            {pdf_name("/Type"): pdf_name("/XObject"), pdf_name("/Subtype"): pdf_name("/Form")},
            stream_data=b"/Tx BMC q BT /F 12 Tf 2 5 Td (30 ty) Tj ET Q EMC",
        )
        look[pdf_name("/BBox")] = generic.ArrayObject([generic.NumberObject(each) for each in (0, 0, 100, 20)])
        field["/AP"][pdf_name("/N")] = writer.add_object(look)
        writer.update_container(field)

    return _updated(content, change)


def other_pages(content: bytes) -> bytes:
    """Shadow attack "hide and replace": the catalogue leads to other pages."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        page = _page(writer)
        blank = generic.DictionaryObject({key: page.raw_get(key) for key in ("/Type", "/Parent", "/MediaBox")})
        pages = writer.root["/Pages"]
        pages[pdf_name("/Kids")] = generic.ArrayObject([writer.add_object(blank)])
        writer.update_container(pages)

    return _updated(content, change)


def awaiting(content: bytes, *, drawn: bool = True) -> bytes:
    """A field for a further signature, which nobody has signed; drawn over the text."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        fields.append_signature_field(writer, fields.SigFieldSpec("Cho ky", on_page=0, box=(50, 300, 500, 700)))
        field = writer.root["/AcroForm"]["/Fields"][-1].get_object()
        look = generic.StreamObject(
            {pdf_name("/Type"): pdf_name("/XObject"), pdf_name("/Subtype"): pdf_name("/Form")},
            stream_data=b"1 g 0 0 100 40 re f",
        )
        look[pdf_name("/BBox")] = generic.ArrayObject([generic.NumberObject(each) for each in (0, 0, 100, 40)])
        if drawn:
            field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(look)})

    return _updated(content, change)


def said_of(folder: Path, content: bytes, roots: list[Path] | None) -> Signature:
    return validate(papers.file(folder, "a.pdf", content), roots)[0]


@pytest.mark.parametrize(
    "change", [annotated, uncovered, filled_in, other_pages, awaiting, signing.changed_after_signing]
)
def test_what_was_changed_after_signing_does_not_count_as_signed(
    tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    before = signing.signed(prepared(), tmp_path)
    roots = [tmp_path / "root.pem"]
    sound = said_of(tmp_path, before, roots)
    assert (sound.intact, sound.covers_whole, sound.trusted) == (True, True, True)
    after = said_of(tmp_path, change(before), roots)
    assert after.intact, "what was signed is still there"
    assert not after.covers_whole
    assert "sửa sau khi ký" in after.reason_vi


@pytest.mark.parametrize("add", [lambda content: content + b"\r\n", lambda content: awaiting(content, drawn=False)])
def test_what_is_added_and_shows_nothing_is_no_change(tmp_path: Path, add: Callable[[bytes], bytes]) -> None:
    said = said_of(tmp_path, add(signing.signed(prepared(), tmp_path)), [tmp_path / "root.pem"])
    assert (said.intact, said.covers_whole, said.trusted) == (True, True, True)
    assert "thêm chữ ký" not in said.reason_vi


def test_a_field_that_waits_may_be_drawn_and_signed(tmp_path: Path) -> None:
    waiting = awaiting(prepared())
    twice = signing.signed(signing.signed(waiting, tmp_path), tmp_path, "Cho ky")
    said = validate(papers.file(tmp_path, "a.pdf", twice), [tmp_path / "root.pem"])
    assert [(each.intact, each.covers_whole) for each in said] == [(True, True), (True, True)]
    assert "thêm chữ ký" in said[0].reason_vi


def test_a_second_signature_leaves_the_first_as_it_is(tmp_path: Path) -> None:
    twice = signing.signed(signing.signed(prepared(), tmp_path), tmp_path, "Signature2")
    for each in validate(papers.file(tmp_path, "a.pdf", twice), [tmp_path / "root.pem"]):
        assert (each.intact, each.covers_whole, each.trusted) == (True, True, True)


def test_a_name_that_somebody_gave_himself_is_not_trusted(tmp_path: Path) -> None:
    """A certificate of a root of one's own, with a leader's name: not among those that are trusted here."""
    mine = signing.signed(prepared(), tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    signing.authority.cache_clear()
    signing.signed(papers.pdf(1), other)
    assert said_of(tmp_path, mine, [other / "root.pem"]).trusted is False
    assert said_of(tmp_path, mine, None).trusted is None


def test_a_byte_range_that_leaves_something_out_is_not_the_whole(tmp_path: Path) -> None:
    """Signature wrapping: the second range is moved to the end, and another object stands between."""
    content = signing.signed(prepared(), tmp_path)
    with pikepdf.open(io.BytesIO(content)) as document:
        (value,) = (each.V for each in document.Root.AcroForm.Fields if each.get("/FT") == Name.Sig)
        first, length, second, rest = (int(each) for each in value.ByteRange)
    wedge = b"\n999 0 obj\n<</Type/Catalog>>\nendobj\n"
    old = content.index(b"/ByteRange")
    end = content.index(b"]", old) + 1
    new = f"/ByteRange [{first} {length} {second + len(wedge)} {rest}]".encode()
    assert len(new) <= end - old
    moved = content[:old] + new.ljust(end - old) + content[end:second] + wedge + content[second:]
    said = said_of(tmp_path, moved, [tmp_path / "root.pem"])
    assert not (said.intact and said.covers_whole)
