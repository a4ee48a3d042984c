"""Whatever stands in the cells: a file is understood or its rows are named, and what was done is not done again."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from server.core.spreadsheets.lists import ListRow
from server.exchange.identifiers import Identifiers
from server.exchange.plans.columns import COLUMNS
from server.exchange.plans.people import Bounds, PeoplePlanner, PersonFacts
from server.exchange.plans.points import PointFacts, PointPlanner
from server.exchange.plans.row import Kind, PlannedRow
from server.exchange.plans.unit_names import UnitFacts, UnitNames
from server.exchange.plans.units import UnitPlanner

IDENTIFIERS = Identifiers(b"secret")
UNITS = [
    UnitFacts(1, None, "/1/", "Tỉnh Lâm Đồng", "Lâm Đồng", "H36", level="province"),
    UnitFacts(2, 1, "/1/2/", "Huyện Lạc Dương", "Lạc Dương", "H36.7", level="district"),
    UnitFacts(3, 2, "/1/2/3/", "Xã Lát", "Lát", None, "000.01.02.H36", level="commune"),
    UnitFacts(4, 2, "/1/2/4/", "Xã Đạ Sar", "Đạ Sar", level="commune"),
    UnitFacts(5, None, "/5/", "Tỉnh Khánh Hòa", "Khánh Hòa", "H32", level="province", own=False),
]
FACTS: dict[str, Any] = {"position": 0, "seats": 40, "address": None, "contact_name": None, "contact_phone": None,
                         "equipment": None, "main_line": None, "backup_line": None, "closed": False}  # fmt: skip
POINTS = [PointFacts(7, 1, {"name": "Lát", "short_name": "Lát", "unit": 3, **FACTS})]
PERSON = PersonFacts(9, 1, "Cil Ha Brông", "Bí thư", 3, None, "0912345678", "habrong", [["delegate", 3]], False)

WILD = st.text(max_size=30).map(lambda text: " ".join(text.split()))
LIKELY: dict[str, list[str]] = {
    "id": ["", "U3-0000", "N9", IDENTIFIERS.of("units", 3), IDENTIFIERS.of("points", 7), IDENTIFIERS.of("people", 9)],
    "name": ["Xã Lát", "Xã Lạt", "Xã Mới", "Xã Mơi", "Lát", ""],
    "code": ["H36.7", "h36.7.1", "000.01.02.H36", "-", ""],
    "parent": ["Huyện Lạc Dương", "H36", "Xã Mới", "Tỉnh Khánh Hòa", "-", ""],
    "unit": ["Xã Lát", "Xã Đạ Sar", "H36.7", "Tỉnh Khánh Hòa", ""],
    "valid_until": ["30/06/2025", "31/02/2025", "2025-06-30T00:00:00", "-", ""],
    "successor": ["Xã Đạ Sar", "Xã Lát", "Xã Mới", ""],
    "full_name": ["Cil Ha Brông", "Cil Ha Brong", "Đ/c Nguyễn Văn An", ""],
    "title": ["Bí thư", "Văn thư", ""],
    "login": ["habrong", "moi", "Có Dấu", "-", ""],
    "roles": ["Đại biểu", "Vua", "Quản trị @ Tỉnh Khánh Hòa", "Đại biểu; Thư ký điểm cầu", "-", ""],
    "phone": ["912345678", "0912345678", "x", ""],
    "disabled": ["x", "-", "có thể", ""],
    "closed": ["x", "-", ""],
    "seats": ["1.200", "nhiều", "-5", ""],
}


def rows_of(kind: Kind) -> st.SearchStrategy[list[ListRow]]:
    cells = {
        column.key: st.one_of(st.sampled_from(LIKELY.get(column.key, [""])), st.just(""), WILD)
        for column in COLUMNS[kind]
    }
    return st.lists(st.fixed_dictionaries(cells), max_size=6).map(
        lambda rows: [ListRow(number, row) for number, row in enumerate(rows, start=5)]
    )


def well_told(kind: Kind, given_rows: Sequence[ListRow], planned: Sequence[PlannedRow]) -> None:
    columns = {column.key for column in COLUMNS[kind]}
    assert [row.number for row in planned] == [row.number for row in given_rows]
    for row in planned:
        assert (row.verdict == "bad") == bool(row.faults)
        assert {column for column, *_ in row.faults} <= columns
        assert all(vi and en for _, _, vi, en in row.faults)
        if row.verdict in ("changed", "closed"):
            assert row.subject_id
            assert row.shown
    known = [row.subject_id for row in planned if row.subject_id and row.verdict != "bad"]
    assert len(known) == len(set(known))


def names() -> UnitNames:
    return UnitNames(UNITS, IDENTIFIERS)


@settings(max_examples=300, deadline=None)
@given(rows_of("units"))
def test_units(rows: list[ListRow]) -> None:
    planned = UnitPlanner(names(), IDENTIFIERS, {"H32"}).plan(rows)
    well_told("units", rows, planned)
    for row in planned:
        if row.verdict in ("added", "changed", "closed"):
            assert 5 not in (row.after["parent"], row.after["successor"], row.subject_id)
            assert row.after["code"] != "H32"


def people_after(planned: Sequence[PlannedRow]) -> list[PersonFacts]:
    """Who is there once the file was applied."""
    there = {PERSON.id: PERSON}
    for row in planned:
        if row.verdict in ("added", "changed", "closed"):
            person_id = row.subject_id or 100 + row.number
            facts = {**row.after, "roles": sorted(row.after["roles"])}
            there[person_id] = PersonFacts(person_id, 2, **facts)
    return list(there.values())


@settings(max_examples=300, deadline=None)
@given(rows_of("people"))
def test_people(rows: list[ListRow]) -> None:
    bounds = Bounds(1, (), (), {"habrong": 9})
    planned = PeoplePlanner(names(), IDENTIFIERS, [PERSON], bounds).plan(rows)
    well_told("people", rows, planned)
    assert all(row.after["unit"] != 5 for row in planned if row.verdict == "added")
    if any(row.verdict == "bad" for row in planned):
        return
    after = people_after(planned)
    logins = {person.login: person.id for person in after if person.login}
    assert len([person for person in after if person.login]) == len(logins)
    again = PeoplePlanner(names(), IDENTIFIERS, after, Bounds(1, (), (), logins)).plan(rows)
    assert {row.verdict for row in again} <= {"unchanged", "bad"}, [(row.verdict, row.shown) for row in again]


@settings(max_examples=200, deadline=None)
@given(rows_of("points"))
def test_points(rows: list[ListRow]) -> None:
    planned = PointPlanner(names(), IDENTIFIERS, POINTS).plan(rows)
    well_told("points", rows, planned)
    if any(row.verdict == "bad" for row in planned):
        return
    there = {point.id: point for point in POINTS}
    for row in planned:
        if row.verdict in ("added", "changed", "closed"):
            point_id = row.subject_id or 100 + row.number
            there[point_id] = PointFacts(point_id, 2, row.after)
    again = PointPlanner(names(), IDENTIFIERS, list(there.values())).plan(rows)
    assert {row.verdict for row in again} <= {"unchanged", "bad"}, [(row.verdict, row.shown) for row in again]
