"""The log of incidents: what the system saw and what somebody wrote down, page by page and as a file."""

import io

from python_calamine import CalamineWorkbook

from server.conference import lifecycle, messages
from server.conference.presence import join, lose
from server.core.actor import SYSTEM
from server.core.services import Services
from tests import builders
from tests.conftest import Browsers, Clock


async def test_lines_of_the_system_and_by_hand(
    services: Services, province: builders.Province, browser: Browsers, clock: Clock
) -> None:
    meeting = await builders.conference(services, province, "open")
    hall = province.lat_hall.id
    async with services.transactions(SYSTEM) as tx:
        await join(tx, meeting.id, [hall])
        await lose(tx, meeting.id, {hall: clock.now})  # at the rehearsal: nobody's incident
    clock.pass_(minutes=1)
    async with services.transactions(SYSTEM) as tx:
        await lifecycle.start(tx, meeting.id)
        await join(tx, meeting.id, [hall, province.da_sar_hall.id])
    clock.pass_(minutes=1)
    async with services.transactions(builders.device_of(province.lat_hall)) as tx:
        await messages.call_for_help(tx, meeting.id, hall, "Mất tiếng")
    operator = await browser(province.operator)
    path = f"/api/meetings/{meeting.id}/incidents"
    said = await operator.post(path, json={"text": "Đổi micro dự phòng", "point_id": hall})
    assert said.status_code == 204
    assert (await operator.post(path, json={"text": "x", "point_id": 999_999})).status_code == 404
    clock.pass_(minutes=1)
    async with services.transactions(SYSTEM) as tx:
        await lose(tx, meeting.id, {hall: clock.now})
    found = (await operator.get(path)).json()
    lines = [each["said"]["vi"] for each in found["incidents"]]
    assert lines[0] == "Điểm cầu mất kết nối: Lát"
    assert lines[1] == "Ghi sự việc: Lát: Đổi micro dự phòng"
    assert "Mất tiếng" in lines[2]
    assert sum("mất kết nối" in line for line in lines) == 1
    assert found["writes"]
    first = (await operator.get(path, params={"limit": 2})).json()
    rest = (await operator.get(path, params={"limit": 50, "before": first["incidents"][-1]["id"]})).json()
    assert first["more"]
    assert [*first["incidents"], *rest["incidents"]] == found["incidents"]
    noted = (await operator.get(path, params={"which": "noted"})).json()["incidents"]
    assert [(each["noted"], each["by"]) for each in noted] == [(True, province.operator.full_name)]
    assert len((await operator.get(path, params={"which": "all"})).json()["incidents"]) > len(lines)
    book = CalamineWorkbook.from_filelike(io.BytesIO((await operator.get(f"{path}.xlsx")).content))
    rows = [str(row) for row in book.get_sheet_by_name("Sự việc").to_python()]
    assert sum("Ghi tay" in row for row in rows) == 1
    assert (await (await browser(province.delegate)).get(path)).status_code in {403, 404}
