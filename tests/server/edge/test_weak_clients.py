"""One weak client stops nobody: whatever a stranger or one signed-in person sends, a hall and a console go on."""

import asyncio
import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed

from media.bots.light import sdp
from media.bots.light.generator import Local
from server.edge.budgets import (
    ENTRANCE_BODY,
    FIELD_ERRORS,
    FRAGMENTS,
    FRAME_BURST,
    HEAD_BYTES,
    HEAD_SECONDS,
    MEDIA_A_PERSON,
    SOCKETS_A_SESSION,
    WAITING_AN_ADDRESS,
)
from tests.sockets import Refused
from tests.weak_clients import Site, opening, site

pytestmark = pytest.mark.asyncio(loop_scope="module")


OFFER = sdp.write(
    Local(1, "abcd", "p" * 24, ":".join(["AA"] * 32), 9), "actpass", [sdp.Section("audio", "0", "recvonly")]
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site(tmp_path_factory.mktemp("weak") / "var") as made:
        yield made


def told(connection: socket.socket) -> bytes:
    """Everything the server says before it closes; empty after a reset."""
    connection.settimeout(20)
    said = b""
    with contextlib.suppress(ConnectionError):
        while chunk := connection.recv(65536):
            said += chunk
    return said


def poured(connection: socket.socket, block: bytes, times: int) -> int:
    """Bytes that were taken before the server took no more."""
    sent = 0
    connection.settimeout(3)
    with contextlib.suppress(OSError):
        for _ in range(times):
            connection.sendall(block)
            sent += len(block)
    return sent


@pytest.mark.parametrize(
    ("start", "block"),
    [
        (b"GET /api/health HTTP/1.1\r\nHost: x\r\n", b"X-Filler: " + b"a" * 4000 + b"\r\n"),
        (b"GET /api/health HTTP/1.1\r\nHost: x\r\nX-One: ", b"a" * 65536),
        (b"GET /", b"a" * 65536),
    ],
    ids=["endless-lines", "endless-value", "endless-address"],
)
async def test_a_head_without_end(here: Site, start: bytes, block: bytes) -> None:
    async with here.watched():
        before, size = here.cpu_seconds(), here.megabytes()

        def pour() -> tuple[int, bytes]:
            with here.connect() as connection:
                connection.sendall(start)
                taken = poured(connection, block, 40_000_000 // len(block))
                return taken, told(connection)

        taken, answer = await asyncio.to_thread(pour)
        assert taken < 20_000_000
        assert not answer or answer.startswith(b"HTTP/1.1 431 ")
        assert here.cpu_seconds() - before < 3
        assert here.megabytes() - size < 40


async def test_a_head_that_is_just_too_large_is_told_so(here: Site) -> None:
    def ask(value: int) -> bytes:
        with here.connect() as connection:
            connection.sendall(b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX: ")
            connection.sendall(b"a" * value + b"\r\n\r\n")
            return told(connection)

    large = await asyncio.to_thread(ask, HEAD_BYTES)
    assert large.startswith(b"HTTP/1.1 431 ")
    assert json.loads(large.partition(b"\r\n\r\n")[2])["code"] == "head-too-large"
    assert (await asyncio.to_thread(ask, HEAD_BYTES // 2)).startswith(b"HTTP/1.1 200 ")


async def test_half_sent_requests(here: Site) -> None:
    """Thousands of heads that never end: their own address's oldest ones go, and after ten seconds all of them."""
    async with here.watched():

        def open_many() -> list[socket.socket]:
            made = []
            for _ in range(WAITING_AN_ADDRESS + 500):
                connection = here.connect("127.0.0.2")
                connection.sendall(b"GET /api/health HTTP/1.1\r\nHost: x\r\nX-a: ")
                made.append(connection)
            return made

        def still_open(connections: list[socket.socket]) -> int:
            open_ones = 0
            for connection in connections:
                connection.setblocking(False)
                try:
                    while connection.recv(65536):
                        pass
                except BlockingIOError:
                    open_ones += 1
                except ConnectionError:
                    pass
            return open_ones

        connections = await asyncio.to_thread(open_many)
        await asyncio.sleep(0.5)
        assert await asyncio.to_thread(still_open, connections) <= WAITING_AN_ADDRESS
        await asyncio.sleep(HEAD_SECONDS + 4)
        assert await asyncio.to_thread(still_open, connections) == 0
        for connection in connections:
            connection.close()
    assert "connections-of-an-address" in here.deployment.tail(100_000)
    assert "request-time" in here.deployment.tail(100_000)


async def test_a_body_that_comes_slowly_is_waited_for(here: Site) -> None:
    """In small pieces, as over a weak line."""

    def send() -> bytes:
        body = b'{"login":"nobody","password":"wrong"}'
        head = (
            f"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Nhipcau: 1\r\nOrigin: {here.address.origin}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        with here.connect() as connection:
            connection.sendall(head.encode())
            for each in body[:10]:
                time.sleep(1.3)
                connection.sendall(bytes([each]))
            connection.sendall(body[10:])
            return told(connection)

    assert (await asyncio.to_thread(send)).startswith(b"HTTP/1.1 401 ")


async def test_a_refusal_is_no_larger_than_its_cause(here: Site) -> None:
    """Sign-in with thousands of unknown fields, which were all named in the answer once."""
    headers = {"X-Nhipcau": "1", "Origin": here.address.origin}
    async with here.watched(), httpx2.AsyncClient(base_url=here.deployment.url, headers=headers) as stranger:
        many = {f"k{n}": 1 for n in range(1400)}
        assert len(json.dumps(many)) < ENTRANCE_BODY
        answer = await stranger.post("/api/session", json=many)
        assert answer.status_code == 422
        assert len(answer.json()["details"]["fields"]) == FIELD_ERRORS
        assert len(answer.content) < 16_000
        for path in ("/api/session", "/api/session/link", "/api/m/ABCDEFGHKL/requests"):
            answer = await stranger.post(path, json={f"k{n}": 1 for n in range(95_000)})
            assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def frame(payload: bytes, opcode: int = 1, *, final: bool = True) -> bytes:
    """A client's frame (RFC 6455 section 5.2), its mask of zeros."""
    return bytes([final << 7 | opcode, 0x80 | len(payload)]) + bytes(4) + payload


@pytest.mark.parametrize(
    ("first", "flood"),
    [
        (b"", frame(b"", 9) * 500),
        (b"", frame(b"", 10) * 500),
        (b"", frame(b"x") * 500),
        (b"", frame(b'{"type":"ping"}') * 200),
        (frame(b"", 1, final=False), frame(b"", 0, final=False) * 500),
        (frame(b"", 1, final=False) + frame(b"", 0, final=False) * FRAGMENTS, b""),
    ],
    ids=["pings", "pongs", "texts", "heartbeats", "fragments", "few-fragments-without-end"],
)
async def test_a_flood_of_frames_ends_its_own_socket(here: Site, first: bytes, flood: bytes) -> None:
    async with here.watched():
        before = here.cpu_seconds()

        def run() -> bytes:
            with here.connect() as connection:
                connection.sendall(opening(here, here.cookies["delegate"]))
                connection.settimeout(10)
                head = connection.recv(65536)
                assert head.startswith(b"HTTP/1.1 101 ")
                connection.sendall(first)
                poured(connection, flood, 4000)
                return told(connection)

        said = await asyncio.to_thread(run)
        assert b"\x88\x02\x03\xf0" in said or not said  # a close frame, 1008, unless the reset was faster
        assert here.cpu_seconds() - before < 4
    assert "limit=frames" in here.deployment.tail(100_000)


async def test_frames_below_the_allowance_are_answered(here: Site) -> None:
    member = await here.address.join(here.meeting_id, here.cookies["delegate"], "member")
    for _ in range(FRAME_BURST // 3):
        await member.connection.ping()
    await member.send({"type": "ping"})
    await member.until(lambda: member.frames[-1]["type"] == "pong")
    await member.close()


async def test_sockets_of_one_session_make_room_for_its_newest(here: Site) -> None:
    """One link opened everywhere: the oldest pages go, nobody else's."""
    async with here.watched():
        members = []
        refused = 0
        for _ in range(SOCKETS_A_SESSION + 30):
            connection = await here.address.dial(
                f"/api/meetings/{here.meeting_id}/live?as=member", here.cookies["delegate"]
            )
            members.append(connection)
            with contextlib.suppress(ConnectionClosed):
                await asyncio.wait_for(connection.recv(), 10)
                continue
            refused += 1
        assert refused, "sockets may be opened without end"
        await asyncio.sleep(1)
        closed = [each.close_code for each in members if each.close_code is not None]
        assert set(closed) == {4409, 1013}
        assert len(members) - len(closed) <= SOCKETS_A_SESSION
        for connection in members:
            await connection.close()


async def test_one_person_does_not_fill_the_media_node(here: Site) -> None:
    """Offers from every socket that one link can have: two keep their media, and a hall is served at once."""
    async with here.watched() as witnesses:
        members = [await here.address.join(here.meeting_id, here.cookies["presenter"], "member") for _ in range(6)]
        offer = {"publish": {}, "slots": {"0": "audio-0"}, "sdp": OFFER}
        for number, member in enumerate(members):  # none of them connects: a newer one takes an older one's place
            assert await member.command("media.offer", session=f"s{number}", **offer)
        await members[0].until(lambda: members[0].signalled("media-session"))
        open_now = [each for each in members if not each.signalled("media-session")]
        assert len(open_now) <= MEDIA_A_PERSON
        again = [members[-1].command("media.offer", session="more", **offer) for _ in range(12)]
        refused = [each for each in await asyncio.gather(*again, return_exceptions=True) if isinstance(each, Refused)]
        assert {each.code for each in refused} == {"too-many"}
        assert await witnesses.hall.command("media.offer", session="hall", **offer)
        for member in members:
            await member.close()


async def test_an_export_costs_its_own_maker_alone(here: Site) -> None:
    """As many and as long notes as one person may have: too much is refused, the largest that is allowed is made in a
    process that goes away with its memory, one after the other."""

    def note(text: str) -> dict[str, object]:
        return {
            "id": str(uuid4()),
            "base": 0,
            "paper_id": here.paper.id,
            "version_id": here.paper.current_version_id,
            "page": 1,
            "kind": "note",
            "body": {"x": 0.1, "y": 0.1, "text": text, "color": "yellow"},
            "written_at": "2026-11-27T08:00:00Z",
        }

    async def write(texts: list[str]) -> None:
        for first in range(0, len(texts), 80):
            answer = await phone.post(
                "/api/notes/sync", json={"since": 10**6, "changes": [note(each) for each in texts[first : first + 80]]}
            )
            assert answer.status_code == 200, answer.text
            assert not answer.json()["refused"]

    path = f"/api/notes/export.pdf?paper_id={here.paper.id}"
    async with here.browser("delegate") as phone:
        await write(["Lorem ipsum dolor " * 550] * 160)
        async with here.watched():
            size, before = here.megabytes(), here.cpu_seconds()
            answers = await asyncio.gather(*(phone.get(path) for _ in range(5)))
            assert sorted(each.status_code for each in answers) == [200, 429, 429, 429, 429]
            assert here.megabytes() - size < 100
            assert here.cpu_seconds() - before < 6
            await write(["Lorem ipsum dolor " * 550] * 80)
            answer = await phone.get(path)
            assert (answer.status_code, answer.json()["code"]) == (422, "too-many-pages")


async def test_uploads_leave_the_disk_to_the_conference(tmp_path: Path) -> None:
    """On a disk of its own: announced files are reserved, the reserve stays free, and everything else goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = await asyncio.to_thread(
        subprocess.run, ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(disk)], check=False
    )
    if mounted.returncode:
        pytest.skip("only root can mount a disk for this")
    try:
        async with site(disk / "var", NHIPCAU_DISK_RESERVE_MB="40") as small:
            await _fill(small, disk)
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", str(disk)], check=True)


async def _fill(small: Site, disk: Path) -> None:
    tus = {"Tus-Resumable": "1.0.0"}
    chunk = os.urandom(4 * 2**20)
    async with small.browser("organiser") as organiser:

        async def announce(size: int) -> httpx2.Response:
            name = base64.b64encode(b"a.pdf").decode()
            headers = {**tus, "Upload-Length": str(size), "Upload-Metadata": f"filename {name}"}
            return await organiser.post(f"/api/meetings/{small.meeting_id}/uploads", headers=headers)

        async with small.watched():
            taken = []
            while (answer := await announce(9 * 2**20)).status_code == 201:
                taken.append(answer.headers["location"])
                assert len(taken) < 10, "more is promised than the disk holds"
            assert (answer.status_code, answer.json()["code"]) == (507, "storage-full")
            assert taken
            # What somebody else writes meanwhile takes of the room, too.
            (disk / "log").write_bytes(bytes(max(0, shutil.disk_usage(disk).free - 44 * 2**20)))
            offset = {**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
            answers = [await organiser.patch(each, content=chunk, headers=offset) for each in taken[:2]]
            assert 507 in {each.status_code for each in answers}
            assert shutil.disk_usage(disk).free > 36 * 2**20
        # To the last byte: what was sent can be deleted all the same.
        with (disk / "log").open("ab", buffering=0) as log, contextlib.suppress(OSError):
            while log.write(bytes(2**14)):
                pass
        deleted = await organiser.delete(taken[0], headers=tus)
        assert deleted.status_code == 204, deleted.text
        (disk / "log").unlink()
        for each in taken[1:]:
            assert (await organiser.delete(each, headers=tus)).status_code == 204
        assert (await announce(9 * 2**20)).status_code == 201
