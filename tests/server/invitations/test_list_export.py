"""The lists as a workbook, read back."""

import io

import httpx2
import python_calamine

from server.meetings.models import Meeting
from tests.builders import Province
from tests.conftest import Browsers
from tests.server.invitations.conftest import Add


def lines(answer: httpx2.Response) -> list[dict[str, object]]:
    assert answer.status_code == 200, answer.text
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0)
    found = sheet.to_python(skip_empty_area=False)
    at = next(number for number, row in enumerate(found) if "Họ và tên" in row)
    return [dict(zip(map(str, found[at]), row, strict=True)) for row in found[at + 1 :] if row[0] != ""]


async def test_the_lists_say_how_far_invitations_have_come_and_are_read_in_again(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, province: Province, browser: Browsers
) -> None:
    await add({"full_name": "Cil Múp Thảo", "email": "thao@xa.example", "title": "Bí thư"}, "=Ha Kơ")
    [online] = await add("Lê Trực Tuyến", point_id=None)
    made = await organiser.post(
        f"/api/meetings/{meeting.id}/links", json={"delegate_ids": [online["id"]], "send": False}
    )
    assert made.status_code == 200, made.text
    path = f"/api/meetings/{meeting.id}/delegates.xlsx"
    answer = await organiser.get(path)
    found = lines(answer)
    assert [(row["STT"], row["Họ và tên"], row["Điểm cầu"]) for row in found] == [
        (1, "Cil Múp Thảo", province.da_sar_hall.name),
        (2, "=Ha Kơ", province.da_sar_hall.name),
        (3, "Lê Trực Tuyến", "Trực tuyến"),
    ]
    assert (found[0]["E-mail"], found[0]["Chức vụ"], found[0]["Tư cách"]) == ("thao@xa.example", "Bí thư", "Đại biểu")
    assert [row["Giấy mời"] for row in found] == ["Chưa gửi", "Chưa gửi", "Đã tạo liên kết"]
    assert {row["Trả lời"] for row in found} == {"Chưa trả lời"}

    sent = await organiser.post(
        f"/api/meetings/{meeting.id}/delegates/import", params={"apply": "true"}, content=answer.content
    )
    assert sent.status_code == 200, sent.text
    assert len(lines(await organiser.get(path))) == 3, "the same file changes nothing"

    # A hall's secretary takes the own list alone.
    secretary = await browser(province.hall_secretary)
    assert [row["Họ và tên"] for row in lines(await secretary.get(path))] == ["Cil Múp Thảo", "=Ha Kơ"]
