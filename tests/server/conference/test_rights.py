"""Every command × every role. What is not in the table is denied."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from websockets.exceptions import ConnectionClosed

from server.accounts.models import Person
from server.conference import hands, messages
from server.conference.models import HallMessage
from server.conference.nodes.desired_state import wanted
from server.conference.presence import join
from server.conference.service import ConferenceService
from server.core.actor import SYSTEM
from server.core.errors import DomainError, NotAllowed, NotFound
from server.core.services import Services
from server.live.client import Client
from server.live.feature import Call
from server.live.viewer import Viewer
from server.meetings.models import Meeting
from server.organisations.models import BridgePoint
from server.presentation.actions import present
from server.speaking.models import SpeakingRequest, SpeakingTurn
from server.speaking.rules import Rules
from tests import builders, library
from tests.builders import Province
from tests.conftest import signed_in
from tests.server.conftest import Join
from tests.server.presentation.builders import paper as ready_paper
from tests.sockets import LiveServer, Refused

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

DIRECTS = {"chair", "secretary", "organiser", "operator"}
CONDUCTS = DIRECTS - {"operator"}
HALL = {"technician", "hall_secretary", "district_technician", "da_sar_hall", "operator"}
"""Who may represent Đạ Sar; an operator may bring in any hall."""
MAY = {
    "hall.ready": HALL,
    "hall.devices": HALL,
    "hall.leave": HALL,
    "hand.raise": HALL,
    "hand.lower": HALL,
    "hand.dismiss": HALL | DIRECTS,
    **dict.fromkeys(("speaking.call", "speaking.move", "speaking.mark", "speaking.sort", "speaking.rules"), DIRECTS),
    **dict.fromkeys(("turn.pause", "turn.resume", "turn.extend", "turn.finish"), DIRECTS),
    "floor.give": DIRECTS,
    "floor.give_main": DIRECTS,
    "floor.take": DIRECTS,
    "floor.release": HALL,
    "help.call": HALL,
    "message.send": DIRECTS,
    "message.close": HALL | DIRECTS,
    **dict.fromkeys((f"roll-call.{each}" for each in ("start", "repeat", "next", "stand", "end", "tick")), DIRECTS),
    "roll-call.answer": HALL,
    "floor.mute_all": DIRECTS,
    "recess.start": DIRECTS,
    "recess.end": DIRECTS,
    "stage.show": DIRECTS,
    "stage.stay": DIRECTS,
    "layout.set": DIRECTS,
    "view.set": DIRECTS,
    "agenda.go": DIRECTS,
    "content.start": DIRECTS | {"presenter"},
    "content.stop": DIRECTS | {"presenter"} | HALL | {"lat_hall"},
    "content.sound": DIRECTS,
    "media.offer": DIRECTS | {"presenter"},
    "media.close": None,
    "meeting.open": DIRECTS,
    "meeting.start": DIRECTS,
    "meeting.end": DIRECTS,
    "meeting.return": CONDUCTS,
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
    "content.sound": {"on": False},
    "agenda.go": {"item_id": None},
    "stage.show": {"point_id": None},
    "media.offer": {"session": "s", "sdp": "v=0", "publish": {"0": "content"}},
    "media.close": {"session": "s"},
    "speaking.rules": {"speech_minutes": 7},
    "message.send": {"point_ids": None, "text": "Họp lại lúc 9 giờ"},
    "roll-call.tick": {"point_id": 1, "here": True},
    "page.turn": {"page": 2},
    "page.zoom": {"region": None},
    "page.point": {"x": 0.5, "y": 0.5},
    "page.offer": {"person_id": None},
}
ROLES = [
    *("chair", "secretary", "organiser", "operator", "presenter", "technician", "hall_secretary", "delegate"),
    *("district_technician", "district_organiser", "stranger", "admin", "da_sar_hall", "lat_hall"),
    *sorted(builders.NEIGHBOURS),
]
NEEDS_POINT = {"hand.dismiss", "floor.give", "floor.take"}


def data_of(name: str, point: BridgePoint) -> dict[str, Any]:
    return {"point_id": point.id} if name in NEEDS_POINT else DATA.get(name, {})


async def spoken_of(services: Services, meeting: Meeting, province: Province, name: str) -> dict[str, Any]:
    """Data of a command about speaking, with a hall that waits, or speaks."""
    hall = province.da_sar_hall.id
    async with services.transactions(builders.device_of(province.da_sar_hall)) as tx:
        await join(tx, meeting.id, [hall])
        await hands.raise_by_hall(tx, meeting.id, hall)
    async with services.transactions(SYSTEM) as tx:
        if name.startswith("turn."):
            async with services.database.read() as session:
                chair = await builders.actor_of(session, province.chair)
            tx.actor = chair
            await hands.set_rules(tx, meeting.id, Rules(speech_minutes=7))
            await hands.call(tx, meeting.id)
            turn = await tx.session.scalar(select(SpeakingTurn.id).where(SpeakingTurn.meeting_id == meeting.id))
            return {"turn_id": turn, **({"seconds": 60} if name == "turn.extend" else {})}
        request = await tx.session.scalar(select(SpeakingRequest.id).where(SpeakingRequest.meeting_id == meeting.id))
    return {
        "speaking.call": {"request_id": request},
        "speaking.move": {"request_id": request, "before_id": None},
        "speaking.mark": {"request_id": request},
    }.get(name, DATA.get(name, {}))


@pytest.mark.parametrize("role", ROLES)
async def test_actions_decide(
    app: FastAPI, services: Services, province: builders.Province, neighbour: builders.Neighbour, role: str
) -> None:
    conference: ConferenceService = app.state.services.components[ConferenceService]
    assert set(MAY) == set(conference.live.commands)
    who = neighbour.who.get(role) or getattr(province, role)
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
        if name.startswith(("speaking.", "turn.")):
            data = await spoken_of(services, meeting, province, name)
        if name == "message.close":
            async with services.transactions(builders.device_of(province.da_sar_hall)) as tx:
                await messages.call_for_help(tx, meeting.id, province.da_sar_hall.id)
                data = {"message_id": await tx.session.scalar(select(func.max(HallMessage.id)))}
        of_halls = "hall" in command.audiences and "console" not in command.audiences
        hall = province.da_sar_hall.id if of_halls else None
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
    for number, name in enumerate(MAY):
        if number % 30 == 0:  # a client's burst is 40
            hall = await join(meeting.id, province.operator, "hall", province.da_sar_hall)
            member = await join(meeting.id, province.operator, "member")
        of_everyone = name.startswith(("media.", "content."))
        of_halls = name in ("hall.ready", "hall.devices", "hall.leave", "hand.raise", "hand.lower", "floor.release")
        of_halls = of_halls or name in ("help.call", "message.close", "roll-call.answer")
        of_desks = name.startswith("page.") or name in ("hand.raise", "hand.lower")
        for client, expected in ((hall, of_everyone or of_halls), (member, of_everyone or of_desks)):
            code = None
            try:
                await client.command(name, **data_of(name, province.da_sar_hall))
            except Refused as refused:
                code = refused.code
            if not expected:
                assert code == "not-allowed", (name, client.participant)


async def test_mute_all_reaches_the_sound_of_what_is_shared(
    app: FastAPI, services: Services, province: builders.Province, join: Join
) -> None:
    """A presenter's desk has no floor that could be taken: its sound is off with all the others, and stays off though
    it begins anew, until a console says otherwise."""
    conference: ConferenceService = app.state.services.components[ConferenceService]
    meeting = await builders.conference(services, province, "running")

    def heard() -> bool:
        return wanted(meeting.id, conference.live.room(meeting.id).entity("stage"), {}).content_sound

    chair = await join(meeting.id, province.chair, "console")
    presenter = await join(meeting.id, province.presenter, "member")
    await presenter.command("content.start")
    await chair.until(lambda: chair.stage["content"] is not None)
    assert heard()
    await chair.command("floor.mute_all")
    assert chair.stage["content"]["muted"]
    assert not heard()
    await presenter.command("content.stop")
    await presenter.command("content.start")
    await chair.until(lambda: chair.stage["content"] is not None)
    assert not heard()
    await chair.command("content.sound", on=True)
    assert heard()


async def test_a_share_goes_on_after_a_cut_only_if_it_is_still_shown(
    services: Services, province: builders.Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "running")
    chair = await join(meeting.id, province.chair, "console")
    first = await join(meeting.id, province.presenter, "member")
    await first.command("content.start")
    await chair.until(lambda: chair.stage["content"] is not None)
    await chair.command("floor.mute_all")
    # Its old line is not known to be dead yet; that is nobody else who shares.
    second = await join(meeting.id, province.presenter, "member")
    await second.command("content.start", again=first.participant)
    assert second.stage["content"]["participant"] == second.participant
    assert second.stage["content"]["muted"]
    await chair.command("content.stop")
    third = await join(meeting.id, province.presenter, "member")
    with pytest.raises(Refused) as refused:
        await third.command("content.start", again=second.participant)
    assert refused.value.code == "conflict"
    await chair.command("content.start")
    await chair.until(lambda: chair.stage["content"] is not None)
    for _who in ("the presenter", "who directs"):
        with pytest.raises(Refused) as refused:
            await third.command("content.start", again=second.participant)
        assert refused.value.code == "conflict"
        third = await join(meeting.id, province.chair, "console")
    assert chair.stage["content"]["participant"] == chair.participant
    # A claim by who directs brings back no sound that was turned off.
    await chair.command("floor.mute_all")
    await third.command("content.start", again=chair.participant)
    assert third.stage["content"]["muted"]


async def test_who_does_not_attend_is_not_let_in(
    services: Services, province: builders.Province, neighbour: builders.Neighbour, server: LiveServer
) -> None:
    """A role at or above a member hall's unit shows that there is a meeting, and neither picture nor sound of it."""
    async with services.transactions(SYSTEM) as tx:
        closed = await builders.meeting(
            tx.session, province.lac_duong, [province.lac_duong_hall, province.da_sar_hall], state="running"
        )
        listed = await builders.person(tx.session, province.da_sar, "Được Mời")
        await library.delegate(tx.session, closed, listed, province.da_sar_hall)
    expected = {
        "delegate": 4403,
        "admin": 4403,
        "technician": None,
        "da_sar_hall": None,
        "district_organiser": 4404,
        "stranger": 4404,
        **dict.fromkeys(builders.NEIGHBOURS, 4404),
    }
    for who, code in expected.items():
        cookie = await signed_in(services, neighbour.who.get(who) or getattr(province, who))
        assert await close_code(server, closed.id, cookie) == code, who
    assert await close_code(server, closed.id, await signed_in(services, listed)) is None


async def test_a_console_knows_how_many_follow(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running", listed=True)
    first = await join(meeting.id, province.delegate, "member")
    console = await join(meeting.id, province.operator, "console")
    hall = await join(meeting.id, province.da_sar_hall)

    def told() -> list[int]:
        return [each["data"]["people"] for each in console.frames if each.get("kind") == "watching"]

    await console.until(lambda: told()[-1:] == [1])
    await join(meeting.id, province.delegate, "member")
    await join(meeting.id, province.presenter, "member")
    await console.until(lambda: told()[-1:] == [2])
    await first.close()
    await hall.close()
    await console.until(lambda: told()[-1:] == [2])
    assert all(each.get("kind") != "watching" for each in hall.frames)


async def close_code(server: LiveServer, meeting_id: int, cookie: str) -> int | None:
    """None: let in."""
    connection = await server.dial(f"/api/meetings/{meeting_id}/live?as=member", cookie)
    try:
        await connection.recv()
        await connection.close()
    except ConnectionClosed:
        return connection.close_code
    return None


async def test_a_hall_shares_its_screen_only_with_the_floor(
    services: Services, province: builders.Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "running", listed=True)
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


async def test_a_presenter_shares_while_the_agenda_is_at_the_own_item(
    join: Join, services: Services, province: Province
) -> None:
    """A presenter's link may have been passed on: in the others' time it reaches nobody's screen."""
    meeting = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        first, *_, last = await library.items(tx.session, meeting)
        paper = await library.paper(tx.session, meeting, item=last)
    chair = await join(meeting.id, province.chair, "console")
    presenter = await join(meeting.id, province.presenter, "member")
    commands: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("content.start", {}, "content.stop"),
        ("page.present", {"paper_id": paper.id}, "page.stop"),
    )
    for name, data, stop in commands:
        await chair.command("agenda.go", item_id=first.id)
        with pytest.raises(Refused) as refused:
            await presenter.command(name, **data)
        assert refused.value.code == "not-your-item", name
        await chair.command("agenda.go", item_id=last.id)
        await presenter.command(name, **data)
        await presenter.command(stop)
        # An agenda that nobody follows says nothing.
        await chair.command("agenda.go", item_id=None)
        await presenter.command(name, **data)
        await presenter.command(stop)
        await chair.command("agenda.go", item_id=first.id)
        await chair.command(name, **data)
        await chair.command(stop)
    # Who shares already goes on when the agenda has, also over a broken line.
    await chair.command("agenda.go", item_id=last.id)
    await presenter.command("content.start")
    await chair.command("agenda.go", item_id=first.id)
    presenter.cut()
    again = await join(meeting.id, province.presenter, "member")
    await again.command("content.start", again=presenter.participant)
    assert again.stage["content"]["participant"] == again.participant
