"""Who spoke, how long, who was cut: as a list and as a file, for those who oversee the meeting."""

import io
from datetime import timedelta

from python_calamine import CalamineWorkbook

from server.core.actor import SYSTEM
from server.core.services import Services
from server.speaking.models import SpeakingTurn
from tests import builders
from tests.conftest import Browsers, Clock


async def test_each_turn_that_is_over_is_listed_summed_and_exported(
    services: Services, province: builders.Province, browser: Browsers, clock: Clock
) -> None:
    meeting = await builders.conference(services, province, "running")
    other = await builders.conference(services, province, "running")
    # (point, seconds, limit, cut, over): the last one still speaks, the one before belongs to another meeting.
    turns = [
        (meeting, province.lat_hall, 420, 420, True, True),
        (meeting, province.da_sar_hall, 500, 420, False, True),
        (meeting, province.lat_hall, 90, None, False, True),
        (other, province.lat_hall, 60, None, False, True),
        (meeting, province.hiep_an_hall, 0, 420, False, False),
    ]
    async with services.transactions(SYSTEM) as tx:
        for place, (held, hall, seconds, limit, cut, over) in enumerate(turns):
            began = clock.now + timedelta(minutes=10 * place)
            tx.session.add(
                SpeakingTurn(
                    meeting_id=held.id,
                    point_id=hall.id,
                    name=f"Đ/c số {place}",
                    began_at=began,
                    ended_at=began + timedelta(seconds=seconds) if over else None,
                    limit_seconds=limit,
                    cut=cut,
                    spent_seconds=seconds,
                )
            )
    chair = await browser(province.chair)
    path = f"/api/meetings/{meeting.id}/speeches"
    found = (await chair.get(path, params={"limit": 2})).json()
    assert (found["total"], found["turns"], found["seconds"], found["cut"], found["over"]) == (3, 3, 1010, 1, 1)
    assert [each["name"] for each in found["speeches"]] == ["Đ/c số 0", "Đ/c số 1"]
    rest = (await chair.get(path, params={"limit": 2, "offset": 2})).json()
    assert [each["seconds"] for each in rest["speeches"]] == [90]
    longest = (await chair.get(path, params={"order": "longest"})).json()
    assert [each["seconds"] for each in longest["speeches"]] == [500, 420, 90]
    for only, name in (("cut", "Đ/c số 0"), ("over", "Đ/c số 1")):
        listed = (await chair.get(path, params={"only": only})).json()
        assert (listed["total"], [each["name"] for each in listed["speeches"]]) == (1, [name])
    book = CalamineWorkbook.from_filelike(io.BytesIO((await chair.get(f"{path}.xlsx")).content))
    rows = [str(row) for row in book.get_sheet_by_name("Các lượt").to_python()]
    assert sum("Hết giờ, micrô tự tắt" in row for row in rows) == 1
    assert not any("số 3" in row or "số 4" in row for row in rows)
    sums = book.get_sheet_by_name("Theo điểm cầu").to_python()
    assert [row[:2] for row in sums[-2:]] == [[province.lat_hall.name, 2.0], [province.da_sar_hall.name, 1.0]]
    assert (await (await browser(province.delegate)).get(path)).status_code in {403, 404}
