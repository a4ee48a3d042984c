"""Binds the meeting pack: cover and linked agenda, every paper, bookmarks, running page numbers; stampable."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import typst
from pikepdf import Array, Dictionary, Name

from server.conversion.refusals import Refused
from server.core import fonts
from server.pdf.messages import PackCover, PackItem, PackPaper, Plan
from server.pdf.text_metrics import encoded, width
from server.pdf.watermark import Stamps, save, seen_size

_COVER = Path(__file__).with_name("pack.typ")
_LINK = "https://pack.invalid/"
"""What the cover's links say until they lead to pages (RFC 6761: no such host)."""
_NUMBER_SIZE, _EDGE = 9.0, 22.0
_A4 = (595, 842)
_TRIED = 0.4
"""Of the way: every page was stamped for trial."""
_MERGED_IN_MEMORY = 64 * 1024 * 1024
"""Bytes of a pack's papers that pypdf merges: it holds three times as much. The pages of all others are put in place
afterwards, their streams read from their files when the pack is written."""
_SIGNED = "Bản đọc. Bản gốc có chữ ký số là tệp riêng."
_UNVERIFIED = "Bản đọc. Bản gốc là tệp riêng; chữ ký số trong đó chưa xác minh được."


def bind(
    cover: PackCover,
    items: Sequence[PackItem],
    folder: Path,
    target: Path,
    told: Callable[[float], None] = lambda _: None,
) -> tuple[Plan, list[int]]:
    """The papers' files lie in the folder as `<version_id>.pdf`; those of other volumes are only named. Returns the
    plan, and the versions that were left out because their files cannot be bound: one bad paper does not keep the
    others from anybody. `told`: how much of the way is done, 0 … 1."""
    items, left_out = _bindable(items, folder, lambda part: told(part * _TRIED))
    if left_out and not any(_papers(items)):
        raise Refused("damaged")
    front, starts = _front(cover, items, folder)
    bound = folder / "bound.pdf"
    large = _merge(front, items, starts, folder, bound)
    signed = {
        starts[each.version_id]: _SIGNED if each.sealed else _UNVERIFIED for each in _papers(items) if each.signed
    }
    with pikepdf.open(bound) as pdf, ExitStack() as sources:
        for paper in large:
            source = sources.enter_context(pikepdf.open(folder / f"{paper.version_id}.pdf"))
            _put_in_place(pdf, source, starts[paper.version_id])
        _point_links(pdf)
        pdf.docinfo["/Title"] = cover.title
        stamps, count, first = Stamps(pdf), len(pdf.pages), min(starts.values(), default=len(pdf.pages))
        for index, page in enumerate(pdf.pages):
            above = b"" if index < first else _running(page, index + 1, count, beside=signed.get(index, ""))
            stamps.put_on(page, above)
            told(_TRIED + (1 - _TRIED) * (index + 1) / count)
        return save(pdf, target), left_out


def _merge(
    front: Path, items: Sequence[PackItem], starts: dict[int, int], folder: Path, target: Path
) -> list[PackPaper]:
    """Front pages and papers in one file, with bookmarks: the agenda, its papers, and their own below them. Returns the
    papers whose pages are only blank so far."""
    with pikepdf.open(front) as pdf:
        _lead_links_to_pages(pdf)
        pdf.save(folder / "linked.pdf")
    writer = pypdf.PdfWriter()
    writer.append(folder / "linked.pdf", import_outline=False)
    large, held = [], 0
    for paper in _papers(items):
        path = folder / f"{paper.version_id}.pdf"
        held += path.stat().st_size
        if held <= _MERGED_IN_MEMORY:
            _append(writer, path)
            continue
        held -= path.stat().st_size
        large.append(paper)
        for _ in range(paper.pages):
            writer.add_blank_page(*_A4)
    _bookmarks(writer, items, starts)
    writer.write(target)
    writer.close()
    return large


def _put_in_place(pdf: pikepdf.Pdf, source: pikepdf.Pdf, start: int) -> None:
    """The source's pages instead of blank ones, to which bookmarks lead already. Links from one of its pages to another
    lead nowhere afterwards."""
    for index in range(len(source.pages)):
        pdf.pages.append(source.pages[index])
        pdf.pages[start + index].emplace(pdf.pages[-1])
        del pdf.pages[-1]


def _append(writer: pypdf.PdfWriter, path: Path) -> None:
    pages = len(writer.pages)
    try:
        writer.append(path, import_outline=False)
    except Exception:  # pypdf raises whatever a broken file leads to; written by qpdf it has no such places
        while len(writer.pages) > pages:
            writer.remove_page(len(writer.pages) - 1)
        plain = path.with_name(f"plain-{path.name}")
        with pikepdf.open(path) as document:
            document.save(plain)
        writer.append(plain, import_outline=False)


def _bindable(
    items: Sequence[PackItem], folder: Path, told: Callable[[float], None]
) -> tuple[list[PackItem], list[int]]:
    """The items with the papers that can be bound, their pages as they are counted in the files."""
    left_out: list[int] = []
    kept = []
    many, tried = sum(1 for _ in _papers(items)), 0
    for item in items:
        papers = []
        for paper in item.papers:
            if paper.volume:
                papers.append(paper)
                continue
            tried += 1
            told(tried / many)
            try:
                pages = _tried(folder / f"{paper.version_id}.pdf")
            except (pikepdf.PdfError, pikepdf.DependencyError, OSError, RuntimeError, ValueError, TypeError, KeyError):
                left_out.append(paper.version_id)
                continue
            papers.append(paper.model_copy(update={"pages": pages}))
        kept.append(item.model_copy(update={"papers": papers}))
    return kept, left_out


def _tried(path: Path) -> int:
    """Its pages, after all of them were stamped for trial."""
    with pikepdf.open(path) as pdf:
        stamps = Stamps(pdf)
        for page in pdf.pages:
            stamps.put_on(page)
        if not len(pdf.pages):
            raise ValueError("no pages")
        return len(pdf.pages)


def _papers(items: Sequence[PackItem]) -> Iterator[PackPaper]:
    """Of this volume."""
    for item in items:
        yield from (paper for paper in item.papers if not paper.volume)


def _front(cover: PackCover, items: Sequence[PackItem], folder: Path) -> tuple[Path, dict[int, int]]:
    """The front pages, and where each version begins (pages from 0). How many front pages there are is known when they
    are set; the numbers on them may, rarely, make one more."""
    made = folder / "front.pdf"
    pages = 2
    for _ in range(4):
        starts, at = {}, pages
        for paper in _papers(items):
            starts[paper.version_id] = at
            at += paper.pages
        made.write_bytes(_set(cover, items, starts))
        with pikepdf.open(made) as pdf:
            if len(pdf.pages) == pages:
                break
            pages = len(pdf.pages)
    else:
        raise RuntimeError("the front pages do not come to rest")
    return made, starts


def _set(cover: PackCover, items: Sequence[PackItem], starts: dict[int, int]) -> bytes:
    data = {
        **cover.model_dump(),
        "link": _LINK,
        "items": [
            {
                "title": item.title,
                "presenter": item.presenter,
                "minutes": item.minutes,
                "begins": item.begins,
                "day": item.day,
                "pause": item.pause,
                "papers": [
                    {
                        "title": paper.title,
                        "number": paper.number,
                        "pages": paper.pages,
                        "signed": paper.signed,
                        "sealed": paper.sealed,
                        "page": 0 if paper.volume else starts[paper.version_id] + 1,
                        "volume": paper.volume,
                    }
                    for paper in item.papers
                ],
            }
            for item in items
        ],
    }
    made = typst.compile(
        _COVER,
        format="pdf",
        font_paths=[fonts.FOLDER],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data)},
    )
    assert isinstance(made, bytes)  # noqa: S101  one PDF, not pages of pictures
    return made


def _lead_links_to_pages(pdf: pikepdf.Pdf) -> None:
    """Notes on each link of the front pages which page it leads to; set once the pages are there."""
    for page in pdf.pages:
        for link in page.obj.get("/Annots", Array()):
            uri = str(link.get("/A", Dictionary()).get("/URI", ""))
            if uri.startswith(_LINK):
                number = int(uri.removeprefix(_LINK))
                del link["/A"]
                link["/NhipCauPage"] = number
                link["/Contents"] = pikepdf.String(f"Trang {number}")


def _point_links(pdf: pikepdf.Pdf) -> None:
    for page in pdf.pages:
        for link in page.obj.get("/Annots", Array()):
            if isinstance(link, pikepdf.Dictionary) and "/NhipCauPage" in link:
                number = int(link["/NhipCauPage"])
                del link["/NhipCauPage"]
                link["/Dest"] = Array([pdf.pages[number - 1].obj, Name.Fit])


def _bookmarks(writer: pypdf.PdfWriter, items: Sequence[PackItem], starts: dict[int, int]) -> None:
    writer.add_outline_item(title="Chương trình", page_number=0)
    for item in items:
        papers = list(_papers([item]))
        if not papers:
            continue
        titled = writer.add_outline_item(title=item.title or "Tài liệu chung", page_number=starts[papers[0].version_id])
        for paper in papers:
            _bookmark(writer, titled, paper, starts[paper.version_id])


def _bookmark(writer: pypdf.PdfWriter, item: Any, paper: PackPaper, start: int) -> None:
    """With the paper's own bookmarks below it."""
    title = f"{paper.number} · {paper.title}" if paper.number else paper.title
    above = [writer.add_outline_item(title=title, page_number=start, parent=item)]
    for entry in paper.outline:
        if not 1 <= entry.page <= paper.pages:
            continue
        del above[min(entry.level, len(above) - 1) + 1 :]
        at = start + entry.page - 1
        above.append(writer.add_outline_item(title=entry.title, page_number=at, parent=above[-1]))


def _running(page: pikepdf.Page, number: int, count: int, *, beside: str) -> bytes:
    """The running number at the upper right, clear of the paper's own at the foot; what a signed paper is, at the
    left."""
    across, up = seen_size(page)
    said = f"{number} / {count}"
    x = across - _EDGE - width(said) * _NUMBER_SIZE
    drawn = f"0.35 g BT /F {_NUMBER_SIZE} Tf 1 0 0 1 {x:.1f} {up - _EDGE:.1f} Tm {encoded(said)} Tj ET"
    if beside:
        drawn += f" BT /F {_NUMBER_SIZE} Tf 1 0 0 1 {_EDGE} {up - _EDGE:.1f} Tm {encoded(beside)} Tj ET"
    return drawn.encode()
