"""From the letter's text and the list to the inputs of `letter.typ`."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import segno

from server.core.typesetting import compiled, pictured
from server.invitations.letters import Invited, Occasion, addressed
from server.invitations.official.form import HEADINGS, KINDS, date_line, number_line, verb
from server.invitations.official.schemas import LetterFields

SOURCE = Path(__file__).with_name("letter.typ")
_OWN_LEAD = "Quét mã bằng máy ảnh của điện thoại để mở cuộc họp: chương trình, tài liệu, trả lời giấy mời."
_OWN_NOTE = "Mã này của riêng người được mời, chỉ dùng cho cuộc họp này. Xin không chuyển cho người khác."
_COMMON_NOTE = (
    "Mã chung của cuộc họp: quét mã, ghi họ tên và chờ ban tổ chức cho vào. Tại hội trường, quét mã trên màn hình để"
    " điểm danh."
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One letter."""

    who: Invited
    url: str
    """What its code leads to; "": it bears none."""


@dataclass(frozen=True, slots=True)
class Text:
    """What all letters of a meeting share."""

    occasion: Occasion
    fields: LetterFields
    when: str


def code(url: str) -> str:
    """A QR code as SVG, in a quarter of the time of `qr.svg`: the mask is not tried out (ISO/IEC 18004 section 7.8 asks
    for the best of eight for readers of 2000; cameras of telephones read any)."""
    made = segno.make(url, error="m", boost_error=False, mask=0, micro=False)
    size = len(made.matrix) + 4
    runs = []
    for y, row in enumerate(made.matrix, start=2):
        x = 0
        while x < len(row):
            if not row[x]:
                x += 1
                continue
            start = x
            while x < len(row) and row[x]:
                x += 1
            runs.append(f"M{start + 2} {y}h{x - start}v1h-{x - start}z")
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{"".join(runs)}"/></svg>'


def inputs(text: Text, sheets: Sequence[Sheet]) -> dict[str, str]:
    """Of `SOURCE`."""
    occasion, fields = text.occasion, text.fields
    kind = KINDS.get(occasion.kind, "Cuộc họp")
    title = occasion.title
    early = f" (có mặt trước {fields.early_minutes} phút)" if fields.early_minutes else ""
    data = {
        "form": fields.form,
        "heading": HEADINGS[fields.heading],
        "subject": f"dự {kind[:1].lower()}{kind[1:]}",
        "superior": fields.superior,
        "organ": fields.organ,
        "organ_name": fields.organ,
        "number": number_line(fields),
        "place": fields.place,
        "date": date_line(fields.dated),
        "verb": verb(fields),
        "title": title,
        "content": fields.content,
        "composition": fields.composition,
        "presiding": fields.presiding,
        "when": text.when,
        "early": early,
        "note": fields.note,
        "authority": fields.authority,
        "deputy": fields.deputy,
        "signer_title": fields.signer_title,
        "signer_name": fields.signer_name,
        "recipients": fields.recipients,
        "contact": occasion.contact,
        "qr_lead": _OWN_LEAD,
        "qr_note": _OWN_NOTE if fields.personal_code else _COMMON_NOTE,
        "qr_alt": "Mã QR riêng của đại biểu" if fields.personal_code else "Mã QR của cuộc họp",
        "guests": [
            {
                "you": addressed(sheet.who, occasion),
                "full_name": sheet.who.full_name,
                "title": sheet.who.title,
                "place": sheet.who.place or "Dự trực tuyến, qua liên kết dự họp riêng",
                **({"qr": code(sheet.url)} if sheet.url else {}),
            }
            for sheet in sheets
        ],
    }
    return {"data": json.dumps(data, ensure_ascii=False)}


def typeset(text: Text, sheets: Sequence[Sheet]) -> bytes:
    """One PDF of all these letters. About two milliseconds a page; the interpreter is free meanwhile."""
    return compiled(SOURCE, inputs(text, sheets))


def picture(text: Text, sheet: Sheet) -> bytes:
    """The first page of one letter, as PNG."""
    return pictured(SOURCE, inputs(text, [sheet]))


def apart(pdf: bytes) -> list[bytes]:
    """The letters of `typeset`'s file, each a file of its own: a page numbered 1 begins one."""
    with pikepdf.open(io.BytesIO(pdf)) as together:
        found: list[pikepdf.Pdf] = []
        for page, begins in zip(together.pages, _begins(together), strict=True):
            if begins:
                found.append(pikepdf.Pdf.new())
            # The tree of tags stays behind: what points into it would point nowhere.
            if "/StructParents" in page.obj:
                del page.obj["/StructParents"]
            found[-1].pages.append(page)
        return [_saved(letter) for letter in found]


def _saved(letter: pikepdf.Pdf) -> bytes:
    file = io.BytesIO()
    letter.save(file, linearize=False)
    letter.close()
    return file.getvalue()


def _begins(pdf: pikepdf.Pdf) -> list[bool]:
    """Of each page whether a letter begins on it, by the page labels (ISO 32000-1 section 12.4.2): a range of them
    begins wherever the count begins anew."""
    numbers = list(pdf.Root["/PageLabels"]["/Nums"])
    starts = {int(place): int(label.get("/St", 1)) for place, label in zip(numbers[::2], numbers[1::2], strict=True)}
    return [starts.get(place) == 1 for place in range(len(pdf.pages))]
