"""A real node process between aiortc peers over real UDP: who is seen, who is heard, and what it survives."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from media.contract import CloseRoom, Demand, Leave, Links, Refusal, SessionKey, SessionState, View
from media.node.__main__ import open_core
from media.node.addresses import advertised, advertised_by_tcp, endpoint, own_addresses, resolved
from media.node.sdp.answer import Endpoint
from tests.media.control_server import ControlServer, NodeProcess, node_at_work, room
from tests.media.peers import TestPeer, eventually

SLOTS = ("audio-0", "audio-1", "stage", "tile-0")


@asynccontextmanager
async def joined(*peers: TestPeer) -> AsyncIterator[None]:
    try:
        for peer in peers:
            await peer.join()
        yield
    finally:
        for peer in peers:
            await peer.close()


def voices(peer: TestPeer) -> set[str]:
    """Tones that sound in any slot of `peer`."""
    return {heard.tone for heard in peer.heard.values() if heard.tone is not None}


async def test_the_called_hall_is_seen_and_heard_and_nobody_else(tmp_path: Path) -> None:
    async with node_at_work(tmp_path) as (server, _):
        red = TestPeer(server, "point-1", colour="red")
        blue = TestPeer(server, "point-2", colour="blue")
        watcher = TestPeer(server, "point-3", slots=SLOTS)
        await server.tell(room(stage="point-1", floor=["point-1"], tiles=["point-2"]))
        async with joined(red, blue, watcher):
            await eventually(lambda: watcher.seen["stage"].colour == "red")
            await eventually(lambda: voices(watcher) == {"red"})
            await eventually(lambda: watcher.seen["tile-0"].colour == "blue")

            await server.tell(room(stage="point-2", floor=["point-2"], tiles=["point-1"]))
            switched = await eventually(lambda: watcher.seen["stage"].colour == "blue")
            assert switched < 1.0
            await eventually(lambda: voices(watcher) == {"blue"})
            await eventually(lambda: watcher.seen["tile-0"].colour == "red")

            await server.tell(room(stage="point-2"))
            await eventually(lambda: voices(watcher) == set())
            await asyncio.sleep(1.0)
            assert voices(watcher) == set(), "both microphones send all the time, and neither has the floor"
            assert watcher.seen["stage"].colour == "blue"


async def test_two_floor_holders_are_heard_together(tmp_path: Path) -> None:
    async with node_at_work(tmp_path) as (server, _):
        red = TestPeer(server, "point-1", colour="red", slots=("audio-0",))
        blue = TestPeer(server, "point-2", colour="blue")
        watcher = TestPeer(server, "point-3", slots=SLOTS)
        await server.tell(room(floor=["point-1", "point-2"]))
        async with joined(red, blue, watcher):
            await eventually(lambda: voices(watcher) == {"red", "blue"})
            await eventually(lambda: voices(red) == {"blue"})


async def test_a_preview_reaches_its_operator_alone(tmp_path: Path) -> None:
    async with node_at_work(tmp_path) as (server, _):
        red = TestPeer(server, "point-1", colour="red")
        operator = TestPeer(server, "desk-a", slots=("audio-0", "preview", "preview-audio"))
        watcher = TestPeer(server, "point-3", slots=SLOTS)
        async with joined(red, operator, watcher):
            await server.tell(room(views={"desk-a": View(preview="point-1").model_dump()}))
            await eventually(lambda: operator.seen["preview"].colour == "red")
            await eventually(lambda: operator.heard["preview-audio"].tone == "red")
            assert voices(watcher) == set()
            assert watcher.seen["stage"].frames == 0


async def test_demand_and_links_are_told(tmp_path: Path) -> None:
    async with node_at_work(tmp_path) as (server, _):
        red = TestPeer(server, "point-1", colour="red", slots=("audio-0", "stage"))
        watcher = TestPeer(server, "point-3", slots=SLOTS)
        async with joined(red, watcher):
            await server.tell(room(stage="point-1"))
            await server.until(lambda: wanted(server, "full"))
            await server.tell(room(tiles=["point-1"]))
            await server.until(lambda: wanted(server, "small"))
            await server.tell(room())
            await server.until(lambda: wanted(server, "none"))
            await server.until(lambda: telling(server), seconds=6)


def wanted(server: ControlServer, camera: str) -> bool | None:
    """Whether the last demand told of point-1 is this one."""
    demands = [m for m in server.heard if isinstance(m, Demand) and m.participant == "point-1"]
    return True if demands and demands[-1].camera == camera else None


def telling(server: ControlServer) -> bool | None:
    """Whether the last second's report of point-1 has its sound, picture and bit rate."""
    last = next((m for m in reversed(server.heard) if isinstance(m, Links)), None)
    links = {link.participant: link for link in last.links} if last is not None else {}
    link = links.get("point-1")
    if link is None or link.audio_level is None or "point-3" not in links:
        return None
    lively = link.audio_level < 40 and link.camera_fps > 8 and link.bitrate_up > 20_000
    return (lively and link.rating == "good") or None


async def test_a_newer_session_replaces_the_older(tmp_path: Path) -> None:
    async with node_at_work(tmp_path) as (server, _):
        older = TestPeer(server, "point-1", colour="red")
        newer = TestPeer(server, "point-1", colour="green")
        watcher = TestPeer(server, "point-3", slots=SLOTS)
        await server.tell(room(stage="point-1", floor=["point-1"]))
        async with joined(watcher, older):
            await eventually(lambda: watcher.seen["stage"].colour == "red")
            await newer.join("s2")
            await eventually(lambda: watcher.seen["stage"].colour == "green")
            await eventually(lambda: voices(watcher) == {"green"})
            assert SessionState(
                room="1", participant="point-1", session="s1", state="disconnected", reason="replaced"
            ) in list(server.heard)
            await newer.close()


async def test_leave_and_close_end_sessions(tmp_path: Path) -> None:
    async with node_at_work(tmp_path) as (server, _):
        red = TestPeer(server, "point-1", colour="red")
        watcher = TestPeer(server, "point-3", slots=SLOTS)
        async with joined(red, watcher):
            await server.tell(Leave(room="1", participant="point-1", session="another"))
            await server.tell(Leave(room="1", participant="point-1", session="s1"))
            await server.until(lambda: ended(server, "point-1"))
            assert ended(server, "point-3") is None
            await server.tell(CloseRoom(room="1"))
            await server.until(lambda: ended(server, "point-3"))
            await eventually(lambda: watcher.connection.connectionState == "closed")


def ended(server: ControlServer, participant: str) -> bool | None:
    states = [m for m in server.heard if isinstance(m, SessionState) and m.participant == participant]
    return True if states and states[-1].state == "disconnected" else None


async def test_a_cut_control_line_does_not_touch_media(tmp_path: Path) -> None:
    async with node_at_work(tmp_path) as (server, _):
        red = TestPeer(server, "point-1", colour="red")
        watcher = TestPeer(server, "point-3", slots=SLOTS)
        await server.tell(room(stage="point-1", floor=["point-1"]))
        async with joined(red, watcher):
            await eventually(lambda: voices(watcher) == {"red"})
            await server.stop()
            frames = watcher.seen["stage"].frames
            await asyncio.sleep(1.5)
            assert watcher.seen["stage"].frames > frames + 10
            assert voices(watcher) == {"red"}

            await server.start()
            hello = await server.hello(2)
            assert hello.boot == server.hellos[0].boot
            assert set(hello.sessions) == {
                SessionKey(room="1", participant="point-1", session="s1"),
                SessionKey(room="1", participant="point-3", session="s1"),
            }
            server.cut()
            await server.hello(3)
            await server.tell(room(stage=None))
            await eventually(lambda: voices(watcher) == set())


async def test_a_restarted_node_takes_everybody_back(tmp_path: Path) -> None:
    async with node_at_work(tmp_path) as (server, node):
        before = server.hellos[0].boot
        first = TestPeer(server, "point-1", colour="red")
        async with joined(first):
            await node.kill()
        again = await NodeProcess.start(server, tmp_path)
        try:
            hello = await server.hello(2)
            assert hello.boot != before
            assert hello.sessions == ()
            await server.tell(room(stage="point-1", floor=["point-1"]))
            red = TestPeer(server, "point-1", colour="red")
            watcher = TestPeer(server, "point-3", slots=SLOTS)
            async with joined(red, watcher):
                await eventually(lambda: watcher.seen["stage"].colour == "red")
                await eventually(lambda: voices(watcher) == {"red"})
        finally:
            await again.end()


async def test_bad_offers_are_refused_with_a_code(tmp_path: Path) -> None:
    async with node_at_work(tmp_path) as (server, _):
        for sdp, code in (("", "bad-sdp"), ("v=0\r\nm=nonsense", "bad-sdp"), ("v=0\r\n" + "a=x\r\n" * 999, "bad-sdp")):
            refusal = await server.offer("point-1", "s1", sdp)
            assert isinstance(refusal, Refusal)
            assert refusal.code == code
        assert len(server.hellos) == 1, "the line lived through all of them"


async def test_a_full_node_refuses_as_busy(tmp_path: Path) -> None:
    server = ControlServer()
    await server.start()
    node = await NodeProcess.start(server, tmp_path, "--max-sessions", "1")
    try:
        await server.hello(1)
        first = TestPeer(server, "point-1", colour="red")
        second = TestPeer(server, "point-2", colour="blue")
        again = TestPeer(server, "point-1", colour="red")
        async with joined(first):
            with pytest.raises(AssertionError, match="busy"):
                await second.join()
            await again.join("s2")
            await again.close()
        await second.close()
    finally:
        await node.end()
        await server.stop()


async def test_messages_of_a_newer_server_are_skipped(tmp_path: Path) -> None:
    async with node_at_work(tmp_path) as (server, _):
        assert server._line is not None
        for text in ("{", "[]", '{"type":"from-the-future"}', '{"type":"room"}', "\x00"):
            await server._line.send(text)
        refusal = await server.offer("point-1", "s1", "")
        assert isinstance(refusal, Refusal)
        assert len(server.hellos) == 1


@pytest.mark.parametrize("how", ["parent gone", "SIGTERM"])
async def test_the_node_ends_when_it_is_told_to(tmp_path: Path, how: str) -> None:
    async with node_at_work(tmp_path) as (_, node):
        if how == "SIGTERM":
            node.process.send_signal(signal.SIGTERM)
        assert await node.end() == 0


async def test_a_node_with_a_wrong_secret_keeps_knocking(tmp_path: Path) -> None:
    server = ControlServer()
    await server.start()
    node = await NodeProcess.start(server, tmp_path)
    (tmp_path / "media.secret").write_text("wrong")
    try:
        await eventually(lambda: server.refused_dials >= 2)
        (tmp_path / "media.secret").write_text("a secret of this test")
        await server.hello(1)
    finally:
        await node.end()
        await server.stop()


@pytest.mark.parametrize(
    ("bind", "wished", "endpoints"),
    [
        ("127.0.0.1:7000", [], [("127.0.0.1", 7000)]),
        ("localhost:7000", [], [("127.0.0.1", 7000)]),
        ("[::1]:7000", [], [("::1", 7000)]),
        ("0.0.0.0:7000", ["192.0.2.7", "192.0.2.8:17000"], [("192.0.2.7", 7000), ("192.0.2.8", 17000)]),
        (
            "[::]:7000",
            ["2001:db8::7", "[2001:db8::8]", "[2001:DB8::9]:17000"],
            [("2001:db8::7", 7000), ("2001:db8::8", 7000), ("2001:db8::9", 17000)],
        ),
    ],
)
def test_the_node_tells_where_it_is_reached(bind: str, wished: list[str], endpoints: list[tuple[str, int]]) -> None:
    host, port = resolved(bind)
    assert port == 7000
    assert list(advertised(host, port, [endpoint(text) for text in wished])) == endpoints


@pytest.mark.parametrize(
    ("wished", "own_port", "expected"),
    [
        ([], False, [("192.0.2.7", 17000), ("2001:db8::7", 7000)]),
        ([], True, [("192.0.2.7", 443), ("2001:db8::7", 443)]),
        (["192.0.2.9", "192.0.2.8:8443"], True, [("192.0.2.9", 443), ("192.0.2.8", 8443)]),
    ],
)
def test_the_node_tells_where_it_is_reached_by_tcp(
    wished: list[str], own_port: bool, expected: list[tuple[str, int]]
) -> None:
    udp = (Endpoint("192.0.2.7", 17000), Endpoint("2001:db8::7", 7000))
    found = advertised_by_tcp(udp, 443, [endpoint(text) for text in wished], own_port=own_port)
    assert list(found) == expected


def test_the_node_goes_on_without_a_tcp_port_that_nobody_asked_for() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        core = open_core(bind, None)
        assert core.tcp_port is None
        core.close()
        with pytest.raises(OSError, match="in use"):
            open_core("127.0.0.1:0", bind)
        without = open_core("127.0.0.1:0", "off")
        assert without.tcp_port is None
        without.close()


@pytest.mark.parametrize(
    "text", ["", "hall.example", "192.0.2.7:", "192.0.2.7:0", "192.0.2.7:70000", "[::1", "[::1]x", "1:2"]
)
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        endpoint(text)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_node_on_every_interface_tells_addresses_that_peers_can_dial(host: str) -> None:
    found = advertised(host, 7000, [])
    families = [ip_address(address).version for address, _ in found]
    assert (6 in families) == (
        host == "::" and len(own_addresses(with_ipv6=True)) > len(own_addresses(with_ipv6=False))
    )
    assert found[-1] == ("127.0.0.1", 7000)
    assert all(port == 7000 and not ip_address(address).is_unspecified for address, port in found)


async def test_a_port_in_use_ends_the_node_with_a_word(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        (tmp_path / "secret").write_text("secret")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "media.node", "--server", "ws://127.0.0.1:1/media/node", "--bind", bind),
            *("--secret-file", str(tmp_path / "secret")),
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
        assert process.returncode == 1
        assert b"cannot start" in said
        assert b"Traceback" not in said
