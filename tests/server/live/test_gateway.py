"""The door and the manners of the socket: who is let in, what happens to bad, silent, slow and flooding clients."""

import asyncio
import json
import re

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from server.accounts.actions import sessions
from server.accounts.dependencies import COOKIE
from server.accounts.models import RoleGrant
from server.conference.service import ConferenceService
from server.core.actor import SYSTEM
from server.core.errors import NotFound
from server.core.services import Services
from server.edge.turnstile import Turnstile
from server.live import client as live_client
from server.live import registry
from server.meetings.grouped_rights import GroupedRights
from tests import builders, library
from tests.conftest import signed_in
from tests.server.conftest import Join
from tests.sockets import LiveClient, LiveServer, Refused

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("who", "audience", "code"),
    [
        (None, "member", 4401),
        ("stranger", "member", 4404),
        ("delegate", "member", None),
        ("delegate", "console", 4403),
        ("technician", "console", 4403),
        ("presenter", "console", 4403),
        ("presenter", "member", None),
        ("chair", "console", None),
        ("secretary", "console", None),
        ("operator", "console", None),
        ("organiser", "console", None),
        ("district_organiser", "console", 4403),
        ("delegate", "desk", 4403),
        ("technician", "desk", 4403),
        ("presenter", "desk", 4403),
        ("stranger", "desk", 4404),
        ("secretary", "desk", None),
        ("organiser", "desk", None),
        ("district_organiser", "desk", 4403),
    ],
)
async def test_who_comes_in(
    services: Services,
    province: builders.Province,
    server: LiveServer,
    *,
    who: str | None,
    audience: str,
    code: int | None,
) -> None:
    meeting = await builders.conference(services, province, "invited", listed=True)
    cookie = await signed_in(services, getattr(province, who)) if who else None
    connection = await server.dial(f"/api/meetings/{meeting.id}/live?as={audience}", cookie)
    if code is None:
        assert json.loads(await connection.recv())["type"] == "snapshot"
        await connection.close()
    else:
        await connection.wait_closed()
        assert connection.close_code == code


@pytest.mark.parametrize(
    ("who", "hall", "code"),
    [
        ("technician", "da_sar_hall", None),
        ("hall_secretary", "da_sar_hall", None),
        ("district_technician", "da_sar_hall", None),
        ("operator", "da_sar_hall", None),
        ("da_sar_hall", "da_sar_hall", None),
        ("technician", "lat_hall", 4403),
        ("lat_hall", "da_sar_hall", 4403),
        ("delegate", "da_sar_hall", 4403),
        ("chair", "da_sar_hall", 4403),
        ("organiser", "da_sar_hall", 4403),
        ("technician", None, 4403),
    ],
)
async def test_who_represents_a_hall(
    services: Services, province: builders.Province, server: LiveServer, *, who: str, hall: str | None, code: int | None
) -> None:
    meeting = await builders.conference(services, province, "running")
    cookie = await signed_in(services, getattr(province, who))
    point = f"&point={getattr(province, hall).id}" if hall else ""
    connection = await server.dial(f"/api/meetings/{meeting.id}/live?as=hall{point}", cookie)
    if code is None:
        snapshot = json.loads(await connection.recv())
        assert snapshot["participant"] == f"point-{province.da_sar_hall.id}"
        assert list(snapshot["collections"]["points"]) == [str(province.da_sar_hall.id)]
        await connection.close()
    else:
        await connection.wait_closed()
        assert connection.close_code == code


async def test_no_such_meeting(services: Services, province: builders.Province, server: LiveServer) -> None:
    cookie = await signed_in(services, province.chair)
    connection = await server.dial("/api/meetings/4711/live?as=member", cookie)
    await connection.wait_closed()
    assert connection.close_code == 4404


@pytest.mark.parametrize(
    "path", ["/api/meetings/x/live", "/api/meetings/1/live?as=god", "/api/meetings/1/live?point=no"]
)
async def test_nonsense_addresses_are_refused(server: LiveServer, path: str) -> None:
    with pytest.raises(InvalidStatus):
        await server.dial(path)


async def test_other_sites_are_refused(services: Services, province: builders.Province, server: LiveServer) -> None:
    meeting = await builders.conference(services, province, "running")
    cookie = await signed_in(services, province.chair)
    path = f"/api/meetings/{meeting.id}/live?as=console"
    with pytest.raises(InvalidStatus):
        await server.dial(path, cookie, origin="https://evil.example")
    connection = await server.dial(path, cookie, origin=None)
    assert json.loads(await connection.recv())["type"] == "snapshot"
    await connection.close()


async def test_a_second_page_puts_a_hall_off_the_air_only_when_somebody_says_so(
    services: Services, province: builders.Province, server: LiveServer
) -> None:
    meeting = await builders.conference(services, province, "running")
    cookie = await signed_in(services, province.da_sar_hall)
    path = f"/api/meetings/{meeting.id}/live?as=hall&point={province.da_sar_hall.id}"

    async def came(device: str, more: str = "") -> LiveClient:
        client = LiveClient(await server.dial(f"{path}&device={device}{more}", cookie))
        await client.until(lambda: client.seq >= 0)
        return client

    async def refused(device: str) -> int:
        return await LiveClient(await server.dial(f"{path}&device={device}", cookie)).closed()

    first = await came("a")
    assert await refused("b") == 4410
    # The same page after a cut needs nobody's leave.
    again = await came("a")
    assert await first.closed() == 4409
    second = await came("b", "&take=true")
    assert await again.closed() == 4409
    assert await refused("a") == 4410
    await second.close()
    await server.settled(lambda: not server.app.state.services.components[ConferenceService].live.halls(meeting.id))
    await (await came("a")).close()


async def test_a_newer_socket_of_the_same_hall_replaces_the_older(
    services: Services, province: builders.Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "running")
    console = await join(meeting.id, province.operator, "console")
    older = await join(meeting.id, province.da_sar_hall)
    newer = await join(meeting.id, province.technician, "hall", province.da_sar_hall)
    assert await older.closed() == 4409
    assert older.signalled("session-replaced") == [{}]
    await newer.command("hand.raise")
    assert [event["kind"] for event in console.events] == ["point.joined", "hand.raised"]


BAD_FRAMES = [
    "",
    "{",
    "null",
    "[]",
    "17",
    '"ping"',
    "{}",
    '{"type":"nothing"}',
    '{"type":"command"}',
    '{"type":"command","id":"x","name":"floor.give"}',
    '{"type":"command","id":1,"name":"floor.give","data":[]}',
    '{"type":"command","id":1,"name":"floor.give","more":1}',
    '{"type":"event","seq":1,"at":"2026-01-01T00:00:00Z","kind":"x","actor":"","changes":[]}',
    "[" * 10_000,
    '{"type":"command","id":1,"name":"\\ud800"}',
]


async def test_bad_frames_get_an_error_and_harm_nothing(
    services: Services, province: builders.Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "running")
    console = await join(meeting.id, province.operator, "console")
    for frame in BAD_FRAMES:
        before = len(console.frames)
        await console.send(frame)
        await console.until(lambda before=before: len(console.frames) > before)
        reply = console.frames[-1]
        assert (reply["type"], reply["ok"], reply["error"]["code"]) == ("reply", False, "invalid")
        assert reply["id"] == (1 if '"id":1' in frame else 0)
    await console.connection.send(b"\x00\x01")
    await console.until(lambda: len(console.frames) > len(BAD_FRAMES) + 1)
    await console.command("floor.mute_all")


async def test_bad_commands_get_an_error(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running")
    console = await join(meeting.id, province.operator, "console")
    for name, data in (
        ("floor.fly", {}),
        ("floor.give", {}),
        ("floor.give", {"point_id": "seventeen"}),
        ("floor.give", {"point_id": -1}),
        ("floor.give", {"point_id": 2**70}),
        ("floor.give", {"point_id": 1, "loud": True}),
        ("layout.set", {"layout": "spiral"}),
        ("view.set", {"tiles": list(range(1, 40))}),
        ("agenda.go", {"item_id": 0}),
    ):
        with pytest.raises(Refused) as refused:
            await console.command(name, **data)
        assert refused.value.code == "invalid", name
    with pytest.raises(Refused) as refused:
        await console.command("stage.show", point_id=None, note="x" * 70_000)
    assert refused.value.code == "invalid"
    assert refused.value.error["details"]["max"] == 65_536


async def test_a_giant_frame_ends_the_socket(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running")
    console = await join(meeting.id, province.operator, "console")
    await console.send("x" * 300_000)
    assert await console.closed() == 1009


async def test_pings_are_answered(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running", listed=True)
    member = await join(meeting.id, province.delegate, "member")
    await member.send({"type": "ping"})
    await member.until(lambda: member.frames[-1]["type"] == "pong")


async def test_a_flood_of_commands_is_held(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running")
    console = await join(meeting.id, province.operator, "console")
    answers = await asyncio.gather(
        *(console.command("floor.mute_all") for _ in range(live_client.BURST * 2)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert {each.code for each in refused} == {"too-many"}
    assert live_client.BURST // 4 <= len(refused) < live_client.BURST * 2
    await asyncio.sleep(0.3)
    await console.command("floor.mute_all")


async def test_silent_sockets_are_dropped(
    services: Services, province: builders.Province, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(live_client.SILENT_SECONDS, "member", 0.5)
    meeting = await builders.conference(services, province, "running", listed=True)
    member = await join(meeting.id, province.delegate, "member")
    assert await member.closed() == 4408


async def test_slow_clients_are_closed(
    services: Services, province: builders.Province, server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that stops reading fills its queue; nobody else waits for it."""
    monkeypatch.setattr(live_client, "SLOW_BYTES", 200_000)
    meeting = await builders.conference(services, province, "running")
    cookie = await signed_in(services, province.operator)
    stuck = await server.dial(f"/api/meetings/{meeting.id}/live?as=console", cookie)
    await stuck.recv()
    stuck.transport.pause_reading()
    live = server.app.state.services.components[ConferenceService].live
    client = next(iter(live.clients()))
    for _ in range(400):
        client.send("x" * 50_000)
        await asyncio.sleep(0)
        if client.closing is not None:
            break
    assert client.closing == 1013
    await server.settled(lambda: not list(live.clients()))
    stuck.transport.abort()


async def test_a_revoked_session_ends_its_sockets(
    services: Services, province: builders.Province, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "CHECK_SECONDS", 0.2)
    meeting = await builders.conference(services, province, "running")
    console = await join(meeting.id, province.operator, "console")
    async with services.transactions(SYSTEM) as tx:
        await sessions.revoke_all_of(tx, province.operator.id)
    assert await console.closed() == 4401


async def test_a_right_that_ends_closes_the_socket(
    services: Services, province: builders.Province, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "CHECK_SECONDS", 0.2)
    meeting = await builders.conference(services, province, "running")
    console = await join(meeting.id, province.chair, "console")
    async with services.transactions(SYSTEM) as tx:
        (await tx.session.merge(meeting)).chair_id = None
    assert await console.closed() in (4403, 4404)


async def test_delegates_are_looked_after_by_the_hundred(
    services: Services, province: builders.Province, join: Join, monkeypatch: pytest.MonkeyPatch, server: LiveServer
) -> None:
    """One query finds those with whom nothing has changed; everybody else is asked about as before."""
    monkeypatch.setattr(registry, "CHECK_SECONDS", 0.2)
    meeting = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        people = [await builders.person(tx.session, province.root, f"Đại biểu {n}") for n in range(5)]
        places = [await library.delegate(tx.session, meeting, each) for each in people]
    live = server.app.state.services.components[ConferenceService].live
    asked: list[int | None] = []
    one_by_one = live.admit_again

    async def admit_again(client: live_client.Client) -> int | None:
        asked.append(client.actor.person_id)
        return await one_by_one(client)

    monkeypatch.setattr(live, "admit_again", admit_again)
    stays, signed_out, struck_off, disabled, promoted = [await join(meeting.id, each, "member") for each in people]
    await asyncio.sleep(2.5)
    assert asked == []
    async with services.transactions(SYSTEM) as tx:
        await sessions.revoke_all_of(tx, people[1].id)
        (await tx.session.merge(places[2])).removed_at = tx.now
        (await tx.session.merge(people[3])).disabled_at = tx.now
        tx.session.add(RoleGrant(person_id=people[4].id, role="organiser", unit_id=province.root.id))
    assert await signed_out.closed() == 4401
    assert await struck_off.closed() == 4404
    assert await disabled.closed() == 4401
    client = live.client(meeting.id, promoted.participant)
    await server.settled(lambda: client.actor.grants)
    assert people[0].id not in asked
    assert stays.connection.close_code is None


async def test_in_a_rush_delegates_are_told_to_wait_and_halls_come_in(
    services: Services, province: builders.Province, server: LiveServer, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = await builders.conference(services, province, "running")
    monkeypatch.setattr(services.components[Turnstile], "places", 0)
    hall = await join(meeting.id, province.da_sar_hall)
    assert hall.snapshot["audience"] == "hall"
    cookie = await signed_in(services, province.chair)
    address = f"ws://127.0.0.1:{server.port}/api/meetings/{meeting.id}/live?as=member"
    headers = {"Cookie": f"{COOKIE}={cookie}", "Origin": f"http://127.0.0.1:{server.port}"}
    async with connect(address, additional_headers=headers) as waiting:
        await waiting.wait_closed()
    assert waiting.close_code == live_client.TRY_LATER
    assert re.fullmatch(r"retry-after=1\.\d", waiting.close_reason or "")
    monkeypatch.undo()
    member = await join(meeting.id, province.chair, "member")
    assert member.snapshot["audience"] == "member"


async def test_a_crowd_is_looked_up_together_and_each_gets_the_own_right(
    services: Services, province: builders.Province
) -> None:
    meeting = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        people = [
            await builders.actor_of(tx.session, who)
            for who in (province.organiser, province.chair, province.technician, province.stranger, province.presenter)
        ]
    ask = GroupedRights(services.database)
    together = await asyncio.gather(*(ask(meeting.id, each) for each in people), return_exceptions=True)
    alone = [(await asyncio.gather(ask(meeting.id, each), return_exceptions=True))[0] for each in people]
    assert [str(each) for each in together] == [str(each) for each in alone]
    assert isinstance(together[3], NotFound)
    assert isinstance((await asyncio.gather(ask(9999, people[0]), return_exceptions=True))[0], NotFound)
