"""Who knocks in a crowd gets in, or a turn that holds."""

import asyncio

import pytest
from fastapi import FastAPI

from server.edge.turnstile import FALSE_CLAIMS, FIRST_PACE, LATEST, PLACES, SOONEST, Turnstile
from server.live.routes import claims_a_place
from tests.sockets import serving


class Crowd:
    def __init__(self, places: int = 3) -> None:
        self.now = 100.0
        self.turnstile = Turnstile(claims_a_place, lambda: self.now, places)

    def knock(self) -> float | None:
        return self.turnstile.knock()


def test_places_are_let_on_and_the_others_get_one_turn_after_the_other() -> None:
    crowd = Crowd()
    assert [crowd.knock() for _ in range(3)] == [None, None, None]
    waits = [crowd.knock() for _ in range(5)]
    assert waits == pytest.approx([SOONEST + turn / FIRST_PACE for turn in range(1, 6)])
    for _ in range(2 * round(FIRST_PACE) - 5):
        crowd.knock()
    crowd.now += 0.5  # two seconds of turns are given, of which half a second is over
    assert crowd.knock() == pytest.approx(SOONEST + 1.5 + 1 / FIRST_PACE)


def test_a_place_is_free_once_somebody_is_in() -> None:
    crowd = Crowd(1)
    assert crowd.knock() is None
    assert crowd.knock() is not None
    crowd.turnstile.left(entered=True)
    assert crowd.knock() is None


def test_who_is_turned_away_makes_nobody_believe_in_a_faster_pace() -> None:
    crowd = Crowd(1)
    for _ in range(5_000):
        crowd.knock()
        crowd.now += 0.001
        crowd.turnstile.left(entered=False)
    crowd.knock()
    first, second = crowd.knock(), crowd.knock()
    assert first is not None
    assert second is not None
    assert 1 / (second - first) <= FIRST_PACE + 1


def test_who_says_to_be_a_hall_is_believed_until_many_have_said_so_falsely() -> None:
    crowd = Crowd()
    hall, stranger = b"/api/meetings/5/live?as=hall&point=3", b"/api/meetings/5/live?as=console"
    crowd.turnstile.claimed(b"nhipcau=known", truly=True)
    for number in range(FALSE_CLAIMS):
        assert not crowd.turnstile.waits(stranger, b"nhipcau=%d" % number)
        crowd.turnstile.claimed(b"nhipcau=%d" % number, truly=False)
    assert crowd.turnstile.waits(stranger, b"nhipcau=more")
    assert not crowd.turnstile.waits(hall, b"nhipcau=known")
    crowd.now += 1.0
    assert not crowd.turnstile.waits(hall, b"nhipcau=new")


def test_turns_follow_the_pace_that_is_seen() -> None:
    crowd = Crowd(1)
    for _ in range(1_000):
        assert crowd.knock() is None
        crowd.knock()
        crowd.now += 0.01
        crowd.turnstile.left(entered=True)
    crowd.now += 2 * LATEST
    assert crowd.knock() is None
    first, second = crowd.knock(), crowd.knock()
    assert first is not None
    assert second is not None
    assert 1 / (second - first) == pytest.approx(100, rel=0.1)


def test_nobody_is_sent_away_for_longer_than_a_minute() -> None:
    crowd = Crowd(0)
    assert max(crowd.knock() or 0 for _ in range(100_000)) == LATEST


@pytest.mark.parametrize(
    ("address", "waits"),
    [
        (b"/api/meetings/5/live", True),
        (b"/api/meetings/5/live?as=member", True),
        (b"/api/meetings/5/live?device=as=hall", True),
        (b"/api/meetings/5/live?as=hall&point=3", False),
        (b"/api/meetings/5/live?point=3&as=hall", False),
        (b"/api/meetings/5/live?as=console", False),
        (b"/api/meetings/5/live?as=consoles", True),
        (b"/api/meetings/5/live?as=console&as=member", True),
        (b"/api/meetings/5/liv%65?as=console", True),
        (b"/api/meetings/5/live/?as=console", True),
        (b"/api/nodes", True),
        (b"/media/node", False),
        (b"/media/node?x=1", True),
    ],
)
def test_all_wait_but_halls_consoles_and_nodes(app: FastAPI, address: bytes, waits: bool) -> None:
    """However the address is written, or wherever it leads."""
    assert app.state.services.components[Turnstile].waits(address, b"") is waits


KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("", b"HTTP/1.1 400"),
        ("Sec-WebSocket-Key: !!\r\n", b"HTTP/1.1 400"),
        (KEY + "Origin: http://elsewhere.example\r\n", b"HTTP/1.1 403"),
    ],
)
async def test_what_is_no_handshake_of_ours_keeps_no_place(app: FastAPI, sent: str, answer: bytes) -> None:
    async with serving(app) as server, asyncio.timeout(30):
        for _ in range(PLACES + 1):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            head = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            host = f"Host: 127.0.0.1:{server.port}\r\n"
            writer.write(f"GET /api/meetings/1/live HTTP/1.1\r\n{host}{head}{sent}\r\n".encode())
            assert (await reader.read(12)) == answer
            writer.close()


HAND = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" + KEY


async def asked(port: int, address: str, cookie: str = "") -> bytes:
    """The answer's first line, and the rest of what comes until the end or 12 more bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    origin = f"Host: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
    writer.write(f"GET {address} HTTP/1.1\r\n{origin}{HAND}{cookie}\r\n".encode())
    answer = await reader.read(12)
    if answer.endswith(b"101"):
        await reader.readuntil(b"\r\n\r\n")
        answer += b" " + str(int.from_bytes((await reader.readexactly(4))[2:])).encode()
    writer.close()
    return answer


@pytest.mark.parametrize(
    "address",
    [
        "/api/meetings/0/live",
        "/api/meetings/99999999999/live",
        "/api/meetings/1/live?as=nobody",
        "/api/meetings/1/live?as=hall&point=x",
        "/api/meetings/1/liv%65?as=member&point=x",
        "/api/nothing",
    ],
)
async def test_what_no_route_takes_keeps_no_place(app: FastAPI, address: str) -> None:
    async with serving(app) as server, asyncio.timeout(30):
        for _ in range(PLACES + 1):
            assert await asked(server.port, address) == b"HTTP/1.1 403"


async def test_strangers_who_claim_to_be_consoles_come_to_wait_with_the_crowd(app: FastAPI) -> None:
    """With no cookie, or one that is nobody's: most of them are told to wait, and nothing is asked of the database."""
    turnstile = app.state.services.components[Turnstile]
    turnstile.places = 0
    async with serving(app) as server, asyncio.timeout(30):
        said = [
            await asked(server.port, "/api/meetings/1/live?as=console", f"Cookie: nhipcau={number:043}\r\n")
            for number in range(3 * FALSE_CLAIMS)
        ]
    assert said[:FALSE_CLAIMS] == [b"HTTP/1.1 101 4401"] * FALSE_CLAIMS
    assert said.count(b"HTTP/1.1 101 1013") >= FALSE_CLAIMS
