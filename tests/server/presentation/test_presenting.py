"""The same page everywhere, over real sockets."""

import asyncio
from datetime import timedelta

import pytest
from fastapi import FastAPI

from server.conference import lifecycle
from server.conference.service import ConferenceService
from server.core.services import Services
from server.papers.access import policy_actions
from server.papers.actions import papers
from server.papers.schemas import PolicyWrite
from server.presentation import liveness
from tests import builders
from tests.builders import Province
from tests.server.conftest import Join
from tests.server.presentation.builders import paper as ready_paper
from tests.server.presentation.builders import version as new_version
from tests.sockets import LiveClient, Refused

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def shown(client: LiveClient) -> dict[str, object] | None:
    entity: dict[str, object] | None = client.state.get("presentation", {}).get("")
    return entity


async def refused(client: LiveClient, name: str, **data: object) -> str:
    with pytest.raises(Refused) as caught:
        await client.command(name, **data)
    return caught.value.code


async def test_everybody_is_on_the_presenters_page_and_late_joiners_too(
    services: Services, province: Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "running", listed=True)
    paper = await ready_paper(services, meeting)
    presenter = await join(meeting.id, province.presenter, "member")
    hall = await join(meeting.id, province.da_sar_hall)
    follower = await join(meeting.id, province.delegate, "member")
    console = await join(meeting.id, province.chair, "console")
    assert await presenter.command("page.present", paper_id=paper.id, page=2) == {"unseen_points": []}
    await presenter.command("page.turn", page=7)
    await presenter.command("page.zoom", region=[0.1, 0.2, 0.5, 0.25])
    everybody = [presenter, hall, follower, console]
    for client in everybody:
        await client.until(lambda client=client: (shown(client) or {}).get("region") is not None)
        assert [event["kind"] for event in client.events][-3:] == ["page.presented", "page.turned", "page.zoomed"]
    late = await join(meeting.id, province.secretary, "console")
    newest = shown(late)
    assert newest is not None
    assert (newest["paper_id"], newest["page"], newest["page_count"]) == (paper.id, 7, 10)
    assert newest["region"] == [0.1, 0.2, 0.5, 0.25]
    assert newest["presenter_name"] == "Đinh Báo Cáo"
    assert all(shown(client) == newest for client in everybody)
    await presenter.command("page.turn", page=7)
    await late.until(lambda: (shown(late) or {}).get("region") is None)
    await presenter.command("page.stop")
    for client in [*everybody, late]:
        await client.until(lambda client=client: shown(client) is None)
    await presenter.command("page.stop")
    assert await refused(presenter, "page.turn", page=1) == "conflict"


async def test_pages_and_regions_that_are_not_there(services: Services, province: Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running")
    paper = await ready_paper(services, meeting, pages=3)
    presenter = await join(meeting.id, province.presenter, "member")
    assert await refused(presenter, "page.present", paper_id=paper.id, page=4) == "invalid"
    assert await refused(presenter, "page.present", paper_id=4711) == "not-found"
    await presenter.command("page.present", paper_id=paper.id)
    for page in (0, 4, 2**40):
        assert await refused(presenter, "page.turn", page=page) == "invalid"
    for region in ([0, 0, 0, 1], [0.5, 0, 0.6, 1], [0, 0, 1], [-0.1, 0, 1, 1], ["NaN", 0, 1, 1], [0, 0, 1e400, 1]):
        assert await refused(presenter, "page.zoom", region=region) == "invalid"
    assert await refused(presenter, "page.point", x=0.5) == "invalid"
    await presenter.command("page.zoom", region=[0, 0, 1, 1])


async def test_hand_over(services: Services, province: Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running")
    paper = await ready_paper(services, meeting)
    presenter = await join(meeting.id, province.presenter, "member")
    secretary = await join(meeting.id, province.secretary, "console")
    operator = await join(meeting.id, province.operator, "console")
    chair = await join(meeting.id, province.chair, "console")
    await presenter.command("page.present", paper_id=paper.id, page=3)
    assert await refused(operator, "page.present", paper_id=paper.id) == "conflict"
    assert await refused(operator, "page.turn", page=4) == "not-allowed"
    assert await refused(operator, "page.accept") == "conflict"
    assert await refused(presenter, "page.offer", person_id=province.delegate.id) == "invalid"
    assert await refused(presenter, "page.offer", person_id=4711) == "invalid"
    await presenter.command("page.offer", person_id=province.operator.id)
    await operator.until(lambda: (shown(operator) or {}).get("offered_name") == "Lê Điều Phối")
    assert await refused(secretary, "page.accept") == "conflict"
    await presenter.command("page.offer", person_id=None)
    assert await refused(operator, "page.accept") == "conflict"
    await presenter.command("page.offer", person_id=province.operator.id)
    await operator.command("page.accept")
    now = shown(operator)
    assert now is not None
    assert (now["presenter_id"], now["page"], now["offered_to"]) == (province.operator.id, 3, None)
    assert await refused(presenter, "page.turn", page=4) == "not-allowed"
    assert await refused(operator, "page.take") == "not-allowed"
    await chair.command("page.take")
    await chair.command("page.turn", page=5)
    assert await refused(operator, "page.turn", page=6) == "not-allowed"
    other = await ready_paper(services, meeting, "Báo cáo")
    await secretary.command("page.present", paper_id=other.id)
    assert (shown(secretary) or {})["presenter_name"] == "Võ Thư Ký"
    await operator.command("page.stop")
    await chair.until(lambda: shown(chair) is None)


async def test_who_may_not_read_does_not_present_and_blind_halls_are_named(
    services: Services, province: Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "running", listed=True)
    hidden = await ready_paper(services, meeting, hidden=True)
    for_two = await ready_paper(
        services,
        meeting,
        audience=[
            {"kind": "point", "id": province.main.id},
            {"kind": "point", "id": province.da_sar_hall.id},
            {"kind": "person", "id": province.presenter.id},
        ],
    )
    delegate = await join(meeting.id, province.delegate, "member")
    presenter = await join(meeting.id, province.presenter, "member")
    assert await refused(delegate, "page.present", paper_id=for_two.id) == "not-allowed"
    assert await refused(presenter, "page.present", paper_id=hidden.id) == "not-found"
    unseen = (await presenter.command("page.present", paper_id=for_two.id))["unseen_points"]
    assert unseen == [hall.name for hall in province.halls if hall not in (province.main, province.da_sar_hall)]
    hall = await join(meeting.id, province.da_sar_hall)
    assert await refused(hall, "page.present", paper_id=for_two.id) == "not-allowed"


async def test_recall_deletion_and_the_meetings_end_stop_it(services: Services, province: Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running", listed=True)
    follower = await join(meeting.id, province.delegate, "member")
    chair = await join(meeting.id, province.chair, "console")
    recalled, deleted, last = [await ready_paper(services, meeting, title) for title in ("Một", "Hai", "Ba")]
    async with services.database.read() as session:
        actor = await builders.actor_of(session, province.chair)
    await chair.command("page.present", paper_id=recalled.id)
    async with services.transactions(actor) as tx:
        await papers.recall(tx, recalled.id, "Sai số liệu")
    await follower.until(lambda: follower.events and shown(follower) is None)
    assert await refused(chair, "page.present", paper_id=deleted.id, page=11) == "invalid"
    await chair.command("page.present", paper_id=deleted.id)
    async with services.transactions(actor) as tx:
        await papers.delete(tx, last.id)
    assert shown(chair) is not None
    async with services.transactions(actor) as tx:
        await papers.delete(tx, deleted.id)
    await follower.until(lambda: shown(follower) is None)
    assert await refused(chair, "page.present", paper_id=deleted.id) == "not-found"
    final = await ready_paper(services, meeting, "Bốn")
    await chair.command("page.present", paper_id=final.id)
    async with services.transactions(actor) as tx:
        await lifecycle.end(tx, meeting.id)
    await follower.until(lambda: shown(follower) is None)
    assert await refused(chair, "page.present", paper_id=final.id) == "conflict"


async def test_hiding_locking_or_taking_the_presenters_right_stops_it(
    services: Services, province: Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "running", listed=True)
    paper = await ready_paper(services, meeting)
    follower = await join(meeting.id, province.delegate, "member")
    chair = await join(meeting.id, province.chair, "console")
    presenter = await join(meeting.id, province.presenter, "member")
    async with services.database.read() as session:
        actor = await builders.actor_of(session, province.chair)

    async def say(**policy: object) -> None:
        async with services.transactions(actor) as tx:
            await policy_actions.set_for_paper(tx, paper.id, PolicyWrite.model_validate(policy))

    tomorrow = services.clock() + timedelta(days=1)
    for shut in ({"hidden": True}, {"opens_at": tomorrow}):
        await say()
        await chair.command("page.present", paper_id=paper.id)
        await follower.until(lambda: shown(follower) is not None)
        await say(download=True)
        assert shown(follower) is not None, "still open to everybody"
        await say(**shut)
        await follower.until(lambda: shown(follower) is None)
        assert await refused(chair, "page.present", paper_id=paper.id) == "conflict"
    await say()
    await presenter.command("page.present", paper_id=paper.id)
    await say(audience=[{"kind": "person", "id": province.secretary.id}])
    await follower.until(lambda: shown(follower) is None)
    async with services.transactions(actor) as tx:
        await papers.recall(tx, paper.id, "Sai số liệu")
    assert await refused(chair, "page.present", paper_id=paper.id) == "conflict"


async def test_a_new_version_is_shown_at_the_same_page(services: Services, province: Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running")
    paper = await ready_paper(services, meeting, pages=10)
    chair = await join(meeting.id, province.chair, "console")
    await chair.command("page.present", paper_id=paper.id, page=8)
    longer = await new_version(services, paper, 12)
    await chair.until(lambda: (shown(chair) or {}).get("version_id") == longer)
    assert ((shown(chair) or {})["page"], (shown(chair) or {})["page_count"]) == (8, 12)
    shorter = await new_version(services, paper, 5)
    await chair.until(lambda: (shown(chair) or {}).get("version_id") == shorter)
    assert (shown(chair) or {})["page"] == 5


async def test_the_pointer_comes_often_to_screens_seldom_to_phones_and_ends(
    services: Services, province: Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "running", listed=True)
    paper = await ready_paper(services, meeting)
    presenter = await join(meeting.id, province.presenter, "member")
    hall = await join(meeting.id, province.da_sar_hall)
    phone = await join(meeting.id, province.delegate, "member")
    assert await refused(presenter, "page.point", x=0.5, y=0.5) == "not-allowed"
    await presenter.command("page.present", paper_id=paper.id)
    assert await refused(phone, "page.point", x=0.5, y=0.5) == "not-allowed"
    began = asyncio.get_running_loop().time()
    for step in range(15):
        await presenter.command("page.point", x=step / 100, y=0.5)
        await asyncio.sleep(1 / 15)
    await presenter.command("page.point", x=None)
    taken = asyncio.get_running_loop().time() - began
    for client in (hall, phone):
        await client.until(lambda client=client: client.signalled("laser")[-1:] == [{}])
    assert len(phone.signalled("laser")) <= taken * 5 + 2
    assert len(phone.signalled("laser")) < len(hall.signalled("laser")) <= taken * 15 + 2
    places = [signal["x"] for signal in hall.signalled("laser")[:-1]]
    assert places == sorted(places)
    assert hall.events[-1]["kind"] == "page.presented", "a pointer is no event"


async def test_a_presenter_who_is_gone_is_said_to_be_away_until_one_of_their_devices_is_back(
    services: Services, province: Province, join: Join, app: FastAPI
) -> None:
    meeting = await builders.conference(services, province, "running")
    paper = await ready_paper(services, meeting)
    presenter = await join(meeting.id, province.presenter, "member")
    second_device = await join(meeting.id, province.presenter, "member")
    hall = await join(meeting.id, province.da_sar_hall)
    console = await join(meeting.id, province.chair, "console")
    await presenter.command("page.present", paper_id=paper.id, page=2)
    await hall.until(lambda: shown(hall) is not None)
    conference: ConferenceService = app.state.services.components[ConferenceService]
    conference.presenters.lost_after = 0.1
    people = conference.live.people

    async def look() -> bool:
        """Twice, with a pause as long as one may be missing between."""
        await conference.presenters.look()
        await asyncio.sleep(0.15)
        await conference.presenters.look()
        return bool((shown(hall) or {})["presenter_away"])

    async def gone() -> None:
        for _ in range(500):
            if not people.sockets(province.presenter.id, meeting.id):
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the socket is still there")

    presenter.cut()
    assert not await look(), "another device of theirs is here"
    second_device.cut()
    await gone()
    await look()
    await hall.until(lambda: (shown(hall) or {})["presenter_away"] is True)
    assert (shown(hall) or {})["page"] == 2
    back = await join(meeting.id, province.presenter, "member")
    await conference.presenters.look()
    await hall.until(lambda: (shown(hall) or {})["presenter_away"] is False)
    back.cut()
    await gone()
    await look()
    await hall.until(lambda: (shown(hall) or {})["presenter_away"] is True)
    await console.command("page.take")
    await hall.until(lambda: (shown(hall) or {})["presenter_away"] is False)


async def test_a_presenter_whose_line_is_cut_without_a_goodbye_is_away_within_some_looks(
    services: Services, province: Province, join: Join, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "LISTENED_SECONDS", 0.05)
    meeting = await builders.conference(services, province, "running")
    paper = await ready_paper(services, meeting)
    presenter = await join(meeting.id, province.presenter, "member")
    hall = await join(meeting.id, province.da_sar_hall)
    await presenter.command("page.present", paper_id=paper.id, page=2)
    await hall.until(lambda: shown(hall) is not None)
    watch = app.state.services.components[ConferenceService].presenters

    async def look(times: int) -> None:
        for _ in range(times):
            await watch.look()
            await asyncio.sleep(0.1)

    await look(liveness.UNANSWERED_LOOKS * 3)
    assert (shown(hall) or {})["presenter_away"] is False, "it says nothing, and its browser answers"
    presenter.pull_the_plug()
    await look(liveness.UNANSWERED_LOOKS + 2)
    await hall.until(lambda: (shown(hall) or {})["presenter_away"] is True, 2)
    await join(meeting.id, province.presenter, "member")
    await look(2)
    await hall.until(lambda: (shown(hall) or {})["presenter_away"] is False, 2)
