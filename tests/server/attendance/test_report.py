"""The report over HTTP and as files, from checks as the conference writes them."""

import csv
import io
import re
import zipfile
from datetime import timedelta

from python_calamine import CalamineWorkbook

from server.attendance.checks import check_in, check_out
from server.conference import lifecycle
from server.conference.presence import join, leave, lose
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Meeting
from tests import builders
from tests.conftest import Browsers, Clock


async def held(services: Services, province: builders.Province, clock: Clock) -> Meeting:
    """A conference in which Đạ Sar is cut off for a while, Lát leaves early, Hiệp An is late, and two never come."""
    meeting = await builders.conference(services, province, "open")
    halls = province
    async with services.transactions(SYSTEM) as tx:
        await join(tx, meeting.id, [halls.main.id, halls.da_sar_hall.id, halls.lat_hall.id])
    clock.pass_(minutes=10)
    async with services.transactions(SYSTEM) as tx:
        await lifecycle.start(tx, meeting.id)
    clock.pass_(minutes=20)
    async with services.transactions(SYSTEM) as tx:
        await lose(tx, meeting.id, {halls.da_sar_hall.id: clock.now - timedelta(seconds=8)})
    clock.pass_(minutes=5)
    async with services.transactions(SYSTEM) as tx:
        await join(tx, meeting.id, [halls.da_sar_hall.id, halls.hiep_an_hall.id])
    clock.pass_(minutes=5)
    async with services.transactions(SYSTEM) as tx:
        await leave(tx, meeting.id, halls.lat_hall.id)
    clock.pass_(minutes=30)
    async with services.transactions(SYSTEM) as tx:
        await lifecycle.end(tx, meeting.id)
    clock.pass_(minutes=1)
    return meeting


async def test_the_report_says_what_happened(
    services: Services, province: builders.Province, clock: Clock, browser: Browsers
) -> None:
    meeting = await held(services, province, clock)
    answer = await (await browser(province.organiser)).get(f"/api/meetings/{meeting.id}/attendance")
    assert answer.status_code == 200
    report = answer.json()
    people = report["totals"].pop("people")
    assert report["totals"] == {"points": 6, "present": 3, "late": 1, "left": 1, "absent": 2}
    assert (people["expected"], people["present"]) == (0, 0), "nobody is on its list"
    points = {point["name"]: point for point in report["points"]}
    da_sar = points["Đạ Sar"]
    assert da_sar["seconds"] == 60 * 60 - (5 * 60 + 8)
    assert [gap["how"] for gap in da_sar["gaps"]] == ["lost"]
    assert set(da_sar["gaps"][0]) == {"from", "to", "how"}
    assert da_sar["present"]
    assert points["Lát"]["out_how"] == "live"
    assert points["Lát"]["seconds"] == 30 * 60
    assert not points["Lát"]["present"]
    assert points["Hiệp An"]["late"]
    assert points["Huyện ủy Lạc Dương"]["first_in"] is None
    units = {unit["name"]: unit for unit in report["units"]}
    assert (units["Tỉnh Lâm Đồng"]["points"], units["Tỉnh Lâm Đồng"]["present"]) == (6, 3)
    assert (units["Huyện Lạc Dương"]["points"], units["Huyện Lạc Dương"]["ever"]) == (3, 2)
    assert [unit["name"] for unit in report["units"]][:3] == ["Tỉnh Lâm Đồng", "Huyện Lạc Dương", "Xã Đạ Sar"]
    assert [unit["depth"] for unit in report["units"]][:3] == [0, 1, 2]


async def test_files(services: Services, province: builders.Province, clock: Clock, browser: Browsers) -> None:
    async with services.transactions(SYSTEM) as tx:
        hall = await tx.session.merge(province.hiep_an_hall)
        hall.name = '=HYPERLINK("http://x","Hiệp An")'
    meeting = await held(services, province, clock)
    chair = await browser(province.chair)

    answer = await chair.get(f"/api/meetings/{meeting.id}/attendance.xlsx")
    assert answer.status_code == 200
    assert f'filename="diem-danh-{meeting.id}.xlsx"' in answer.headers["content-disposition"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["Điểm cầu", "Theo đơn vị"]
    rows = book.get_sheet_by_name("Điểm cầu").to_python()
    assert rows[0][0] == "ĐIỂM DANH ĐIỂM CẦU"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as parts:
        sheet, styles = parts.read("xl/worksheets/sheet1.xml").decode(), parts.read("xl/styles.xml").decode()
    # Every row says its height, as not every program grows a row for what is wrapped; red fills are of what is on air.
    assert re.findall(r'<row r="(\d+)"(?![^>]*\bht=)', sheet.split("<sheetData>")[1])[2:] == []
    assert "8C1D18" not in styles
    headings = rows[5]
    found = {row[1]: dict(zip(headings, row, strict=True)) for row in rows[6:]}
    da_sar = found["Đạ Sar"]
    assert da_sar["Vào lúc"].strftime("%H:%M") == "07:30"
    assert da_sar["Thời gian dự"] == timedelta(minutes=54, seconds=52)
    assert da_sar["Các lần gián đoạn"] == "07:59:52–08:05:00 mất kết nối"
    assert found["Huyện ủy Đức Trọng"]["Tình trạng"] == "Vắng"
    assert found['=HYPERLINK("http://x","Hiệp An")']["Tình trạng"] == "Dự đến hết (vào muộn)"

    answer = await chair.get(f"/api/meetings/{meeting.id}/attendance.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len(lines) == 7
    assert lines[0][1] == "Điểm cầu"  # with a comma between, a program set to Vietnamese would see one column
    assert {line[1] for line in lines} >= {"Đạ Sar", '\'=HYPERLINK("http://x","Hiệp An")'}


async def test_who_may_see_it(services: Services, province: builders.Province, browser: Browsers) -> None:
    meeting = await builders.conference(services, province, "running")
    for who, status in (
        (province.organiser, 200),
        (province.operator, 200),
        (province.chair, 200),
        (province.secretary, 200),
        (province.presenter, 403),
        (province.technician, 403),
        (province.da_sar_hall, 403),
        (province.delegate, 403),
        (province.stranger, 404),
        (None, 401),
    ):
        client = await browser(who)
        for path in ("attendance", "attendance.xlsx", "attendance.csv"):
            answer = await client.get(f"/api/meetings/{meeting.id}/{path}")
            assert answer.status_code == status, (who, path)


async def test_a_point_that_was_taken_off_stays_in_the_record(
    services: Services, province: builders.Province, clock: Clock, browser: Browsers
) -> None:
    meeting = await builders.conference(services, province, "running", [province.main, province.lat_hall])
    async with services.transactions(SYSTEM) as tx:
        check_in(tx, meeting.id, province.da_sar_hall.id)
        clock.pass_(minutes=3)
        check_out(tx, meeting.id, {province.da_sar_hall.id: clock.now}, "by-hand")
    report = (await (await browser(province.chair)).get(f"/api/meetings/{meeting.id}/attendance")).json()
    taken_off = next(point for point in report["points"] if point["name"] == "Đạ Sar")
    assert not taken_off["member"]
    assert report["totals"]["points"] == 2
