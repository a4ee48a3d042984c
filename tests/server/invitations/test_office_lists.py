"""Lists as offices write them: merged cells, names in two columns, hidden rows, cover sheets, look-alikes."""

import io
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
import xlsxwriter
from sqlalchemy import select

from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.fields import folded, spelling
from server.core.services import Services
from server.meetings.models import Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit
from tests import papers
from tests.builders import Province
from tests.server.invitations.test_import import count, send, workbook

Sheet = xlsxwriter.worksheet.Worksheet


def drawn(*draw: Callable[[Sheet], None]) -> bytes:
    """A workbook with a sheet for each function."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    for each in draw:
        each(book.add_worksheet())
    book.close()
    return file.getvalue()


def names(seen: Any) -> list[str]:
    return [row["full_name"] for row in seen["ready"]]


async def people_named(services: Services, folded_name: str) -> list[Person]:
    async with services.database.read() as session:
        found = await session.scalars(select(Person).where(Person.search_name == folded_name).order_by(Person.id))
        return list(found)


def state_form(sheet: Sheet) -> None:
    """The usual form: titles above, a heading of two rows, the name in two columns, columns numbered, a line across, a
    hall's cell merged over its people."""
    sheet.merge_range("A1:F1", "DANH SÁCH ĐẠI BIỂU DỰ HỘI NGHỊ")
    sheet.merge_range("A3:A4", "STT")
    sheet.merge_range("B3:C4", "Họ và tên")
    sheet.merge_range("D3:D4", "Điểm cầu")
    sheet.merge_range("E3:F3", "Liên hệ")
    sheet.write_row("E4", ["E-mail", "Điện thoại"])
    sheet.write_row("A5", ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)"])
    sheet.merge_range("A6:F6", "I. KHỐI ĐẢNG")
    sheet.write_row("A7", [1, "Nguyễn Văn", "An", "", "an@hop.test", 912345678])
    sheet.write_row("A8", [2, "Nguyễn Văn", "Bình"])
    sheet.write_row("A9", [3, "K'", "Brôih"])
    sheet.merge_range("D7:D9", "Đạ Sar")
    sheet.write_row("A10", [4, "Trần Thị", "Cúc", "Lát"])


def split_form(sheet: Sheet) -> None:
    sheet.write_row("A1", ["TT", "Họ và tên đệm", "Tên", "Điểm cầu"])
    sheet.write_row("A2", [1, "Nguyễn Văn", "An", "Đạ Sar"])


def unnamed_form(sheet: Sheet) -> None:
    """The heading stands over the first of two columns, not merged."""
    sheet.write_row("A1", ["TT", "Họ và tên", "", "Điểm cầu"])
    sheet.write_row("A2", [1, "Nguyễn Văn", "An", "Đạ Sar"])
    sheet.write_row("A3", [2, "Nguyễn Văn", "Bình", "Đạ Sar"])


async def test_a_name_in_two_columns_and_a_hall_merged_down(
    organiser: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    applied = (await send(organiser, meeting, drawn(state_form), apply=True)).json()
    assert applied["bad"] == []
    assert [(row["row"], row["full_name"], row["point_name"]) for row in applied["ready"]] == [
        (7, "Nguyễn Văn An", "Đạ Sar"),
        (8, "Nguyễn Văn Bình", "Đạ Sar"),
        (9, "K' Brôih", "Đạ Sar"),
        (10, "Trần Thị Cúc", "Lát"),
    ]
    assert (applied["ready"][0]["email"], applied["ready"][0]["phone"]) == ("an@hop.test", "0912345678")
    assert ["6" in note["vi"] for note in applied["notes"]] == [True]
    assert await count(services, meeting) == 4


@pytest.mark.parametrize(
    ("form", "said"), [(split_form, ["Nguyễn Văn An"]), (unnamed_form, ["Nguyễn Văn An", "Nguyễn Văn Bình"])]
)
async def test_a_name_is_never_cut_short(
    form: Callable[[Sheet], None], said: list[str], organiser: httpx2.AsyncClient, meeting: Meeting
) -> None:
    seen = (await send(organiser, meeting, drawn(form))).json()
    assert (names(seen), seen["bad"]) == (said, [])


async def test_a_blank_column_behind_the_name_is_not_taken_for_it(
    organiser: httpx2.AsyncClient, meeting: Meeting
) -> None:
    sheet = workbook(
        ["Nguyễn Văn An", "Bí thư Đảng ủy xã", "Đạ Sar"],
        ["Trần Thị Bình", "Chủ tịch", "Đạ Sar"],
        ["Lê Cúc", "", "Đạ Sar"],
        header=["Họ và tên", "", "Điểm cầu"],
    )
    assert names((await send(organiser, meeting, sheet)).json()) == ["Nguyễn Văn An", "Trần Thị Bình", "Lê Cúc"]


async def test_hidden_rows_stay_at_home_and_are_named(organiser: httpx2.AsyncClient, meeting: Meeting) -> None:
    def filtered(sheet: Sheet) -> None:
        sheet.write_row("A1", ["Họ và tên", "Điểm cầu"])
        for number in range(1, 11):
            sheet.write_row(number, 0, [f"Đại biểu số {number}", "Đạ Sar"])
        sheet.autofilter("A1:B11")
        sheet.set_row(4, None, None, {"hidden": True})
        sheet.set_row(7, None, None, {"hidden": True})

    seen = (await send(organiser, meeting, drawn(filtered))).json()
    assert len(seen["ready"]) == 8
    assert "Đại biểu số 4" not in names(seen)
    [note] = seen["notes"]
    assert "2 dòng đang ẩn (5, 8)" in note["vi"]


async def test_rows_that_are_struck_through_stay_out_and_are_named(
    organiser: httpx2.AsyncClient, meeting: Meeting
) -> None:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet, gone = book.add_worksheet(), book.add_format({"font_strikeout": True})
    sheet.write_row("A1", ["Họ đệm", "Tên", "Chức vụ", "Điểm cầu"])
    sheet.write_row("A2", ["Nguyễn Văn", "An", "Bí thư", "Đạ Sar"])
    sheet.write_row("A3", ["Trần Thị", "Bình", "Chủ tịch", "Đạ Sar"], gone)
    sheet.write_row("A4", ["Lê", "Cúc"])
    sheet.write_row("C4", ["Phó Chủ tịch", "Đạ Sar"], gone)  # the post alone has changed
    book.close()
    seen = (await send(organiser, meeting, file.getvalue())).json()
    assert names(seen) == ["Nguyễn Văn An", "Lê Cúc"]
    assert ["1 dòng bị gạch ngang (3)" in note["vi"] for note in seen["notes"]] == [True]


def parted_workbook() -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet, gone, plain = (
        book.add_worksheet(),
        book.add_format({"font_strikeout": True}),
        book.add_format({"bold": True}),
    )
    sheet.write_row("A1", ["Họ và tên", "Chức vụ", "Điểm cầu"])
    sheet.write_rich_string("A3", gone, "Nguyễn Văn An", plain, " Trần Thị Bình")
    sheet.write_rich_string("B3", "Phó ", gone, "Chủ tịch", plain, "Bí thư")
    sheet.write_rich_string("A4", gone, "Lê ", gone, "Cúc")
    sheet.write_rich_string("A5", "Đỗ Thị Dung", plain, " Phạm Hoa", gone)  # the cell is struck, the last name is not
    sheet.write_rich_string("A6", plain, "Vũ Văn ", plain, "Em", gone)
    sheet.write_row("A7", ["Mai Thị Giang", "", "Đạ Sar"])
    for number in (3, 4, 5, 6):
        sheet.write(f"C{number}", "Đạ Sar")
    book.close()
    return file.getvalue()


def parted_open_document() -> bytes:
    def cell(text: str, style: str = "") -> str:
        named = f' table:style-name="{style}"' if style else ""
        return f'<table:table-cell office:value-type="string"{named}><text:p>{text}</text:p></table:table-cell>'

    def row(*cells: str, said: str = "") -> str:
        return f"<table:table-row{said}>{''.join(cells)}</table:table-row>"

    def span(style: str, text: str) -> str:
        return f'<text:span text:style-name="{style}">{text}</text:span>'

    def style(name: str, family: str, line: str, parent: str = "") -> str:
        above = f' style:parent-style-name="{parent}"' if parent else ""
        inner = f'<style:text-properties style:text-line-through-style="{line}"/>' if line else ""
        return f'<style:style style:name="{name}" style:family="{family}"{above}>{inner}</style:style>'

    here = cell("Đạ Sar")
    rows = [
        row(cell("Họ và tên"), cell("Chức vụ"), cell("Điểm cầu")),
        row('<table:table-cell table:number-columns-repeated="3"/>'),
        row(cell(span("T", "Nguyễn Văn An") + " Trần Thị Bình"), cell(f"Phó {span('T', 'Chủ tịch')}Bí thư"), here),
        row(cell(f"{span('T', 'Lê')} {span('T', 'Cúc')}"), cell(""), here),
        row(cell("Đỗ Thị Dung" + span("P", " Phạm Hoa"), "child"), cell(""), here),
        row(cell(span("P", "Vũ Văn Em"), "gone"), cell(""), here),
        row(cell("Mai Thị Giang"), cell(""), here),
        row(cell("Hoàng Ẩn"), cell(""), here, said=' table:visibility="filter"'),
    ]
    styles = style("T", "text", "solid") + style("P", "text", "none")
    styles += style("gone", "table-cell", "solid") + style("child", "table-cell", "", "gone")
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
        ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" office:version="1.3">'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>"
        f'<table:table table:name="DS">{"".join(rows)}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
        f' manifest:version="1.3"><manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    return papers.zipped({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


@pytest.mark.parametrize("file", [parted_workbook, parted_open_document])
async def test_words_that_are_struck_through_are_not_read(
    file: Callable[[], bytes], organiser: httpx2.AsyncClient, meeting: Meeting
) -> None:
    seen = (await send(organiser, meeting, file())).json()
    assert names(seen) == ["Trần Thị Bình", "Phạm Hoa", "Vũ Văn Em", "Mai Thị Giang"]
    assert (seen["ready"][0]["title"], [row["row"] for row in seen["ready"]]) == ("Phó Bí thư", [3, 5, 6, 7])
    said = " ".join(note["vi"] for note in seen["notes"])
    assert "1 dòng bị gạch ngang (4)" in said
    assert "2 dòng có chữ bị gạch ngang (3, 5)" in said


async def test_the_list_may_lie_behind_a_cover(organiser: httpx2.AsyncClient, meeting: Meeting) -> None:
    def cover(sheet: Sheet) -> None:
        sheet.write("B4", "HƯỚNG DẪN GHI DANH SÁCH")

    seen = (await send(organiser, meeting, drawn(cover, split_form))).json()
    assert names(seen) == ["Nguyễn Văn An"]
    assert "Sheet2" in seen["notes"][0]["vi"]


@pytest.mark.parametrize("cell", ["Z1048576", "XFD1048576", "XFD2"])
async def test_a_stray_cell_is_named_or_harmless(cell: str, organiser: httpx2.AsyncClient, meeting: Meeting) -> None:
    def strayed(sheet: Sheet) -> None:
        split_form(sheet)
        sheet.write(cell, "x")

    answer = await send(organiser, meeting, drawn(strayed))
    if answer.status_code == 422:
        assert (answer.json()["code"], cell in answer.json()["vi"]) == ("stray-cell", True)
    else:
        assert names(answer.json()) == ["Nguyễn Văn An"]


async def test_a_tone_mark_makes_another_person(
    organiser: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    three = ["Nguyễn Văn Hùng", "Nguyễn Văn Hưng", "Nguyễn Văn Hừng"]
    sheet = workbook(*([n, name, "Đảng viên", "", "Đạ Sar"] for n, name in enumerate(three)))
    applied = (await send(organiser, meeting, sheet, apply=True)).json()
    assert (names(applied), applied["already"]) == (three, 0)
    assert "Nguyễn Văn Hưng (3)" in applied["notes"][0]["vi"]
    again = (await send(organiser, meeting, sheet, apply=True)).json()
    assert (again["added"], again["already"]) == (0, 3)
    # Typed without diacritics it may mean any of them: nobody is put in another's place.
    unsure = (await send(organiser, meeting, workbook([1, "Nguyen Van Hung", "", "", "Đạ Sar"]))).json()
    assert [row["known"] for row in unsure["ready"]] == [False]
    assert [person.full_name for person in await people_named(services, "nguyen van hung")] == three


@pytest.fixture
async def twins(services: Services, province: Province, meeting: Meeting) -> None:
    """Tân Hà and Tân Hạ; two halls that are called Phường 1."""
    async with services.transactions(SYSTEM) as tx:
        session = tx.session
        da_sar = await session.get_one(Unit, province.da_sar_hall.unit_id)
        duc_trong = await session.scalar(select(Unit).where(Unit.name == "Huyện Đức Trọng"))
        lac_duong = await session.get_one(Unit, da_sar.parent_id)
        assert duc_trong is not None
        for parent, name in (
            (lac_duong, "Tân Hà"),
            (lac_duong, "Tân Hạ"),
            (lac_duong, "Phường 1"),
            (duc_trong, "Phường 1"),
        ):
            full = f"Xã {name}" if name.startswith("Tân") else name
            unit = Unit(parent_id=parent.id, path=f"/{parent.id}/{name}/", name=full, short_name=name, level="commune")
            session.add(unit)
            await session.flush()
            unit.path = f"{parent.path}{unit.id}/"
            point = BridgePoint(unit_id=unit.id, name=name, short_name=name)
            session.add(point)
            await session.flush()
            session.add(MemberPoint(meeting_id=meeting.id, point_id=point.id))


@pytest.mark.usefixtures("twins")
async def test_exact_spelling_wins_and_twins_are_told_apart_by_the_unit_above(
    organiser: httpx2.AsyncClient, meeting: Meeting
) -> None:
    sheet = workbook(
        ["Một", "Tân Hà", ""],
        ["Hai", "TÂN HẠ", ""],
        ["Ba", "Phường 1, Huyện Lạc Dương", ""],
        ["Bốn", "P. 01 (Đức Trọng)", ""],
        ["Năm", "Phường 1", "Huyện Đức Trọng"],
        ["Sáu", "tan ha", ""],
        ["Bảy", "Phường 1", ""],
        header=["Họ tên", "Điểm cầu", "Đơn vị"],
    )
    seen = (await send(organiser, meeting, sheet)).json()
    assert [(bad["row"], bad["column"]) for bad in seen["bad"]] == [
        (7, "Điểm cầu"),
        (8, "Điểm cầu"),
    ]
    assert [row["point_name"] for row in seen["ready"]] == [
        "Tân Hà",
        "Tân Hạ",
        "Phường 1, Huyện Lạc Dương",
        "Phường 1, Huyện Đức Trọng",
        "Phường 1, Huyện Đức Trọng",
    ]
    assert "“Phường 1, Huyện Lạc Dương”" in seen["bad"][1]["vi"]


@pytest.mark.usefixtures("twins")
async def test_every_choice_of_the_template_is_read_back(organiser: httpx2.AsyncClient, meeting: Meeting) -> None:
    import python_calamine  # noqa: PLC0415

    template = (await organiser.get(f"/api/meetings/{meeting.id}/delegates/template.xlsx")).content
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(template))
    choices = [str(row[0]) for row in book.get_sheet_by_name("Điểm cầu").to_python()[1:]]
    assert len(set(choices)) == len(choices)
    sheet = workbook(*([f"Người {n}", choice] for n, choice in enumerate(choices)), header=["Họ tên", "Điểm cầu"])
    seen = (await send(organiser, meeting, sheet)).json()
    assert seen["bad"] == []
    assert [row["point_name"] or "Trực tuyến" for row in seen["ready"]] == choices


async def test_a_phone_out_of_excel_finds_its_owner(
    organiser: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    lists = [
        workbook([1, "Lê Một", "", "", "Đạ Sar", "", "", one], [2, "Lê Hai", "", "", "Đạ Sar", "", "", two])
        for one, two in ((842345678, 912345678), ("0842345678", "+84 912 345 678"))
    ]
    applied = (await send(organiser, meeting, lists[0], apply=True)).json()
    assert [row["phone"] for row in applied["ready"]] == ["0842345678", "0912345678"]
    again = (await send(organiser, meeting, lists[1], apply=True)).json()
    assert (again["added"], again["already"]) == (0, 2)
    assert [len(await people_named(services, name)) for name in ("le mot", "le hai")] == [1, 1]


async def test_letters_that_only_look_like_d_with_a_stroke(
    organiser: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    seen = (await send(organiser, meeting, workbook([1, "Ðỗ Thị Ðào", "", "", "Ðạ Sar"]), apply=True)).json()
    assert [(row["full_name"], row["point_name"]) for row in seen["ready"]] == [("Đỗ Thị Đào", "Đạ Sar")]
    again = (await send(organiser, meeting, workbook([1, "Đỗ Thị Đào", "", "", "Đạ Sar"]), apply=True)).json()
    assert (again["added"], again["already"]) == (0, 1)
    assert folded("Ðỗ Thị Ɖào") == "do thi dao"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Hoà", "HÒA", True),
        ("Thuý Kiều", "thúy kiều", True),
        ("Hùng", "Hưng", False),
        ("Hưng", "Hừng", False),
        ("Tân Hà", "Tân Hạ", False),
        ("Đào", "Ðào", True),
        ("Đào", "Dào", False),
    ],
)
def test_spelling(one: str, other: str, same: bool) -> None:
    assert (spelling(one) == spelling(other)) is same


async def test_what_is_no_address_and_no_number_is_said(organiser: httpx2.AsyncClient, meeting: Meeting) -> None:
    sheet = workbook(
        [1, "Một", "", "", "Đạ Sar", "", "abc@hop"],
        [2, "Hai", "", "", "Đạ Sar", "", "", "0263.3822.xxx"],
        [3, "Ba", "", "", "Đạ Sar", "", "", "(0263) 3822.123"],
    )
    seen = (await send(organiser, meeting, sheet)).json()
    assert [(bad["row"], bad["column"]) for bad in seen["bad"]] == [(2, "E-mail"), (3, "Điện thoại")]
    assert names(seen) == ["Ba"]


def old_fonts(sheet: Sheet) -> None:
    """Names in TCVN3, one of them a name as it stands, too; a title in VNI; a name of the highlands."""
    sheet.write_row("A1", ["Họ và tên", "Chức vụ", "Điểm cầu"])
    for row, name in enumerate(
        ["NguyÔn V¨n Hïng", "Lª ThÞ Hång", "§ç Minh §øc", "Léc", "L\xadu H\xadng", "K’Brôih"], start=1
    ):
        sheet.write_row(row, 0, [name, "Bí thư", "Lát"])
    sheet.write("B2", "Phoù Bí thö")


async def test_old_fonts_become_unicode_and_are_told_of(organiser: httpx2.AsyncClient, meeting: Meeting) -> None:
    seen = (await send(organiser, meeting, drawn(old_fonts))).json()
    assert names(seen) == ["Nguyễn Văn Hùng", "Lê Thị Hồng", "Đỗ Minh Đức", "Lộc", "Lưu Hưng", "K’Brôih"]
    assert [row["title"] for row in seen["ready"]][:2] == ["Phó Bí thư", "Bí thư"]
    assert "phông cũ" in seen["notes"][0]["vi"]
    table = "Họ và tên;Điểm cầu\nNguyÔn V¨n C\xadêng;L¸t\nLê Văn Tân;Lát\n"
    seen = (await send(organiser, meeting, table.encode())).json()
    assert (names(seen), "phông cũ" in seen["notes"][0]["vi"]) == (["Nguyễn Văn Cường", "Lê Văn Tân"], True)


def signed_list(sheet: Sheet) -> None:
    """Headings with more in them, parts by number, a total, names with numbers and titles, blanks that are written."""
    sheet.write_row("A1", ["TT", "Họ và tên người dự (*)", "Điểm cầu", "E-mail", "Điện thoại"])
    sheet.write_row("A2", ["I", "Khối Đảng"])
    sheet.write_row("A3", [1, "1. Đ/c: Nguyễn Văn Một, Bí thư", "Lát", "-", "không có"])
    sheet.write_row("A4", ["II.", "Khối chính quyền"])
    sheet.write_row("A5", [2, "Nguy\u1ec5n V\u0103n \u0410nh", "Lát", "mailto:anh@hop.test", "'0912345678"])
    sheet.write_row("A6", [3, "Tống Văn Ba", "Lát", "", "0912345679 - 02633822123"])
    sheet.write_row("A7", ["", "Tổng cộng: 03 đồng chí"])


async def test_what_stands_in_a_list_beside_people(organiser: httpx2.AsyncClient, meeting: Meeting) -> None:
    seen = (await send(organiser, meeting, drawn(signed_list))).json()
    said = [(row["full_name"], row["title"], row["email"], row["phone"]) for row in seen["ready"]]
    assert said == [("Nguyễn Văn Một", "Bí thư", None, None), ("Nguyễn Văn Anh", "", "anh@hop.test", "0912345678")]
    assert [(wrong["row"], wrong["column"]) for wrong in seen["bad"]] == [(6, "Điện thoại")]
    assert seen["notes"][0]["vi"] == "Bỏ qua 3 dòng tiêu đề mục (2, 4, 7)."


async def test_lists_on_further_sheets_are_named(organiser: httpx2.AsyncClient, meeting: Meeting) -> None:
    def listed(name: str) -> Callable[[Sheet], None]:
        def draw(sheet: Sheet) -> None:
            sheet.write_row("A1", ["Họ và tên", "Điểm cầu"])
            sheet.write_row("A2", [name, "Lát"])

        return draw

    seen = (await send(organiser, meeting, drawn(listed("Lê Một"), listed("Lê Hai"), lambda sheet: None))).json()
    assert names(seen) == ["Lê Một"]
    assert "Trang “Sheet2” cũng có danh sách" in seen["notes"][0]["vi"]


async def test_a_web_page_is_no_workbook(organiser: httpx2.AsyncClient, meeting: Meeting) -> None:
    answer = await organiser.post(
        f"/api/meetings/{meeting.id}/delegates/import", content=b"<table><tr><td>x</td></tr></table>"
    )
    assert answer.json()["code"] == "not-a-sheet"
