"""The way through a conversion, from `original` to report."""

import json
import sys
from pathlib import Path
from typing import Literal

import pikepdf
import pypdfium2

from server.conversion import classification_marks, ocr, office, pages, stamps
from server.conversion.clean import acts, clean
from server.conversion.deskew import straighten
from server.conversion.document_facts import attached_names, page_labels_of
from server.conversion.inspection import Found, inspect
from server.conversion.inspection import pdf as pdf_inspection
from server.conversion.messages import (
    ORIGINAL,
    PAGES,
    READING,
    REPORT,
    RESULT,
    Guess,
    MadePage,
    Message,
    Order,
    Report,
    Signature,
    Stage,
)
from server.conversion.metadata_extraction import guess
from server.conversion.preparation import prepare
from server.conversion.refusals import Refused, warning
from server.conversion.sandboxed_program import Tell, time_limit
from server.conversion.text import outline_of
from server.conversion.text_judgement import Judged, judge

_LITTLE_TEXT = 60
"""Characters a recognised page has at least, on average."""


_INSPECTION_SECONDS = 60
"""Of the processor: looking through the largest honest file takes ten."""


def work(folder: Path, order: Order, tell: Tell) -> None:
    """Leaves result and report in the folder. Raises Refused for the file's faults; everything else is ours."""
    tell("inspect", 0.03)
    original = folder / ORIGINAL
    if not order.isolated and classification_marks.mark_in_name(order.file_name):
        raise Refused("secret", "Dấu này ở tên tệp.", "It is in the file's name.")
    with time_limit(_INSPECTION_SECONDS):
        found = inspect(original, order.file_name, order.pages_max)
    way = _Way(folder, order, found, tell)
    way.go()


class _Way:
    def __init__(self, folder: Path, order: Order, found: Found, tell: Tell) -> None:
        self.folder = folder
        self.order = order
        self.found = found
        self.tell = tell
        self.warnings = list(found.warnings)
        self.result = folder / RESULT
        self.result.mkdir()
        self.reading = self.result / READING

    def go(self) -> None:
        signed = self._signatures()
        source = self._as_pdf()
        if not signed:
            prepared = self.folder / "prepared.pdf"
            self.warnings += prepare(source, prepared)
            source = prepared
        shown, read, judged = self._with_text(source, keep=bool(signed))
        scanned = bool(judged.scans or judged.rubbish)
        # Recognising is most of the work, where there is any; else the pictures are.
        begun = 0.6 if scanned else 0.35 if self.found.family == "office" else 0.06
        self.tell("clean", begun)
        if scanned:
            ocr.forget_unused()
        if signed:
            # Not a byte of it is changed; pictures and text are made from it.
            self.reading.hardlink_to(self.folder / ORIGINAL)
            if acts(source):
                self.warnings.append("signed-active")
            if not all(each.intact and each.covers_whole for each in signed):
                self.warnings.append("signature-changed")
        else:
            self.warnings += clean(shown, self.reading)
            read = self.reading if read == shown else read
        self.tell("text", begun + 0.02)
        with pypdfium2.PdfDocument(self.reading) as document:
            count = len(document)
        outline = [entry for entry in outline_of(self.reading) if entry.page <= count]
        labels = page_labels_of(self.reading)
        pictures = pages.make(
            self.reading,
            read,
            self.result,
            cores=self.order.cores,
            told=lambda part: self._tell_page("pictures", begun + 0.03, 0.99, part, count),
        )
        first = self._first_pages()
        self._check_secrecy(first, judged)
        quality, little = self._text_quality(len(judged.scans) + len(judged.rubbish), count)
        if little:
            self.warnings.append("little-text")
        guessed = guess(first[0].lines)
        report = Report(
            mime=self.found.mime,
            page_count=count,
            text_quality=quality,
            outline=outline,
            page_labels=labels if len(labels) == count else [],
            signatures=signed,
            warnings=[self._warning(code) for code in dict.fromkeys(self.warnings)],
            guess=Guess(
                title=guessed.title,
                kind=guessed.kind,
                number=guessed.number,
                issued_on=guessed.issued_on.isoformat() if guessed.issued_on else "",
                issuer=guessed.issuer,
                urgency=guessed.urgency,
            ),
            pdf_size=self.reading.stat().st_size,
            picture_bytes=pictures,
        )
        (self.folder / REPORT).write_text(report.model_dump_json(), encoding="utf-8")
        self.tell("pictures", 0.99)

    def _warning(self, code: str) -> Message:
        names = attached_names(self.found.anew or self.folder / ORIGINAL) if code == "files-removed" else []
        return warning(code, "; ".join(names))

    def _tell_page(self, stage: Stage, begun: float, ends: float, part: float, pages: int) -> None:
        """`part` (0 … 1) of the stage's pages is done: it is at the next one."""
        self.tell(stage, begun + (ends - begun) * part, min(pages, int(part * pages) + 1), pages)

    def _signatures(self) -> list[Signature]:
        if not self.found.signed:
            return []
        from server.conversion import signatures  # noqa: PLC0415  half a second, and few papers are signed

        roots = self.order.trust_roots
        return signatures.validate(
            self.folder / ORIGINAL, [self.folder / root for root in roots] if roots is not None else None
        )

    def _as_pdf(self) -> Path:
        original = self.folder / ORIGINAL
        if self.found.family == "pdf":
            return self.found.anew or original
        if self.found.family == "picture":
            self.tell("straighten", 0.08)
            made = self.folder / "picture.pdf"
            ocr.picture_to_pdf(original, made)
            return made
        self.tell("convert", 0.06)
        made, warnings = office.convert(original, self.found, self.folder, self.order.pages_max)
        self.warnings += warnings
        # LibreOffice is taken at its word no more than anybody else.
        pdf_inspection.check(made, self.order.pages_max)
        return made

    def _with_text(self, source: Path, *, keep: bool) -> tuple[Path, Path, Judged]:
        """The PDF whose pages are shown, a copy of it whose text is read, and what was found of its pages. `keep`:
        the shown one is the source, not a page of it turned."""
        judged = judge(source, office=self.found.family == "office")
        many = len(judged.scans) + len(judged.rubbish)
        if not many:
            return source, source, judged
        self.tell("straighten", 0.1)
        plain = self._unlocked(source)
        if judged.plain and not keep:
            straight = self.folder / "straight.pdf"
            count = len(judged.plain)
            straighten(
                plain, straight, judged.plain, lambda part: self._tell_page("straighten", 0.1, 0.15, part, count)
            )
            plain = straight
        shown = plain
        if judged.scans:
            shown = self._recognised(shown, judged.scans, "recognised.pdf", keep=keep, anew=False)
        read = shown
        if judged.rubbish:
            # Only for reading: the page itself is better than a picture of it.
            read = self._recognised(shown, judged.rubbish, "read.pdf", keep=True, anew=True)
        return source if keep else shown, read, judged

    def _recognised(self, source: Path, pages: list[int], name: str, *, keep: bool, anew: bool) -> Path:
        target, many = self.folder / name, len(pages)
        try:
            ocr.recognise(
                source,
                target,
                pages,
                keep=keep,
                anew=anew,
                cores=self.order.cores,
                told=lambda part: self._tell_page("ocr", 0.15, 0.6, part, many),
            )
        except ocr.Unreadable as error:  # can still be looked at
            print(f"not recognised: {error}", file=sys.stderr)
            return source
        return target

    def _unlocked(self, source: Path) -> Path:
        """OCRmyPDF takes no PDF with restrictions, nor one with a form."""
        target = self.folder / "unlocked.pdf"
        with pikepdf.open(source, suppress_warnings=True) as document:
            if not document.is_encrypted and "/AcroForm" not in document.Root:
                return source
            if "/AcroForm" in document.Root:
                del document.Root["/AcroForm"]
            document.save(target)
        return target

    def _first_pages(self) -> list[MadePage]:
        with (self.folder / PAGES).open(encoding="utf-8") as file:
            return [
                MadePage.model_validate_json(line)
                for line, _ in zip(file, range(classification_marks.PAGES), strict=False)
            ]

    def _check_secrecy(self, first: list[MadePage], judged: Judged) -> None:
        recognised = {*judged.scans, *judged.rubbish, *judged.layered}
        found = classification_marks.mark_on([page.lines for page in first], recognised=recognised)
        if found is None or any(found.order):
            # What is written comes first: it costs nothing.
            drawn = stamps.drawn_words(self.reading, len(first), recognised)
            stamped = classification_marks.mark_drawn_on(drawn)
            found = min((each for each in (found, stamped) if each), key=lambda each: each.order, default=None)
        named = classification_marks.mark_in_name(self.order.file_name)
        if found is None and not named:
            return
        if self.order.isolated:
            self.warnings.append("marked-secret")
        elif named or found is None or self._is_certain(found):
            raise Refused("secret")
        elif self.order.mark_overruled:
            self.warnings.append("mark-overruled")
        else:
            code = "secret-in-body" if found.in_body else "secret-guessed"
            raise Refused(code, f"Xem trang {found.page}.", f"See page {found.page}.")

    def _is_certain(self, found: classification_marks.FoundMark) -> bool:
        """Not to be overruled: a mark where marks are put, in known letters or in a stamp's own shape."""
        if found.in_body or (found.misread and found.mark == "mat"):
            return False
        return found.box is None or stamps.is_stamped(self.reading, found.page, found.box)

    def _text_quality(self, recognised: int, count: int) -> tuple[Literal["text", "ocr", "none"], bool]:
        """As in Report (where half of the pages are recognised, all is taken for that), and whether recognition found
        little."""
        with (self.folder / PAGES).open(encoding="utf-8") as file:
            characters = sum(len(json.loads(line)["text"]) for line in file)
        if characters == 0:
            return "none", recognised > 0
        return ("ocr" if recognised * 2 >= count else "text"), recognised > 0 and characters < _LITTLE_TEXT * count
