"""What a PDF says of itself: what is printed on its pages, which files it carries, and nothing where that is broken."""

import io
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from server.conversion.clean import clean
from server.conversion.document_facts import attached_names, page_labels_of
from server.conversion.preparation import prepare
from tests import papers
from tests.server.conversion.converting import made


def labelled(*labels: tuple[int, Dictionary], pages: int = 5) -> bytes:
    with pikepdf.open(io.BytesIO(papers.pdf(pages, paragraphs=1))) as document:
        document.Root.PageLabels = Dictionary(Nums=Array([each for pair in labels for each in pair]))
        buffer = io.BytesIO()
        document.save(buffer)
        return buffer.getvalue()


ROMAN, ARABIC = Dictionary(S=Name.r), Dictionary(S=Name.D)


@pytest.mark.parametrize(
    ("content", "labels"),
    [
        (labelled((0, ROMAN), (2, ARABIC)), ["i", "ii", "1", "2", "3"]),
        (labelled((0, ARABIC), (4, Dictionary(S=Name.D, P=String("PL-")))), ["1", "2", "3", "4", "PL-1"]),
        (labelled((0, ARABIC)), []),  # as they are numbered anyhow
        (papers.pdf(2), []),
        (labelled((0, Dictionary(P=String("\x00")))), []),
        (b"%PDF-1.4 nothing", []),
    ],
)
def test_what_is_printed_on_pages(tmp_path: Path, content: bytes, labels: list[str]) -> None:
    assert page_labels_of(papers.file(tmp_path, "a.pdf", content)) == labels


async def test_files_that_are_taken_out_are_named(tmp_path: Path) -> None:
    done = await made(tmp_path / "job", papers.attached_pdf(packed=True), "a.pdf")
    [said] = done.report.warnings
    assert said.code == "files-removed"
    assert said.vi.endswith("(phu-luc.docx)")
    assert said.en.endswith("(phu-luc.docx)")
    with pikepdf.open(done.result / "reading.pdf") as document:
        assert not document.attachments
    assert attached_names(papers.file(tmp_path, "b.pdf", papers.pdf())) == []


def test_a_file_pinned_onto_a_page_is_taken_out_and_named(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(papers.pdf())) as document:
        held = Dictionary(Type=Name.Filespec, F=String("ghi-chu.txt"), EF=Dictionary(F=document.make_stream(b"KINKIN")))
        page = document.pages[0].obj
        page.AF = Array([document.make_indirect(held)])
        pin = Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, Rect=Array([9, 9, 29, 29]), FS=page.AF[0])
        page.Annots = Array([document.make_indirect(pin)])
        buffer = io.BytesIO()
        document.save(buffer)
    source = papers.file(tmp_path, "a.pdf", buffer.getvalue())
    assert attached_names(source) == ["ghi-chu.txt"]
    prepared, cleaned = tmp_path / "prepared.pdf", tmp_path / "cleaned.pdf"
    assert {*prepare(source, prepared), *clean(prepared, cleaned)} == {"files-removed"}
    with pikepdf.open(cleaned) as document:
        streams = [each.read_bytes() for each in document.objects if isinstance(each, pikepdf.Stream)]
    assert not any(b"KINKIN" in each for each in streams)


async def test_labels_go_through_a_conversion(tmp_path: Path) -> None:
    done = await made(tmp_path / "job", labelled((0, ROMAN), (2, ARABIC)), "a.pdf")
    assert done.report.page_labels == ["i", "ii", "1", "2", "3"]
