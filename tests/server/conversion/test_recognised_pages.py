"""Scanned pages are read once: what was read is known on the next try, and in the next version, page by page."""

import io
import json
from pathlib import Path

import pikepdf
import pypdfium2

from server.conversion import ocr, recognised_pages
from server.conversion.messages import RECOGNISED
from server.conversion.text import lines_of, text_of
from tests import papers


def scan(*pages: str) -> bytes:
    """One page for each number."""
    buffer = io.BytesIO()
    first, *others = [papers.page_image(150, number=number).copy() for number in pages]
    first.save(buffer, "PDF", resolution=150, save_all=True, append_images=others, quality=80)
    return buffer.getvalue()


def recognised(folder: Path, content: bytes) -> tuple[int, list[str]]:
    """How often tesseract was asked, and what came out."""
    folder.mkdir(exist_ok=True)
    source, target = papers.file(folder, "source.pdf", content), folder / "recognised.pdf"
    with pikepdf.open(source) as document:
        numbers = range(1, len(document.pages) + 1)
    recognised_pages.kept.__init__()  # type: ignore[misc]  another process
    ocr.recognise(source, target, numbers, keep=False, anew=False, cores=1, told=lambda _: None)
    ocr.forget_unused()
    with pypdfium2.PdfDocument(target) as document:
        return recognised_pages.kept.read, [text_of(lines_of(page)) for page in document]


def test_a_page_is_read_once(tmp_path: Path) -> None:
    asked, first = recognised(tmp_path / "a", scan("12-BC/TU", "13-BC/TU"))
    assert asked == 2
    assert "12-BC/TU" in first[0]
    asked, again = recognised(tmp_path / "a", scan("12-BC/TU", "13-BC/TU"))
    assert (asked, again) == (0, first)
    # The next version has a page more, before the others, and another is gone.
    asked, next_version = recognised(tmp_path / "a", scan("98-BC/TU", "12-BC/TU"))
    assert (asked, next_version[1]) == (1, first[0])
    kept = [json.loads(line)[0] for line in (tmp_path / "a" / RECOGNISED).read_text().splitlines()]
    assert len(kept) == len(set(kept)) == 4  # the way up and the text of two pages


def test_what_a_process_left_when_it_was_ended_is_of_use(tmp_path: Path) -> None:
    recognised(tmp_path / "a", scan("12-BC/TU", "13-BC/TU"))
    kept = tmp_path / "a" / RECOGNISED
    lines = kept.read_text().splitlines()
    longest = max(lines, key=len)
    kept.write_text("\n".join([*(each for each in lines if each != longest), longest[: len(longest) // 2]]))
    asked, texts = recognised(tmp_path / "a", scan("12-BC/TU", "13-BC/TU"))
    assert asked == 1
    assert "12-BC/TU" in texts[0]
    assert "13-BC/TU" in texts[1]
