"""From the letter's text and the list to the inputs of `letter.typ`."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from server.core import qr
from server.core.typesetting import compiled, pictured
from server.invitations.letters import Invited, Occasion, addressed, where
from server.invitations.official.apart import QUIET, Single, apart
from server.invitations.official.form import HEADINGS, KINDS, date_line, number_line, verb
from server.invitations.official.schemas import LetterFields

SOURCE = Path(__file__).with_name("letter.typ")
_ALIKE = 10
"""Letters from which on it pays to look for what their codes share."""
_RUN = re.compile("1+")
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


def code(rows: Sequence[str]) -> str:
    """A QR code as SVG, in less time than `core.qr.svg` takes."""
    size = len(rows) + 2 * QUIET
    runs = [
        f"M{run.start() + QUIET} {y}h{run.end() - run.start()}v1h{run.start() - run.end()}z"
        for y, row in enumerate(rows, start=QUIET)
        for run in _RUN.finditer(row)
    ]
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{"".join(runs)}"/></svg>'


def inputs(text: Text, sheets: Sequence[Sheet], *, codes: bool = True) -> dict[str, str]:
    """Of `SOURCE`. Without `codes` room is left for them."""
    rows = qr.rows if len(sheets) >= _ALIKE else qr.row_by_row
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
                "place": where(sheet.who),
                **({"qr": code(rows(sheet.url)) if codes else ""} if sheet.url else {}),
            }
            for sheet in sheets
        ],
    }
    return {"data": json.dumps(data, ensure_ascii=False)}


def typeset(text: Text, sheets: Sequence[Sheet]) -> bytes:
    """One PDF of all these letters. About two milliseconds a page; the interpreter is free meanwhile."""
    return compiled(SOURCE, inputs(text, sheets))


def singles(text: Text, sheets: Sequence[Sheet]) -> list[Single]:
    """Each letter a file of its own. A good millisecond a letter."""
    # Whoever cuts a file up loses its tags.
    pdf = compiled(SOURCE, inputs(text, sheets, codes=False), tags=False)
    rows = qr.rows if len(sheets) >= _ALIKE else qr.row_by_row
    return apart(pdf, [rows(sheet.url) if sheet.url else None for sheet in sheets])


def picture(text: Text, sheet: Sheet) -> bytes:
    """The first page of one letter, as PNG."""
    return pictured(SOURCE, inputs(text, [sheet]))
