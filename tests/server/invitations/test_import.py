"""Lists from Excel: real workbooks made by the tests, good, sloppy and hostile."""

import io
import time
import zipfile
from typing import Any

import httpx2
import pytest
import python_calamine
import xlsxwriter
from sqlalchemy import func, select, update

from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Delegate, Meeting
from tests.builders import Province
from tests.conftest import Browsers
from tests.server.invitations.conftest import Add
from tests.statements import counted

HEADER = ["STT", "Họ và tên", "Chức vụ", "Đơn vị", "Điểm cầu", "Tư cách", "E-mail", "Điện thoại"]


def workbook(*rows: list[Any], header: list[str] | None = None, above: int = 0) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate([header or HEADER, *rows]):
        sheet.write_row(above + number, 0, row)
    book.close()
    return file.getvalue()


async def send(client: httpx2.AsyncClient, meeting: Meeting, content: bytes, *, apply: bool = False) -> httpx2.Response:
    return await client.post(
        f"/api/meetings/{meeting.id}/delegates/import", params={"apply": str(apply).lower()}, content=content
    )


async def count(services: Services, meeting: Meeting) -> int:
    async with services.database.read() as session:
        return (
            await session.scalar(
                select(func.count()).where(Delegate.meeting_id == meeting.id, Delegate.removed_at.is_(None))
            )
            or 0
        )


async def test_rows_are_understood_and_bad_ones_named(
    organiser: httpx2.AsyncClient, meeting: Meeting, services: Services, province: Province, add: Add
) -> None:
    await add({"full_name": "Đã Có Sẵn"})
    sheet = workbook(
        [1, "Nguyễn Thị Hạnh", "Bí thư Đảng ủy", "", "Điểm cầu đạ sar", "", "hanh@hop.test", 912345678],
        [2, "Trần Văn Bốn", "", "Xã Lát", "", "Khách mời", "", "'0263"],
        [3, "Từ Xa", "", "", "Trực tuyến"],
        [4, "da co san", "", "", "Đạ Sar"],
        [5, "nguyễn thị hạnh", "", "", "Xã Đạ Sar", "", "HANH@hop.test"],
        [],
        [6, "", "Không tên", "", "Lát"],
        [7, "Sai Điểm", "", "", "Đạ Xa"],
        [8, "Sai Nhiều", "", "", "", "Vua", "không phải"],
        [9, province.delegate.full_name, "", "", "Đạ Sar"],
        above=3,
    )
    looked = await send(organiser, meeting, sheet)
    assert looked.status_code == 200, looked.text
    seen = looked.json()
    assert (seen["rows"], seen["already"], seen["added"]) == (9, 1, 0)
    assert seen["doubled"] == [
        {
            "row": 9,
            "full_name": "nguyễn thị hạnh",
            "point_name": "Đạ Sar",
            "first": 5,
            "first_point_name": "Đạ Sar",
        }
    ]
    assert [(row["row"], row["full_name"], row["point_name"], row["role"]) for row in seen["ready"]] == [
        (5, "Nguyễn Thị Hạnh", "Đạ Sar", "delegate"),
        (7, "Từ Xa", "", "delegate"),
        (14, "Liêng Đại Biểu", "Đạ Sar", "delegate"),
    ]
    assert [row["known"] for row in seen["ready"]] == [False, False, True]
    assert (seen["ready"][0]["phone"], seen["ready"][0]["email"]) == ("0912345678", "hanh@hop.test")
    bad = [(each["row"], each["column"]) for each in seen["bad"]]
    assert bad == [
        (6, "Điện thoại"),
        (11, "Họ và tên"),
        (12, "Điểm cầu"),
        (13, "Tư cách"),
        (13, "E-mail"),
        (13, "Điểm cầu"),
    ]
    by_place = {(each["row"], each["column"]): each for each in seen["bad"]}
    assert "Có phải “Đạ Sar”?" in by_place[12, "Điểm cầu"]["vi"]
    assert by_place[13, "Tư cách"]["value"] == "Vua"
    assert await count(services, meeting) == 1
    applied = (await send(organiser, meeting, sheet, apply=True)).json()
    assert (applied["added"], len(applied["ready"]), applied["bad"]) == (3, 3, seen["bad"])
    assert await count(services, meeting) == 4
    again = (await send(organiser, meeting, sheet, apply=True)).json()
    assert (again["added"], again["already"], again["ready"]) == (0, 4, [])
    assert [each["row"] for each in again["doubled"]] == [9]


async def test_twelve_thousand_rows(organiser: httpx2.AsyncClient, meeting: Meeting, services: Services) -> None:
    halls = ["Hội trường Tỉnh ủy", "Đạ Sar", "Lát", "Hiệp An", "Huyện ủy Lạc Dương", "Huyện ủy Đức Trọng"]
    sheet = workbook(
        *([n, f"Đại biểu số {n}", "Đảng viên", "", halls[n % 6], "", f"so{n}@hop.test", ""] for n in range(12_000))
    )
    began = time.monotonic()
    applied = (await send(organiser, meeting, sheet, apply=True)).json()
    took = time.monotonic() - began
    assert (applied["rows"], applied["added"], applied["bad"]) == (12_000, 12_000, [])
    assert await count(services, meeting) == 12_000
    # A few seconds on an idle machine; the bound only tells bulk statements from one for each row.
    assert took < 60
    async with services.database.read() as session:
        places = await session.execute(
            select(Delegate.point_id, func.count(func.distinct(Delegate.position))).group_by(Delegate.point_id)
        )
        assert {number for _, number in places} == {2000}
        assert await session.scalar(select(func.count()).where(Person.search_name.startswith("dai bieu so"))) == 12_000


async def test_people_who_come_again_cost_as_many_statements_as_one(
    organiser: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    """Taken off the list, put on it again, and with addresses that nobody knew: not one statement for each."""
    costs, first = [], 0
    for size in (3, 40):
        people = range(first, first + size)
        first += size
        bare = workbook(*([n, f"Trở lại {n}", "", "", "Lát", "", "", ""] for n in people))
        assert (await send(organiser, meeting, bare, apply=True)).json()["added"] == size
        async with services.transactions(SYSTEM) as tx:
            await tx.session.execute(update(Delegate).values(removed_at=tx.now))
        full = workbook(*([n, f"Trở lại {n}", "Bí thư", "", "Lát", "", f"so{n}@hop.test", ""] for n in people))
        with counted(services) as statements:
            applied = (await send(organiser, meeting, full, apply=True)).json()
        assert (applied["added"], await count(services, meeting)) == (size, size)
        costs.append([each for each in statements if each.startswith(("UPDATE", "INSERT"))])
        async with services.database.read() as session:
            known = await session.scalars(
                select(Person.email).where(Person.search_name.startswith("tro lai"), Person.email.is_not(None))
            )
            assert set(known) == {f"so{n}@hop.test" for n in range(first)}
    assert len(costs[0]) == len(costs[1]), costs


async def test_an_ambiguous_hall_is_asked_about(
    organiser: httpx2.AsyncClient, meeting: Meeting, services: Services, province: Province
) -> None:
    seen = (
        await send(
            organiser,
            meeting,
            workbook(
                ["Rõ", "Lát", "Xã Lát"],
                ["Cả tên đơn vị", "tỉnh lâm đồng", ""],
                header=["Họ tên:", "Dự tại điểm cầu", "Cơ quan"],
            ),
        )
    ).json()
    assert [row["point_name"] for row in seen["ready"]] == ["Lát", "Hội trường Tỉnh ủy"]


async def test_a_hall_secretary_imports_the_own_hall_alone(
    secretary: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    sheet = workbook([1, "Ở Đạ Sar", "", "", "Đạ Sar"], [2, "Ở Lát", "", "", "Lát"], [3, "Xa", "", "", "Trực tuyến"])
    applied = (await send(secretary, meeting, sheet, apply=True)).json()
    assert (applied["added"], [each["row"] for each in applied["bad"]]) == (1, [3, 4])


async def test_the_template_is_read_back(organiser: httpx2.AsyncClient, meeting: Meeting, province: Province) -> None:
    answer = await organiser.get(f"/api/meetings/{meeting.id}/delegates/template.xlsx")
    assert answer.status_code == 200
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["Đại biểu", "Điểm cầu"]
    names = [row[0] for row in book.get_sheet_by_name("Điểm cầu").to_python()]
    assert names == ["Điểm cầu", *(hall.name for hall in province.halls), "Trực tuyến"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert b"dataValidation" in archive.read("xl/worksheets/sheet1.xml")
    empty = (await send(organiser, meeting, answer.content)).json()
    assert empty == {"rows": 0, "ready": [], "bad": [], "notes": [], "doubled": [], "already": 0, "added": 0}


async def test_nobody_else_imports(browser: Browsers, meeting: Meeting, services: Services, province: Province) -> None:
    sheet = workbook([1, "Chen Vào", "", "", "Đạ Sar"])
    for who in ("stranger", "delegate", "technician", "presenter", "operator", "admin", "da_sar_hall"):
        answer = await send(await browser(getattr(province, who)), meeting, sheet, apply=True)
        assert answer.status_code in (403, 404), who
    assert (await send(await browser(), meeting, sheet, apply=True)).status_code == 401
    assert await count(services, meeting) == 0


def packed(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return file.getvalue()


def replaced(name: str, content: bytes) -> bytes:
    """A workbook whose sheet says something else."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(["A"], header=["Họ và tên"]))) as source,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for entry in source.namelist():
            archive.writestr(entry, content if entry == name else source.read(entry))
    return file.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
_HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_FAR = _HEAD + b'<row r="1"><c r="A1" t="str"><v>x</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
HOSTILE = {
    "not a zip": b"PK" + b"\0" * 1000,
    "some zip": packed(a__b=b"c"),
    "truncated": workbook(["A"])[:-200],
    "no sheet": replaced(SHEET, b"<<<"),
    "far corner": replaced(SHEET, _FAR + b"</sheetData></worksheet>"),
    "entities": replaced(SHEET, b'<!DOCTYPE a [<!ENTITY b "c">]>' + _HEAD + b"</sheetData></worksheet>"),
    "bomb": replaced(SHEET, _HEAD + b" " * 300_000_000),
    "old Excel": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000,
    "empty": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_files_are_refused_in_words(
    name: str, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    answer = await send(organiser, meeting, HOSTILE[name], apply=True)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] in ("not-a-sheet", "sheet-too-large", "no-header", "stray-cell")
    assert await count(services, meeting) == 0


async def test_odd_contents_are_words_for_people_not_errors(organiser: httpx2.AsyncClient, meeting: Meeting) -> None:
    sheet = workbook(
        [1, "=1+1", "", "", "Đạ Sar"],
        [2, "Tên\u200b\nhai dòng\ufeff", "x" * 300, "", "Đạ Sar"],
        [3, 12345, True, 1.5, "Đạ Sar"],
        [4, "Ổn " + "a" * 400, "", "", "Đạ Sar"],
    )
    seen = (await send(organiser, meeting, sheet)).json()
    assert [(each["row"], each["column"]) for each in seen["bad"]] == [
        (2, "Họ và tên"),
        (3, "Chức vụ"),
        (4, "Họ và tên"),
        (5, "Họ và tên"),
    ]


async def test_too_many_rows_or_bytes(organiser: httpx2.AsyncClient, meeting: Meeting) -> None:
    rows = await send(organiser, meeting, workbook(*(["", f"Tên {n}"] for n in range(20_100))))
    assert (rows.status_code, rows.json()["code"]) == (422, "sheet-too-large")
    heavy = await send(organiser, meeting, b"PK" + b"\0" * (5 * 1024 * 1024))
    assert (heavy.status_code, heavy.json()["code"]) == (413, "too-large")
    headless = await send(organiser, meeting, workbook(["a"], header=["Gì đó"]))
    assert headless.json()["code"] == "no-header"


async def test_names_are_read_as_they_are_typed(organiser: httpx2.AsyncClient, meeting: Meeting) -> None:
    """Forms of address are no part of a name; what follows a dash is the position, as Party lists write it."""
    sheet = workbook(
        [1, "Đ/c Võ Thị Sáu", "", "", "Lát"],
        [2, "Nguyễn Văn Bình - Chánh Văn phòng", "", "", "Lát"],
        [3, "Bà K’Liêng", "Trưởng ban - Thường trực", "", "Lát"],
        [4, "Ông Sai", "", "", "Lát", "", "abc@x", "0263.3822.xxx"],
    )
    seen = (await send(organiser, meeting, sheet)).json()
    assert [(row["full_name"], row["title"]) for row in seen["ready"]] == [
        ("Võ Thị Sáu", ""),
        ("Nguyễn Văn Bình", "Chánh Văn phòng"),
        ("K’Liêng", "Trưởng ban - Thường trực"),
    ]
    assert [each["column"] for each in seen["bad"]] == ["E-mail", "Điện thoại"]


async def test_refused_rows_come_back_as_a_workbook_to_be_put_right(
    organiser: httpx2.AsyncClient, meeting: Meeting
) -> None:
    sheet = workbook(
        [1, "Người Đúng", "", "", "Lát"],
        [2, "Người Sai", "Bí thư", "", "Đạ Xa", "", "không phải", "091"],
    )
    answer = await organiser.post(f"/api/meetings/{meeting.id}/delegates/import/refused.xlsx", content=sheet)
    assert answer.status_code == 200, answer.text
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    rows = book.get_sheet_by_name("Đại biểu").to_python()
    said = dict(zip(rows[3], rows[4], strict=True))
    assert len(rows) == 5
    assert (said["Họ và tên"], said["Chức vụ"], said["E-mail"]) == ("Người Sai", "Bí thư", "không phải")
    assert all(column in str(said["Lý do trả lại"]) for column in ("Điểm cầu", "E-mail", "Điện thoại"))
    # Sent again as it is, the row is refused for the same reasons: the last column is passed over.
    again = (await send(organiser, meeting, answer.content)).json()
    assert sorted(each["column"] for each in again["bad"]) == ["E-mail", "Điểm cầu", "Điện thoại"]
    assert again["ready"] == []
