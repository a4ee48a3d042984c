"""Every command × every role. What is not in the table is denied."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import FastAPI

from server.accounts.models import Person
from server.conference.service import ConferenceService
from server.core.errors import DomainError, NotAllowed, NotFound
from server.core.services import Services
from server.live.client import Client
from server.live.feature import Call, Viewer
from server.organisations.models import BridgePoint
from server.presentation.actions import present
from tests import builders
from tests.server.conftest import Join
from tests.server.presentation.builders import paper as ready_paper
from tests.sockets import Refused

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DIRECTS = {"chair", "secretary", "organiser", "operator"}
CONDUCTS = DIRECTS - {"operator"}
HALL = {"technician", "hall_secretary", "district_technician", "da_sar_hall", "operator"}
"""Who may represent Đạ Sar; an operator may bring in any hall."""
MAY = {
    "hall.ready": HALL,
    "hall.devices": HALL,
    "hall.leave": HALL,
    "hand.raise": HALL,
    "hand.lower": HALL | DIRECTS,
    "hand.dismiss": HALL | DIRECTS,
    "floor.give": DIRECTS,
    "floor.give_main": DIRECTS,
    "floor.take": DIRECTS,
    "floor.mute_all": DIRECTS,
    "recess.start": DIRECTS,
    "recess.end": DIRECTS,
    "stage.show": DIRECTS,
    "layout.set": DIRECTS,
    "view.set": DIRECTS,
    "agenda.go": DIRECTS,
    "content.start": DIRECTS | {"presenter"},
    "content.stop": DIRECTS | {"presenter"} | HALL | {"lat_hall"},
    "media.offer": DIRECTS | {"presenter"},
    "media.close": None,
    "meeting.open": DIRECTS,
    "meeting.start": DIRECTS,
    "meeting.end": DIRECTS,
    "page.present": DIRECTS | {"presenter"},
    "page.turn": {"presenter"},
    "page.zoom": {"presenter"},
    "page.point": {"presenter"},
    "page.stop": DIRECTS | {"presenter"},
    "page.offer": CONDUCTS | {"presenter"},
    "page.accept": DIRECTS | {"presenter"},
    "page.take": CONDUCTS,
}
"""As the actions decide, whatever socket the command came from (`media.offer`: of content, from a desk; `page.…`: while
the presenter presents). None: any."""
DATA: dict[str, dict[str, Any]] = {
    "hall.ready": {"ready": True},
    "hall.devices": {"camera": "ok", "microphone": "denied"},
    "layout.set": {"layout": "grid-2"},
    "agenda.go": {"item_id": None},
    "stage.show": {"point_id": None},
    "media.offer": {"session": "s", "sdp": "v=0", "publish": {"0": "content"}},
    "media.close": {"session": "s"},
    "page.turn": {"page": 2},
    "page.zoom": {"region": None},
    "page.point": {"x": 0.5, "y": 0.5},
    "page.offer": {"person_id": None},
}
ROLES = [
    *("chair", "secretary", "organiser", "operator", "presenter", "technician", "hall_secretary", "delegate"),
    *("district_technician", "district_organiser", "stranger", "admin", "da_sar_hall", "lat_hall"),
]
NEEDS_POINT = {"hand.dismiss", "floor.give", "floor.take"}


def data_of(name: str, point: BridgePoint) -> dict[str, Any]:
    return {"point_id": point.id} if name in NEEDS_POINT else DATA.get(name, {})


@pytest.mark.parametrize("role", ROLES)
async def test_actions_decide(app: FastAPI, services: Services, province: builders.Province, role: str) -> None:
    conference: ConferenceService = app.state.conference
    assert set(MAY) == set(conference.live.commands)
    who = getattr(province, role)
    async with services.database.read() as session:
        is_person = isinstance(who, Person)
        actor = await builders.actor_of(session, who) if is_person else builders.device_of(who)
    for name, command in conference.live.commands.items():
        meeting = await builders.conference(services, province, "invited" if name == "meeting.open" else "running")
        data = data_of(name, province.da_sar_hall)
        if name.startswith("page."):
            paper = await ready_paper(services, meeting)
            async with services.database.read() as session:
                presenter = await builders.actor_of(session, province.presenter)
            async with services.transactions(presenter) as tx:
                await present(tx, meeting.id, paper.id)
            data = {"paper_id": paper.id} if name == "page.present" else data
        room = conference.live.room(meeting.id)
        await room.refresh()
        hall = province.da_sar_hall.id if command.audiences == {"hall"} else None
        client = SimpleNamespace(
            meeting_id=meeting.id,
            viewer=Viewer("hall" if hall else "console", hall),
            participant=f"point-{hall}" if hall else "desk-00000000",
        )
        call = Call(cast(Client, client), actor, services, connected=lambda _: True, entity=room.entity)
        allowed = MAY[name] is None or role in MAY[name]  # type: ignore[operator]
        try:
            await command.handle(call, command.data.model_validate(data))
        except (NotAllowed, NotFound):
            denied = True
        except DomainError:
            denied = False
        else:
            denied = False
        assert denied is not allowed, (role, name)


async def test_sockets_take_only_their_audience_s_commands(
    services: Services, province: builders.Province, join: Join
) -> None:
    """The operator may do everything, but not from everywhere: a hall's screen in the hall's hands directs nothing."""
    meeting = await builders.conference(services, province, "running")
    hall = await join(meeting.id, province.operator, "hall", province.da_sar_hall)
    member = await join(meeting.id, province.operator, "member")
    for name in MAY:
        of_everyone = name.startswith(("media.", "content."))
        of_halls = name in ("hall.ready", "hall.devices", "hall.leave", "hand.raise", "hand.lower")
        of_desks = name.startswith("page.")
        for client, expected in ((hall, of_everyone or of_halls), (member, of_everyone or of_desks)):
            code = None
            try:
                await client.command(name, **data_of(name, province.da_sar_hall))
            except Refused as refused:
                code = refused.code
            if not expected:
                assert code == "not-allowed", (name, client.participant)


async def test_a_hall_shares_its_screen_only_with_the_floor(
    services: Services, province: builders.Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "running")
    chair = await join(meeting.id, province.chair, "console")
    hall = await join(meeting.id, province.da_sar_hall)
    presenter = await join(meeting.id, province.presenter, "member")
    delegate = await join(meeting.id, province.delegate, "member")
    for client in (hall, delegate):
        with pytest.raises(Refused) as refused:
            await client.command("content.start")
        assert refused.value.code == "not-allowed"
    await chair.command("floor.give", point_id=province.da_sar_hall.id)
    await hall.command("content.start")
    with pytest.raises(Refused) as refused:
        await presenter.command("content.start")
    assert refused.value.code == "conflict"
    for client in (presenter, delegate):
        with pytest.raises(Refused) as refused:
            await client.command("content.stop")
        assert refused.value.code == "not-allowed"
    await chair.command("floor.take", point_id=province.da_sar_hall.id)
    assert chair.stage["content"] is None
    await presenter.command("content.start")
    assert chair.stage["content"]["name"] == "Đinh Báo Cáo"
    await chair.command("content.start")
    assert chair.stage["content"]["participant"] == chair.participant
    await chair.command("content.stop")
    await presenter.command("content.start")
    await presenter.close()
    await chair.until(lambda: chair.stage["content"] is None)
