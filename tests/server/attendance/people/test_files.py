"""The report by unit as a workbook and on paper."""

import io

import pypdfium2
from python_calamine import CalamineWorkbook

from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Delegate
from server.organisations.bodies import body_of
from tests import builders
from tests.conftest import Browsers, Clock
from tests.server.attendance.people.gathering import Conference, check, conference


async def held(services: Services, province: builders.Province, browser: Browsers, clock: Clock) -> Conference:
    """One is present, one on leave, one represented, one without leave, one in another hall, one left, one online."""
    made = await conference(services, province)
    organiser = await browser(province.organiser)
    da_sar, lat = province.da_sar_hall, province.lat_hall
    clock.pass_(minutes=5)
    write = {"delegate_id": made.delegates["An"], "full_name": "Phó Của An", "title": "Phó Chủ tịch"}
    substitute = await organiser.post(made.path(da_sar, "substitutes"), json=write)
    made.delegates["Phó"] = substitute.json()["delegate_id"]
    await check(organiser, made, da_sar, "in", "Đại Biểu", "Phó")
    await check(organiser, made, da_sar, "leave", "Bình", reason="Đi công tác *nước ngoài* #x")
    await check(organiser, made, da_sar, "in", "Chi")
    await check(organiser, made, province.hiep_an_hall, "in", "Em")
    clock.pass_(minutes=30)
    await check(organiser, made, province.hiep_an_hall, "out", "Em")
    phone = await browser(made.people["Giang"])
    assert (await phone.post(made.path(rest="online"), json={"online": True})).status_code == 200
    await organiser.post(made.path(lat, "headcount"), json={"count": 12})
    await organiser.post(made.path(da_sar, "sign-off"), json={})
    async with services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(Delegate, made.delegates["Dũng"])).role = "guest"
    assert (await organiser.post(made.path(rest="end"))).status_code == 200
    return made


async def test_workbook(services: Services, province: builders.Province, browser: Browsers, clock: Clock) -> None:
    made = await held(services, province, browser, clock)
    answer = await (await browser(province.chair)).get(made.path(rest="people.xlsx"))
    assert answer.status_code == 200
    assert f'filename="diem-danh-dai-bieu-{made.meeting.id}.xlsx"' in answer.headers["content-disposition"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["Theo đơn vị", "Theo điểm cầu", "Đại biểu", "Vắng mặt"]

    def table(name: str, key: str) -> dict[str, dict[str, object]]:
        rows = book.get_sheet_by_name(name).to_python()
        assert rows[1][0] == "Hội nghị thử"
        found = [dict(zip(rows[5], row, strict=True)) for row in rows[6:]]
        return {str(row[key]): row for row in found}

    units = table("Theo đơn vị", "Đơn vị")
    whole = units["Tỉnh Lâm Đồng"]
    assert [whole[name] for name in ("Triệu tập", "Có mặt", "Trực tuyến", "Trong đó dự thay", "Đã về")] == [
        7,
        3,
        1,
        1,
        1,
    ]
    assert [whole[name] for name in ("Vắng có lý do", "Vắng không lý do")] == [1, 1]
    assert whole["Tỷ lệ dự"] == 5 / 7
    points = table("Theo điểm cầu", "Điểm cầu")
    assert points["Đạ Sar"]["Ký xác nhận"] == province.organiser.full_name
    assert (points["Đạ Sar"]["Số người dự"], points["Lát"]["Đếm tại chỗ"], points["Lát"]["Số người dự"]) == (3, 12, 12)
    assert points["Dự trực tuyến"]["Trực tuyến"] == 1
    people = table("Đại biểu", "Họ và tên")
    assert people["Em"]["Tình trạng"] == "Đã về"
    assert people["Em"]["Đến lúc"].strftime("%H:%M") == "07:35"  # type: ignore[attr-defined]
    assert people["Em"]["Về lúc"].strftime("%H:%M") == "08:05"  # type: ignore[attr-defined]
    assert people["Chi"]["Dự tại"] == "Đạ Sar"
    assert (people["An"]["Tình trạng"], people["An"]["Người dự thay"]) == ("Vắng, có người dự thay", "Phó Của An")
    assert people["Phó Của An"]["Dự thay cho"] == "An"
    assert people["Dũng"]["Thành phần"] == "Khách mời"
    missing = table("Vắng mặt", "Họ và tên")
    assert set(missing) == {"An", "Bình", "Dũng"}
    assert missing["Bình"]["Lý do"] == "Đi công tác *nước ngoài* #x"


async def test_beside_the_attendance_of_points(
    services: Services, province: builders.Province, browser: Browsers, clock: Clock
) -> None:
    made = await held(services, province, browser, clock)
    chair = await browser(province.chair)
    report = (await chair.get(made.path(rest="attendance"))).json()
    turnout = (await chair.get(made.path(rest="people"))).json()
    assert report["totals"]["people"] == turnout["totals"]
    points = {point["name"]: point["people"] for point in report["points"]}
    assert (points["Đạ Sar"]["present"], points["Đạ Sar"]["leave"], points["Lát"]["counted"]) == (2, 1, 12)
    units = {unit["name"]: unit["people"] for unit in report["units"]}
    assert (units["Huyện Lạc Dương"]["expected"], units["Huyện Lạc Dương"]["present"]) == (5, 3)
    assert (units["Xã Hiệp An"]["online"], units["Xã Hiệp An"]["left"]) == (1, 1)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO((await chair.get(made.path(rest="attendance.xlsx"))).content))
    rows = sheet.get_sheet_by_name("Theo đơn vị").to_python()
    [district] = [dict(zip(rows[5], row, strict=True)) for row in rows[6:] if row[0] == "Huyện Lạc Dương"]
    assert (district["Đại biểu triệu tập"], district["Vắng có lý do"], district["Số người dự"]) == (5, 1, 15)


async def test_paper(services: Services, province: builders.Province, browser: Browsers, clock: Clock) -> None:
    made = await held(services, province, browser, clock)
    answer = await (await browser(province.chair)).get(made.path(rest="people.pdf"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    pdf = pypdfium2.PdfDocument(answer.content)
    text = " ".join(page.get_textpage().get_text_range() for page in pdf)
    text = " ".join(text.split())
    for said in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "TỈNH LÂM ĐỒNG",
        "ngày 20 tháng 11 năm 2026",
        "BÁO CÁO ĐIỂM DANH ĐẠI BIỂU",
        "Đi công tác *nước ngoài* #x",
        "người dự thay: Phó Của An",
        "71,4%",
        "THƯ KÝ",
        "Võ Thư Ký",
        "CHỦ TRÌ",
        "Phạm Chủ Trì",
    ):
        assert said in text, said
    assert "Em" not in text.split("III. Đại biểu vắng mặt")[1], "who left early was there"
    fonts = {font for page in pdf for font in _fonts(page)}
    assert fonts == {"LiberationSerif", "LiberationSerif-Bold", "LiberationSerif-Italic"}


def _fonts(page: pypdfium2.PdfPage) -> set[str]:
    found = set()
    for item in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT]):
        found.add(pypdfium2.PdfTextObj(item.raw, page).get_font().get_base_name().split("+")[-1])
    return found


async def test_who_gets_them(services: Services, province: builders.Province, browser: Browsers) -> None:
    made = await conference(services, province)
    for who, status in ((province.operator, 200), (province.hall_secretary, 403), (province.stranger, 404)):
        client = await browser(who)
        for name in ("people", "people.xlsx", "people.pdf"):
            assert (await client.get(made.path(rest=name))).status_code == status, (who.full_name, name)


def test_the_party_writes_under_its_own_name() -> None:
    for name in ("Tỉnh ủy Lâm Đồng", "Văn phòng Huyện ủy Đức Trọng", "Đảng ủy xã Đạ Sar", "Chi bộ thôn 1"):
        assert body_of(name) == "party", name
    for name in ("Tỉnh Lâm Đồng", "Ủy ban nhân dân tỉnh Lâm Đồng", "Sở Y tế", "Phòng Giáo dục"):
        assert body_of(name) == "state", name
