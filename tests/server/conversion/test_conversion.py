"""The pipeline on real files: real LibreOffice, real tesseract, a real signing key, each in a process of its own."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image

from server.conversion import sandbox
from server.conversion.deskew import skew
from server.conversion.messages import Order
from server.conversion.ocr import picture_to_pdf
from server.conversion.signatures import validate
from tests import hostile, papers, signing
from tests.server.conversion.converting import made

FOUND_ALIKE = 0.9
"""Part of the words that recognition must find."""


def words(text: str) -> set[str]:
    return {word.strip(".,;:").lower() for word in text.split() if len(word) > 2}


async def test_a_pdf_becomes_text_with_places_outline_and_pictures(tmp_path: Path) -> None:
    made_of = await made(tmp_path / "job", papers.pdf(8), "Báo cáo.pdf")
    report = made_of.report
    assert made_of.code is None
    assert (report.mime, report.page_count, report.text_quality) == ("application/pdf", 8, "text")
    assert (report.signatures, report.warnings) == ([], [])
    assert [(entry.title, entry.page) for entry in report.outline] == [(f"Phần thứ {n}", n) for n in range(1, 9)]
    assert report.guess.number == "12-BC/TU"
    assert [page.number for page in made_of.pages] == list(range(1, 9))
    for page in made_of.pages:
        assert (round(page.width), round(page.height)) == (595, 842)
        assert f"trang {page.number}" in page.text.replace("\n", " ")
        for x, y, width, height, placed in page.lines:
            assert 0 <= x <= x + width <= 1.001
            assert 0 <= y <= y + height <= 1.001
            assert [word[0] for word in placed] == sorted(word[0] for word in placed)
    for width in (900, 1800):
        sizes = []
        for page in made_of.pages:
            path = made_of.result / "pages" / f"{page.number}-{width}.webp"
            with Image.open(path) as picture:
                assert (picture.format, picture.width) == ("WEBP", width)
                assert abs(picture.height / width - 842 / 595) < 0.01
            sizes.append(path.stat().st_size)
        assert report.picture_bytes[str(width)] == sum(sizes)
    # A word's place is where the picture has its ink.
    heading = next(line for line in made_of.pages[0].lines if line[4][0][2] == "BÁO")
    with Image.open(made_of.result / "pages" / "1-1800.webp") as picture:
        x, y, width, height = (part * side for part, side in zip(heading[:4], picture.size * 2, strict=True))
        assert (
            min(picture.convert("L").crop((int(x), int(y), int(x + width), int(y + height))).get_flattened_data()) < 90
        )
        assert (
            min(picture.convert("L").crop((int(x) - 200, int(y), int(x) - 20, int(y + height))).get_flattened_data())
            > 200
        )
    progress = [step.progress for step in made_of.steps]
    assert progress == sorted(progress)


async def test_rotated_and_cropped_pages_are_as_seen(tmp_path: Path) -> None:
    with pikepdf.open(papers.file(tmp_path, "a.pdf", papers.pdf(2))) as document:
        document.pages[0].obj.Rotate = 90
        document.pages[1].obj.CropBox = pikepdf.Array([50, 400, 550, 800])
        document.save(tmp_path / "b.pdf")
    made_of = await made(tmp_path / "job", (tmp_path / "b.pdf").read_bytes(), "b.pdf")
    turned, cropped = made_of.pages
    assert (round(turned.width), round(turned.height)) == (842, 595)
    assert (round(cropped.width), round(cropped.height)) == (500, 400)
    x, _, width, height, _ = next(line for line in turned.lines if line[4][0][2] == "BÁO")
    assert x + width > 0.7  # the sheet's top is at the right now
    assert height > width
    heading = next(line for line in cropped.lines if line[4][0][2] == "Phần")
    assert 0 <= heading[1] < 0.2


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.docx", lambda: papers.docx(pages=3), papers.PARAGRAPH),
        ("a.xlsx", papers.xlsx, "Đơn vị 7"),
        ("a.odp", lambda: papers.odf("presentation"), papers.PARAGRAPH),
    ],
)
async def test_office_files_become_pdf(tmp_path: Path, name: str, content: object, text: str) -> None:
    made_of = await made(tmp_path / "job", content(), name)  # type: ignore[operator]
    assert made_of.code is None
    assert "convert" in made_of.stages
    seen = " ".join(page.text for page in made_of.pages)
    assert words(text) <= words(seen)
    assert made_of.report.text_quality == "text"
    if name == "a.docx":
        assert made_of.report.page_count == 3


async def test_a_wide_sheet_fits_its_page(tmp_path: Path) -> None:
    made_of = await made(tmp_path / "job", papers.wide_xlsx(), "a.xlsx")
    wide, narrow = made_of.pages
    assert {f"h9c{column}" for column in range(20)} <= words(wide.text)
    assert wide.width > wide.height
    assert narrow.width < narrow.height
    vast = await made(tmp_path / "vast", papers.wide_xlsx(90), "a.xlsx")
    assert 3 < len(vast.pages) < 9  # divided before it is too small to read
    assert all(line[3] > 0.006 for page in vast.pages[:-1] for line in page.lines)


async def test_a_cell_far_away_does_not_make_a_million_pages(tmp_path: Path) -> None:
    done = await made(tmp_path / "job", papers.stray_xlsx(), "a.xlsx")
    assert len(done.pages) == 2
    assert "Đơn vị 9" in done.pages[0].text
    assert "Chú thích" in done.pages[1].text
    assert "lạc" not in done.pages[0].text + done.pages[1].text
    assert [each.code for each in done.report.warnings] == ["far-cells"]


async def test_a_sheet_that_is_no_paper_is_refused_with_its_rows(tmp_path: Path) -> None:
    done = await made(tmp_path / "job", papers.xlsx(1500), "a.xlsx", pages_max=20)
    assert done.code == "sheet-too-long"
    assert "1.500 dòng" in done.steps[-1].problem.vi  # type: ignore[union-attr]


def test_every_sheet_of_a_scanners_picture_becomes_a_page(tmp_path: Path) -> None:
    picture_to_pdf(papers.file(tmp_path, "a.tif", papers.saved_as("TIFF", 3)), tmp_path / "a.pdf")
    with pikepdf.open(tmp_path / "a.pdf") as document:
        assert len(document.pages) == 3


def test_deep_greys_are_kept_apart(tmp_path: Path) -> None:
    """Sixteen bits a pixel, dark letters on grey: not all of it white."""
    grey = np.asarray(papers.page_image(60)).astype(np.uint16) * 257
    Image.fromarray(grey).save(tmp_path / "a.png")
    picture_to_pdf(tmp_path / "a.png", tmp_path / "a.pdf")
    with pypdfium2.PdfDocument(tmp_path / "a.pdf") as document:
        made_of = np.asarray(document[0].render(grayscale=True).to_pil())
    assert made_of.min() < 60
    assert np.median(made_of) > 240
    assert abs(float((made_of < 128).mean()) - float((grey < 32768).mean())) < 0.03


async def test_office_files_reach_nothing_outside(tmp_path: Path) -> None:
    """A picture of the server's disk is not in the PDF; an address is not called."""
    secret = papers.file(tmp_path, "secret.png", papers.png())
    local = await made(tmp_path / "local", hostile.outside_docx(secret.as_uri()), "a.docx")
    assert [each.code for each in local.report.warnings] == ["outside-links"]
    with pikepdf.open(local.result / "reading.pdf") as document:
        assert all(not page.get_images() for page in document.pages)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/a.png"
        assert (await made(tmp_path / "net", hostile.outside_docx(address), "a.docx")).code is None
        with pytest.raises(TimeoutError):
            listener.accept()


async def test_a_crooked_scan_lying_on_its_side_is_set_straight_and_read(tmp_path: Path) -> None:
    made_of = await made(tmp_path / "job", papers.scan_pdf(1, angle=2.5, turned=90, dpi=200), "scan.pdf")
    report = made_of.report
    assert (report.text_quality, report.page_count) == ("ocr", 1)
    page = made_of.pages[0]
    assert page.height > page.width
    read, there = words(page.text), words(papers.PARAGRAPH)
    assert len(read & there) >= FOUND_ALIKE * len(there)
    assert report.guess.number == "12-BC/TU"
    body = [line for line in page.lines if line[2] > 0.5]
    assert len(body) > 5
    assert all(line[3] < 0.03 for line in body)  # crooked lines would be high
    assert {"straighten", "ocr"} <= set(made_of.stages)
    assert (1, 1) in {(step.page, step.pages) for step in made_of.steps if step.stage == "ocr"}
    with pikepdf.open(made_of.result / "reading.pdf") as document:
        assert len(document.pages) == 1


async def test_a_phone_photo_becomes_a_clean_page(tmp_path: Path) -> None:
    made_of = await made(tmp_path / "job", papers.photo(dpi=200), "IMG_2031.JPG")
    page = made_of.pages[0]
    assert page.height > page.width  # EXIF's way up
    there = words(papers.PARAGRAPH)
    assert len(words(page.text) & there) >= FOUND_ALIKE * len(there)
    with Image.open(made_of.result / "pages" / "1-900.webp") as picture:
        shades = picture.convert("L").histogram()
    assert sum(shades[225:]) > sum(shades) / 2  # the grey sheet is white


async def test_a_signed_pdf_is_never_rewritten(tmp_path: Path) -> None:
    content = signing.signed(papers.pdf(2), tmp_path)
    made_of = await made(tmp_path / "job", content, "a.pdf", trust_roots=[str(tmp_path / "root.pem")])
    assert (made_of.result / "reading.pdf").read_bytes() == content
    (signature,) = made_of.report.signatures
    assert (signature.signer, signature.intact, signature.covers_whole, signature.trusted) == (
        signing.SIGNER,
        True,
        True,
        True,
    )
    assert signature.signed_at is not None
    assert made_of.report.warnings == []
    assert "trang 2" in made_of.pages[1].text.replace("\n", " ")


@pytest.mark.parametrize(
    ("change", "intact", "whole", "warned"),
    [
        (signing.changed_after_signing, True, False, True),
        (signing.tampered, False, True, True),
        (lambda content: content, True, True, False),
    ],
)
async def test_what_became_of_a_signature(
    tmp_path: Path, change: object, intact: bool, whole: bool, warned: bool
) -> None:
    content = change(signing.signed(papers.pdf(), tmp_path))  # type: ignore[operator]
    made_of = await made(tmp_path / "job", content, "a.pdf")
    (signature,) = made_of.report.signatures
    assert (signature.intact, signature.covers_whole, signature.trusted) == (intact, whole, None)
    assert ("signature-changed" in {each.code for each in made_of.report.warnings}) == warned
    assert (made_of.result / "reading.pdf").read_bytes() == content


def test_an_expired_certificate_is_said_to_be_that(tmp_path: Path) -> None:
    content = signing.signed(papers.pdf(), tmp_path, expired=True)
    (signature,) = validate(papers.file(tmp_path, "a.pdf", content), [tmp_path / "root.pem"])
    assert (signature.intact, signature.trusted) == (True, False)
    assert "hết hạn" in signature.reason_vi


async def test_a_signed_scan_keeps_its_bytes_and_gets_text(tmp_path: Path) -> None:
    content = signing.signed(papers.scan_pdf(1, angle=0.0, dpi=200), tmp_path)
    made_of = await made(tmp_path / "job", content, "a.pdf")
    assert (made_of.result / "reading.pdf").read_bytes() == content
    assert made_of.report.text_quality == "ocr"
    assert "Thực hiện" in made_of.pages[0].text


async def test_secrecy_marks_are_refused_unless_declared_isolated(tmp_path: Path) -> None:
    content = papers.pdf(mark="TỐI MẬT")
    assert (await made(tmp_path / "a", content, "a.pdf")).code == "secret"
    assert (await made(tmp_path / "b", papers.pdf(), "Kế hoạch (MẬT).pdf")).code == "secret"
    isolated = await made(tmp_path / "c", content, "a.pdf", isolated=True)
    assert isolated.code is None
    assert [each.code for each in isolated.report.warnings] == ["marked-secret"]
    # The bare word, known by its look alone, may be something else: refused until somebody says why it is no mark.
    scanned = await made(tmp_path / "d", papers.scan_pdf(1, angle=0.5, dpi=200, mark="MẬT"), "scan.pdf")
    assert scanned.code == "secret-guessed"


async def test_hostile_files_end_with_a_sentence(tmp_path: Path) -> None:
    """Through the real process; every kind is told apart in test_inspection."""
    acting = await made(tmp_path / "acting", hostile.acting_pdf(), "a.pdf")
    assert acting.code is None
    assert "scripts-removed" in {each.code for each in acting.report.warnings}
    assert b"JavaScript" not in (acting.result / "reading.pdf").read_bytes()
    broken = papers.docx(body="<w:unclosed")
    assert (await made(tmp_path / "broken", broken, "a.docx")).code in ("damaged", "not-converted")
    assert (await made(tmp_path / "bomb", hostile.deflate_bomb_pdf(), "a.pdf", memory_mb=1024)).code in (
        "bomb",
        "memory",
    )


# What the process may not do. `misbehaving` stands in for a parser that was taken over.


MISBEHAVING = "tests.server.conversion.misbehaving"


@pytest.fixture
async def heartbeat() -> AsyncIterator[list[float]]:
    """Delays of this process's event loop: the server goes on answering."""
    delays: list[float] = []

    async def beat() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.02)
            delays.append(time.monotonic() - before - 0.02)

    task = asyncio.create_task(beat())
    yield delays
    task.cancel()


@pytest.mark.parametrize(
    ("what", "limits", "code"),
    [
        ("hang", {"patience": 4}, "time"),
        ("spin", {"seconds": 4}, "time"),
        ("eat", {"memory_mb": 600}, "memory"),
        ("eat-together", {"memory_mb": 600}, "memory"),
        ("crash", {}, "damaged"),
        ("fill", {"file_mb": 5}, "bomb"),
    ],
)
async def test_whoever_takes_too_much_is_ended(
    tmp_path: Path, heartbeat: list[float], what: str, limits: dict[str, int], code: str
) -> None:
    began = time.monotonic()
    made_of = await made(tmp_path / "job", b"x", what, program=MISBEHAVING, **limits)
    assert made_of.code == code
    assert time.monotonic() - began < 45
    assert max(heartbeat) < 1.0
    await asyncio.sleep(0.1)
    assert (made_of.folder / "started").exists()
    assert not _alive(made_of.folder)


def _alive(folder: Path) -> bool:
    """Any process that sees the job's folder as its own."""
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and f"{folder} /job " in (entry / "mountinfo").read_text():
                return True
        except OSError:
            continue
    return False


async def test_a_failure_of_ours_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(sandbox.ConversionFailed, match="of ours"):
        await made(tmp_path / "job", b"x", "raise", program=MISBEHAVING)
    with pytest.raises(sandbox.ConversionFailed, match="strange"):
        await made(tmp_path / "other", b"x", "babble", program=MISBEHAVING)


async def test_a_cancelled_job_leaves_no_process(tmp_path: Path) -> None:
    task = asyncio.create_task(made(tmp_path / "job", b"x", "hang", program=MISBEHAVING))
    async with asyncio.timeout(20):
        while not (tmp_path / "job" / "started").exists():  # noqa: ASYNC110  written by the process
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0.1)
    assert not _alive(tmp_path / "job")


async def test_it_has_no_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        order = Order(file_name=f"call {listener.getsockname()[1]}")
        (tmp_path / "job").mkdir()
        with pytest.raises(sandbox.ConversionFailed, match=r"unreachable|refused"):
            _ = [step async for step in sandbox.steps(tmp_path / "job", order, 60, MISBEHAVING)]


@pytest.mark.parametrize("angle", [-5.0, -1.2, 0.0, 0.6, 3.4])
def test_the_skew_of_a_page_is_measured(angle: float) -> None:
    page = papers.page_image(100).rotate(angle, expand=True, fillcolor=255)
    assert skew(page) == pytest.approx(-angle, abs=0.15)
    assert skew(page.rotate(90, expand=True)) == pytest.approx(-angle, abs=0.15)


def test_what_is_no_text_is_not_turned() -> None:
    assert skew(Image.new("L", (800, 1000), "white")) == 0.0
    noise = np.random.default_rng(1).normal(128, 80, (1000, 800)).clip(0, 255)
    assert skew(Image.fromarray(noise.astype(np.uint8))) == 0.0
