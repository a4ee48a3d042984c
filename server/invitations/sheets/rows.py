"""What the rows of a list mean: people, halls matched by name, and a sentence for every cell that is not right."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from server.accounts.typed_people import email_of, is_phone, name_and_title, phone_of
from server.core.fields import EMAIL, folded
from server.core.spreadsheets.lists import ListRow, list_in
from server.core.spreadsheets.reading import Sheet
from server.invitations.list_writer import DelegateRole, Entry
from server.invitations.people import Typed
from server.invitations.sheets.columns import FORM, HEADINGS
from server.invitations.sheets.halls import Halls, Unclear

_ROLES: dict[str, DelegateRole] = {
    "": "delegate",
    "dai bieu": "delegate",
    "delegate": "delegate",
    "khach moi": "guest",
    "khach": "guest",
    "guest": "guest",
}
_EMAIL = re.compile(EMAIL)
_MOST_NOTES = 50


@dataclass(frozen=True, slots=True)
class Wrong:
    row: int
    column: str
    value: str
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Good:
    row: int
    entry: Entry
    typed: Typed
    point_name: str


@dataclass(slots=True)
class Meant:
    rows: int = 0
    good: list[Good] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)
    refused: list[ListRow] = field(default_factory=list)
    """The rows that these cells are of."""
    notes: list[tuple[str, str]] = field(default_factory=list)
    """What was done with the sheet beyond reading it, in Vietnamese and English."""


def meaning(sheets: Sequence[Sheet], halls: Halls, online_unit: int | None) -> Meant:
    """`online_unit`: whom people without a hall belong to; None: every line must name a hall. NoHeader."""
    found = list_in(sheets, FORM)
    meant = Meant(rows=len(found.rows), notes=found.notes(sheets))
    for row in found.rows:
        _take(meant, row, halls, online_unit)
    meant.notes += _look_alikes(meant.good)
    return meant


def _look_alikes(good: Sequence[Good]) -> list[tuple[str, str]]:
    """People of one unit whose names differ by diacritics alone: all of them are taken, and the reader is told."""
    alike: dict[tuple[int, str], dict[str, Good]] = {}
    for each in good:
        alike.setdefault((each.typed.unit_id, each.typed.search_name), {}).setdefault(each.typed.spelling, each)
    notes = []
    for people in alike.values():
        if len(people) > 1:
            said = ", ".join(f"{each.typed.full_name} ({each.row})" for each in people.values())
            notes.append(
                (
                    f"Chỉ khác nhau ở dấu, được coi là những người khác nhau: {said}.",
                    f"These differ by diacritics alone and are taken for different people: {said}.",
                )
            )
    return notes[:_MOST_NOTES]


def _take(meant: Meant, row: ListRow, halls: Halls, online_unit: int | None) -> None:
    number, cells = row.number, row.cells
    wrong: list[Wrong] = []

    def say(column: str, vi: str, en: str) -> None:
        wrong.append(Wrong(number, HEADINGS[column], cells.get(column, "")[:100], vi, en))

    name, title = name_and_title(cells["full_name"], cells.get("title", ""))
    for column, text in (("full_name", name), ("title", title)):
        if len(text) > 200:
            say(column, "Dài quá 200 ký tự. Viết gọn lại.", "Longer than 200 characters. Shorten it.")
    if not name:
        say("full_name", "Thiếu họ và tên.", "The name is missing.")
    elif not any(character.isalpha() for character in name):
        say("full_name", "Đây không phải họ và tên.", "This is not a name.")
    role = _ROLES.get(folded(cells.get("role", "")))
    if role is None:
        say("role", "Ghi “Đại biểu” hoặc “Khách mời”.", "Say “Đại biểu” or “Khách mời”.")
    email = email_of(cells.get("email", ""))
    if email is not None and (len(email) > 254 or not _EMAIL.fullmatch(email)):
        say("email", "Địa chỉ e-mail chưa đúng (mỗi ô một địa chỉ).", "This is not one e-mail address.")
    phone = phone_of(cells.get("phone", ""))
    if phone is not None and not is_phone(phone):
        say("phone", "Số điện thoại chưa đúng (mỗi ô một số).", "This is not one phone number.")
    hall = None
    try:
        hall = halls.find(cells.get("point", ""), cells.get("unit", ""))
        if hall is None and online_unit is None:
            raise Unclear("Chọn một điểm cầu đồng chí phụ trách.", "Choose a point that is yours.")
    except Unclear as unclear:
        say("point", unclear.vi, unclear.en)
    if wrong or role is None:
        meant.wrong += wrong
        meant.refused.append(row)
        return
    unit_id = hall.unit_id if hall else online_unit
    assert unit_id is not None  # noqa: S101  without a hall there is the unit for online, or the row is wrong
    typed = Typed(unit_id, name, title, email, phone)
    point_id = hall.point_id if hall else None
    meant.good.append(Good(number, Entry(typed, point_id, role), typed, halls.label(hall) if hall else ""))
