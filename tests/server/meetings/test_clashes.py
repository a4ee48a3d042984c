"""Two meetings at one hour: the same hall, the same people."""

from datetime import timedelta
from typing import Any

from server.core.actor import SYSTEM
from server.core.services import Services
from tests import builders
from tests.builders import MORNING, Neighbour, Province
from tests.conftest import Browsers


def asked(where: Province, hours: float = 0, **more: Any) -> dict[str, Any]:
    starts = MORNING + timedelta(hours=hours)
    return {
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(hours=1)).isoformat(),
        "point_ids": [where.lat_hall.id, where.main.id],
        "person_ids": [where.chair.id, where.presenter.id],
        **more,
    }


async def test_halls_and_people_of_another_meeting_at_that_hour_are_named(
    browser: Browsers, services: Services, province: Province
) -> None:
    meeting = await builders.conference(services, province, "invited")
    client = await browser(province.organiser)
    [clash] = (await client.post("/api/meeting-clashes", json=asked(province))).json()
    assert (clash["meeting_id"], clash["title"], clash["point_count"]) == (meeting.id, meeting.title, 2)
    assert sorted(clash["points"]) == sorted([province.lat_hall.name, province.main.name])
    assert clash["people"] == ["Phạm Chủ Trì", "Đinh Báo Cáo"]
    for away in (
        asked(province, hours=3),  # it ends when the other begins
        asked(province, hours=-1),
        asked(province, meeting_id=meeting.id),
        asked(province, point_ids=[], person_ids=[province.admin.id]),
    ):
        assert (await client.post("/api/meeting-clashes", json=away)).json() == []
    async with services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(type(meeting), meeting.id)).state = "cancelled"
    assert (await client.post("/api/meeting-clashes", json=asked(province))).json() == []


async def test_of_a_meeting_that_one_may_not_see_only_that_it_is(
    browser: Browsers, services: Services, province: Province, neighbour: Neighbour
) -> None:
    """A hall lent to the neighbouring province's conference, and a chair who leads another of theirs."""
    async with services.transactions(SYSTEM) as tx:
        for state in ("invited", "draft"):
            await builders.meeting(
                tx.session, neighbour.root, [neighbour.hall, province.lat_hall], state=state, title="Của tỉnh bạn"
            )
        await builders.meeting(
            tx.session, neighbour.root, [neighbour.hall], state="invited", chair=province.chair, title="Việc riêng"
        )
    client = await browser(province.organiser)
    found = (await client.post("/api/meeting-clashes", json=asked(province))).json()
    said = [(each["meeting_id"] is None, each["title"], each["points"], each["people"]) for each in found]
    assert said == [(False, "Của tỉnh bạn", [province.lat_hall.name], []), (True, "", [], ["Phạm Chủ Trì"])]
    stranger = await browser(neighbour.organiser)
    assert (await stranger.post("/api/meeting-clashes", json=asked(province))).json() == []
