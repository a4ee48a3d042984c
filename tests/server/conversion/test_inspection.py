"""What a file really is: every good kind is let in, every bad one refused with its own sentence, and no bytes at all
lead to anything else."""

import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.conversion.clean import acts, clean
from server.conversion.inspection import inspect
from server.conversion.refusals import PROBLEMS, WARNINGS, Refused, problem
from tests import hostile, papers, swelling

PAGES_MAX = 2000


def look(folder: Path, name: str, content: bytes, pages_max: int = PAGES_MAX) -> str:
    """The type, or the code of the refusal."""
    try:
        return inspect(papers.file(folder, "original", content), name, pages_max).mime
    except Refused as refused:
        return refused.said.code


OOXML = "application/vnd.openxmlformats-officedocument."


@pytest.mark.parametrize(
    ("name", "made", "mime"),
    [
        ("a.pdf", papers.pdf, "application/pdf"),
        ("a.docx", papers.docx, f"{OOXML}wordprocessingml.document"),
        ("a.xlsx", papers.xlsx, f"{OOXML}spreadsheetml.sheet"),
        ("a.odt", papers.odf, "application/vnd.oasis.opendocument.text"),
        ("a.odp", lambda: papers.odf("presentation"), "application/vnd.oasis.opendocument.presentation"),
        ("a.jpg", papers.photo, "image/jpeg"),
        ("a.png", papers.png, "image/png"),
        ("IMG_0001.HEIC", papers.heic, "image/heic"),
        ("a.avif", lambda: papers.saved_as("AVIF"), "image/avif"),
        ("a.tif", lambda: papers.saved_as("TIFF", 3), "image/tiff"),
        ("a.webp", lambda: papers.saved_as("WEBP"), "image/webp"),
        ("a.bmp", lambda: papers.saved_as("BMP"), "image/bmp"),
        ("a.gif", lambda: papers.saved_as("GIF"), "image/gif"),
    ],
)
def test_good_files_are_known_by_content(tmp_path: Path, name: str, made: Callable[[], bytes], mime: str) -> None:
    path = papers.file(tmp_path, "original", made())
    found = inspect(path, name, PAGES_MAX)
    assert (found.mime, found.warnings) == (mime, [])
    other = inspect(path, "unrelated.txt", PAGES_MAX)
    assert (other.mime, other.warnings) == (mime, ["name-differs"])


@pytest.mark.parametrize(
    ("name", "made", "code"),
    [
        ("a.pdf", lambda: b"", "empty"),
        ("a.pdf", hostile.encrypted_pdf, "encrypted"),
        ("a.pdf", hostile.truncated_pdf, "truncated"),
        ("a.pdf", hostile.dynamic_form_pdf, "dynamic-form"),
        ("a.pdf", hostile.long_pdf, "too-many-pages"),
        ("a.pdf", hostile.deflate_bomb_pdf, "bomb"),
        ("a.pdf", lambda: hostile.deflate_bomb_pdf(chained=True), "bomb"),
        ("a.pdf", hostile.huge_image_pdf, "bomb"),
        ("a.pdf", hostile.program, "disguised"),
        ("a.txt", hostile.program, "disguised"),
        ("a.pdf", hostile.pdf_and_zip, "two-in-one"),
        ("a.png", lambda: papers.png() + hostile.plain_zip(), "two-in-one"),
        ("a.pdf", lambda: b"%PDF-1.7\n%%EOF", "damaged"),
        ("a.docx", hostile.zip_bomb_docx, "bomb"),
        ("a.docx", hostile.lying_zip_docx, "damaged"),
        ("a.docx", hostile.truncated_docx, "truncated"),
        ("a.docx", hostile.damaged_docx, "damaged"),
        ("a.docx", hostile.xxe_docx, "unsafe-xml"),
        ("a.docx", hostile.encrypted_docx, "encrypted"),
        ("a.odt", hostile.encrypted_odt, "encrypted"),
        ("a.xlam", hostile.macros_only, "macros-only"),
        ("a.zip", hostile.plain_zip, "archive"),
        ("a.docx", hostile.plain_zip, "archive"),
        ("a.doc", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "damaged"),
        ("a.png", hostile.pixel_bomb_png, "picture-too-large"),
        ("a.jpg", hostile.truncated_jpeg, "truncated"),
        ("a.tif", lambda: b"II*\0\x08\0\0\0\0\0\0\0" * 20, "damaged"),
        ("a.tif", lambda: papers.saved_as("TIFF", 4), "too-many-pages"),
        ("a.png", lambda: papers.pixel_png(3, 900), "picture-too-small"),
        ("a.heic", lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200, "damaged"),
        ("IMG_0001.HEIC", lambda: papers.heic()[:-300], "truncated"),
        ("a.rtf", lambda: rb"{\rtf1\ansi Bao cao}", "rich-text"),
        ("a.doc", lambda: rb"{\rtf1\ansi Bao cao}", "rich-text"),
        ("a.jp2", lambda: papers.saved_as("JPEG2000"), "picture-format"),
        ("a.txt", lambda: b"BM la ten mot tep", "plain-text"),
        ("a.csv", "Họ tên,Chức vụ\nNguyễn Văn An,Chủ tịch\n".encode, "plain-text"),
        ("a.pdf", lambda: b"<html><body>hello</body></html>", "web-page"),
        ("danh-sach.xls", lambda: b"\xef\xbb\xbf<table><tr><td>1</td></tr></table>", "web-page"),
        ("bao-cao.doc", lambda: b"<!DOCTYPE html><html><head></head><body>x</body></html>", "web-page"),
        ("bao-cao.docx", lambda: b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>x</p>", "web-page"),
        ("a.doc", lambda: b'<?xml version="1.0"?>\n<html xmlns="x"><body>x</body></html>', "web-page"),
        ("~$o-cao.docx", lambda: b"\x0cNguyen Van A" + b" " * 41 + b"\0" * 108, "left-open"),
        ("thu.eml", lambda: b"From: a@b.vn\r\nTo: c@d.vn\r\nSubject: x\r\n\r\ny", "mail"),
        ("bao-cao.doc", lambda: b"\xdb\xa5\x2d\x00" + b"\0" * 600, "old-office"),
        ("bang.xls", lambda: b"\x09\x02\x06\x00\x00\x03\x10\x00" + b"\0" * 100, "old-office"),
        ("anh.heif", lambda: b"\0\0\0\x18ftypj2ki\0\0\0\0j2kimif1" + b"\0" * 99, "picture-format"),
        ("anh.heic", hostile.uncompressed_heif, "picture-format"),
        ("a.pdf", hostile.certificate_locked_pdf, "encrypted-certificate"),
        ("a.exe", lambda: b"\x7fELF" + b"\0" * 300, "disguised"),
    ],
)
def test_bad_files_are_refused_with_their_own_sentence(
    tmp_path: Path, name: str, made: Callable[[], bytes], code: str
) -> None:
    assert look(tmp_path, name, made(), pages_max=3 if name == "a.tif" else PAGES_MAX) == code


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("a.docx", swelling.text_docx),
        ("a.docx", swelling.many_parts_docx),
        ("a.docx", swelling.other_method_docx),
        ("a.docx", lambda: swelling.other_method_docx(zipfile.ZIP_LZMA)),
        ("a.docx", swelling.overlapping_docx),
        ("a.docx", swelling.packed_drawings_docx),
        ("a.docx", swelling.attributes_docx),
        ("a.docx", lambda: swelling.white_sheet_docx(told=40)),
        ("a.pdf", swelling.chains_pdf),
        ("a.pdf", lambda: swelling.chains_pdf(3)),
    ],
)
def test_what_swells_is_refused_at_once(tmp_path: Path, name: str, made: Callable[[], bytes]) -> None:
    content = made()
    begun = time.process_time()
    assert look(tmp_path, name, content) == "bomb"
    assert time.process_time() - begun < 3


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("a.docx", swelling.long_docx),
        ("a.docx", swelling.bitmap_docx),
        ("a.docx", swelling.white_sheet_docx),
        ("a.docx", swelling.picture_in_attribute_docx),
        ("a.pdf", swelling.white_scans_pdf),
    ],
)
def test_what_is_large_and_honest_is_taken(tmp_path: Path, name: str, made: Callable[[], bytes]) -> None:
    assert look(tmp_path, name, made()).startswith("application/")


def pages_of(path: Path) -> int:
    with pikepdf.open(path) as document:
        return len(document.pages)


@pytest.mark.parametrize(
    ("made", "warnings"),
    [
        (hostile.page_and_pdf, ["repaired"]),  # what stands before it is in no copy of ours
        (lambda: b"<br />\n<b>Warning</b>: mail() failed\n" + papers.pdf(), ["repaired"]),
        (lambda: papers.pdf() + b"\n<html><body>504</body></html>" * 200, ["repaired"]),
        (lambda: papers.pdf() + b"\0" * 5000, ["repaired"]),
        (lambda: papers.attached_pdf(packed=False), []),
        (lambda: papers.chained_pdf("flate"), []),
        (lambda: papers.chained_pdf("ascii85"), []),
    ],
)
def test_honest_oddities_are_let_in(tmp_path: Path, made: Callable[[], bytes], warnings: list[str]) -> None:
    found = inspect(papers.file(tmp_path, "original", made()), "a.pdf", PAGES_MAX)
    assert (found.mime, found.warnings) == ("application/pdf", warnings)


def test_what_one_program_cannot_read_another_saves_anew(tmp_path: Path) -> None:
    found = inspect(papers.file(tmp_path, "original", hostile.circular_pdf()), "a.pdf", PAGES_MAX)
    assert found.warnings == ["repaired"]
    assert found.anew is not None
    assert pages_of(found.anew) == 2


def test_pages_of_a_tree_that_leads_into_itself_are_found(tmp_path: Path) -> None:
    found = inspect(papers.file(tmp_path, "original", hostile.looped_tree_pdf()), "a.pdf", PAGES_MAX)
    assert found.anew is not None
    assert found.warnings == ["repaired"]
    with pypdfium2.PdfDocument(found.anew) as document:
        assert [page.get_size() for page in document] == [(400, 600)]
        assert document[0].get_textpage().get_text_range().strip() == "Trang con lai"


def test_every_sentence_says_what_to_do() -> None:
    for code in PROBLEMS:
        said = problem(code)
        assert said.code == code
        for text in (said.vi, said.en):
            assert text.endswith(".")
            assert text.count(".") >= 2 or ":" in text  # what is wrong, and what to do
    assert all(each.vi.endswith(".") and each.en.endswith(".") for each in WARNINGS.values())


def test_macros_and_links_outside_are_told(tmp_path: Path) -> None:
    macros = inspect(papers.file(tmp_path, "a", hostile.macro_docx()), "a.docm", PAGES_MAX)
    assert macros.warnings == ["macros-removed"]
    outside = inspect(papers.file(tmp_path, "b", hostile.outside_docx("https://x.example/a.png")), "a.docx", PAGES_MAX)
    assert outside.warnings == ["outside-links"]


def test_cleaning_takes_out_what_acts_and_leaves_the_rest(tmp_path: Path) -> None:
    source = papers.file(tmp_path, "acting.pdf", hostile.acting_pdf())
    assert acts(source)
    target = tmp_path / "clean.pdf"
    removed = clean(source, target)
    assert set(removed) == {
        "scripts-removed",
        "actions-removed",
        "files-removed",
        "media-removed",
        "form-removed",
        "links-removed",
    }
    assert not acts(target)
    content = target.read_bytes()
    with pikepdf.open(target) as document:
        everything = "".join(repr(each) for each in document.objects)
    for trace in ("JavaScript", "app.alert", "Launch", "calc.exe", "EmbeddedFile", "RichMedia", "/XFA", "javascript:"):
        assert trace not in everything, trace
        assert trace.encode() not in content, trace
    assert "https://lamdong.gov.vn/" in everything
    with pikepdf.open(papers.file(tmp_path, "plain.pdf", papers.pdf(2))) as before:
        assert len(before.pages) == 2
    assert clean(tmp_path / "plain.pdf", target) == []


def test_restrictions_are_lifted(tmp_path: Path) -> None:
    source = papers.file(tmp_path, "a.pdf", hostile.restricted_pdf())
    assert inspect(source, "a.pdf", PAGES_MAX).warnings == ["password-lifted"]
    clean(source, tmp_path / "b.pdf")
    with pikepdf.open(tmp_path / "b.pdf") as document:
        assert not document.is_encrypted


SEEDS = [papers.pdf, papers.docx, papers.xlsx, papers.odf, papers.png, hostile.encrypted_docx, hostile.acting_pdf]


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(data=st.data())
def test_no_bytes_lead_anywhere_else(tmp_path: Path, data: st.DataObject) -> None:
    """Samples with bytes changed, cut out, repeated; or any bytes after a known beginning."""
    content = bytearray(data.draw(st.sampled_from(SEEDS))())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(0, len(content) - 1)))
        match data.draw(st.sampled_from(["change", "cut", "repeat", "end"])):
            case "change":
                content[at : at + 8] = data.draw(st.binary(min_size=1, max_size=8))
            case "cut":
                del content[at : at + data.draw(st.integers(1, 200))]
            case "repeat":
                content[at:at] = content[at : at + data.draw(st.integers(1, 200))]
            case "end":
                del content[at:]
    look(tmp_path, "a.pdf", bytes(content))


STARTS = [b"%PDF-1.7\n", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b""]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=3000))
def test_nor_do_random_ones(tmp_path: Path, start: bytes, rest: bytes) -> None:
    code = look(tmp_path, "a.pdf", start + rest)
    assert code in PROBLEMS
