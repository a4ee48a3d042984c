"""Stamping any file: turned, odd, cropped, unbalanced; what comes out is read by three other programs."""

import io
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdf
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.conversion.refusals import Refused
from server.pdf.messages import PackCover, PackItem, PackPaper, Plan, PressOrder
from server.pdf.pack import bind
from server.pdf.watermark import make_stampable
from server.pdf.watermark_update import Reader, ending
from tests.papers import pdf

AT = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
BESIDE = 6
"""The page whose crop box is beside it: some viewers show nothing of it, until it is mended."""
READER = Reader("Nguyễn Thị Hạnh", "Ủy ban nhân dân xã Đạ Sar", AT)


def odd_file(path: Path, mode: pikepdf.ObjectStreamMode) -> None:
    """Nine pages, each strange in its own way."""
    with pikepdf.open(io.BytesIO(pdf(9, paragraphs=1))) as made:
        pages = [page.obj for page in made.pages]
        pages[1]["/Rotate"] = 90
        pages[2]["/Rotate"] = 180
        pages[3]["/Rotate"] = -90
        pages[4]["/CropBox"] = pikepdf.Array([100, 200, 400, 700])
        pages[4]["/Rotate"] = 90
        pages[5]["/MediaBox"] = pikepdf.Array([1140, 520, -50, -30])  # corners the wrong way round
        pages[BESIDE]["/CropBox"] = pikepdf.Array([9000, 9000, 9100, 9100])
        made.pages[7].contents_add(b"q q 0.2 0 0 0.2 0 0 cm 1 0 0 rg", prepend=True)  # never restored
        pages[8]["/Rotate"] = 45
        del pages[8]["/Contents"]
        made.save(path, object_stream_mode=mode)


@pytest.mark.parametrize("mode", [pikepdf.ObjectStreamMode.generate, pikepdf.ObjectStreamMode.disable])
def test_every_page_of_an_odd_file_is_stamped_upright(tmp_path: Path, mode: pikepdf.ObjectStreamMode) -> None:
    source, target, copy = (tmp_path / name for name in ("source.pdf", "stampable.pdf", "copy.pdf"))
    odd_file(source, mode)
    plan = make_stampable(source, target)
    assert (plan.pages, plan.size) == (9, target.stat().st_size)
    last = ending(plan, READER)
    assert len(last) < 2000
    copy.write_bytes(target.read_bytes() + last)
    for file in (target, copy):
        checked = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    assert len(pypdf.PdfReader(copy).pages) == 9
    for page in pypdf.PdfReader(copy).pages:
        assert "Nguyễn Thị Hạnh" in page.extract_text()
    before, after = pypdfium2.PdfDocument(source), pypdfium2.PdfDocument(copy)
    for number, (was, page) in enumerate(zip(before, after, strict=True)):
        width, height = page.get_size()
        assert (width, height) == was.get_size() if number != BESIDE else width > 500
        assert page.get_rotation() == was.get_rotation()
        text = page.get_textpage()
        assert was.get_textpage().get_text_bounded().strip() in text.get_text_bounded()
        found = text.search("Bản cấp cho Nguyễn Thị Hạnh · Ủy ban nhân dân xã Đạ Sar · 07:30 20/11/2026").get_next()
        assert found is not None, number
        _stands_at_the_foot(page, text, *found)


def _stands_at_the_foot(page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage, first: int, count: int) -> None:
    """The strip runs from left to right near the lower edge of what is seen."""

    def seen(index: int) -> tuple[float, float]:
        left, bottom, right, top = text.get_charbox(index)
        x, y = pypdfium2.raw.c_int(), pypdfium2.raw.c_int()
        size = (1000, 1000)
        pypdfium2.raw.FPDF_PageToDevice(page, 0, 0, *size, 0, (left + right) / 2, (bottom + top) / 2, x, y)
        return x.value / 1000, y.value / 1000

    start, end = seen(first), seen(first + count - 1)
    assert start[0] < end[0] < 1
    assert all(0.9 < y < 1 for y in (start[1], end[1])), (start, end, page.get_size())


def test_the_stamp_is_over_the_page_not_instead_of_it(tmp_path: Path) -> None:
    source, target = tmp_path / "source.pdf", tmp_path / "stampable.pdf"
    source.write_bytes(pdf(1, paragraphs=2))
    plan = make_stampable(source, target)
    unmarked = pypdfium2.PdfDocument(target)[0].render(scale=1).to_pil()
    assert list(unmarked.getdata()) == list(pypdfium2.PdfDocument(source)[0].render(scale=1).to_pil().getdata())
    marked = pypdfium2.PdfDocument(target.read_bytes() + ending(plan, READER))[0].render(scale=1).to_pil()
    changed = sum(a != b for a, b in zip(unmarked.getdata(), marked.getdata(), strict=True))
    assert 0.01 < changed / (marked.width * marked.height) < 0.2, "seen, and the text under it can be read"


def undecodable() -> bytes:
    """Its page's content is packed by a filter that nobody can undo."""
    with pikepdf.open(io.BytesIO(pdf(1, paragraphs=1))) as document:
        document.pages[0].obj.Contents.write(b"\xff\x00 not this \x81" * 20, filter=pikepdf.Name.LZWDecode)
        buffer = io.BytesIO()
        document.save(buffer, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
        return buffer.getvalue()


def test_a_page_that_cannot_be_decoded_is_stamped_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "source.pdf").write_bytes(undecodable())
    plan = make_stampable(tmp_path / "source.pdf", tmp_path / "stampable.pdf")
    copy = (tmp_path / "stampable.pdf").read_bytes() + ending(plan, READER)
    assert "Nguyễn Thị Hạnh" in pypdf.PdfReader(io.BytesIO(copy)).pages[0].extract_text()


def test_one_bad_paper_takes_no_pack_away(tmp_path: Path) -> None:
    """What cannot be opened is left out and named; what cannot be decoded is in it."""
    for version, content in ((1, pdf(2)), (2, b"%PDF-1.7 nothing of the kind"), (3, undecodable())):
        (tmp_path / f"{version}.pdf").write_bytes(content)
    papers = [
        PackPaper(version_id=version, title=f"Tài liệu {version}", number="", pages=2, signed=False)
        for version in (1, 2, 3)
    ]
    cover = PackCover(unit="Lâm Đồng", kind="cuộc họp", title="Họp", when="7 giờ", place="Hội trường", printed_for="")
    item = PackItem(title="Một", presenter="", minutes=5, papers=papers)
    plan, left_out = bind(cover, [item], tmp_path, tmp_path / "pack.pdf")
    assert left_out == [2]
    reader = pypdf.PdfReader(tmp_path / "pack.pdf")
    assert len(reader.pages) == plan.pages
    assert "Tài liệu 2" not in " ".join(page.extract_text() for page in reader.pages)
    with pytest.raises(Refused):
        bind(cover, [PackItem(title="", presenter="", minutes=0, papers=papers[1:2])], tmp_path, tmp_path / "none.pdf")


def test_large_scans_are_bound_without_being_held_in_memory(tmp_path: Path) -> None:
    """240 MB in two papers, bound by a process that may take 600 MB of memory in all, which the libraries alone half
    fill; bookmarks lead to their pages."""
    many = 30
    for version in (1, 2):
        with pikepdf.new() as document:
            for number in range(many):
                page = document.add_blank_page(page_size=(595, 842))
                picture = document.make_stream(random.Random(version * 100 + number).randbytes(4_000_000))
                picture.stream_dict = pikepdf.Dictionary(
                    Type=pikepdf.Name.XObject,
                    Subtype=pikepdf.Name.Image,
                    Width=2000,
                    Height=2000,
                    ColorSpace=pikepdf.Name.DeviceGray,
                    BitsPerComponent=8,
                )
                page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=picture))
                page.Contents = document.make_stream(b"q 595 0 0 842 0 0 cm /P Do Q")
            document.save(tmp_path / f"{version}.pdf", compress_streams=False)
    papers = [
        PackPaper(version_id=version, title=f"Bản quét {version}", number="", pages=many, signed=False)
        for version in (1, 2)
    ]
    cover = PackCover(unit="Lâm Đồng", kind="cuộc họp", title="Họp", when="7 giờ", place="Hội trường", printed_for="")
    order = PressOrder(
        cover=cover, items=[PackItem(title="Một", presenter="", minutes=5, papers=papers)], memory_mb=600
    )
    (tmp_path / "order.json").write_text(order.model_dump_json())
    said = subprocess.run(
        [sys.executable, "-m", "server.pdf", str(tmp_path)], capture_output=True, text=True, check=True
    )
    steps = [json.loads(line) for line in said.stdout.splitlines()]
    assert steps[-1].get("done"), steps[-1]
    assert all(step.get("page", 0) <= step["pages"] == 2 for step in steps if "pages" in step)
    made = tmp_path / "result" / "stampable.pdf"
    reader = pypdf.PdfReader(made)
    assert len(reader.pages) == 2 + 2 * many
    places = {entry.title: reader.get_destination_page_number(entry) for entry in _flat(reader.outline)}
    assert (places["Bản quét 1"], places["Bản quét 2"]) == (2, 2 + many)
    with pypdfium2.PdfDocument(made) as document:
        for index in (2, 2 + many, 1 + 2 * many):
            shades = np.asarray(document[index].render(scale=0.5).to_pil().convert("L"))
            assert shades.std() > 10, "the scan is on its page"


def _flat(outline: list[Any]) -> Iterator[Any]:
    for each in outline:
        if isinstance(each, list):
            yield from _flat(each)
        else:
            yield each


@pytest.fixture(scope="module")
def stampable(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    folder = tmp_path_factory.mktemp("press")
    (folder / "source.pdf").write_bytes(pdf(1, paragraphs=1))
    plan = make_stampable(folder / "source.pdf", folder / "stampable.pdf")
    (folder / "plan.json").write_text(plan.model_dump_json())
    return (folder / "stampable.pdf").read_bytes(), folder / "plan.json"


@given(name=st.text(min_size=1, max_size=120), unit=st.text(max_size=200))
def test_no_name_breaks_the_file(stampable: tuple[bytes, Path], name: str, unit: str) -> None:
    content, plan = stampable
    last = ending(Plan.model_validate_json(plan.read_bytes()), Reader(name, unit, AT))
    with pikepdf.open(io.BytesIO(content + last), attempt_recovery=False) as opened:
        assert len(opened.pages) == 1
        assert opened.check_pdf_syntax() == []
