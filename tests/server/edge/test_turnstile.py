"""Who knocks in a crowd gets in, or a turn that holds."""

import asyncio

import pytest
from fastapi import FastAPI

from server.edge.turnstile import FIRST_PACE, LATEST, PLACES, SOONEST, Turnstile
from server.live.routes import is_a_members
from tests.sockets import serving


class Crowd:
    def __init__(self, places: int = 3) -> None:
        self.now = 100.0
        self.turnstile = Turnstile(lambda _address: True, lambda: self.now, places)

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
    with crowd.turnstile.coming_in():
        assert crowd.knock() is not None
    assert crowd.knock() is None


def test_who_was_let_on_and_never_came_keeps_no_place() -> None:
    crowd = Crowd(1)
    assert crowd.knock() is None
    crowd.now += 0.9
    assert crowd.knock() is not None
    crowd.now += 0.2
    assert crowd.knock() is None


def test_turns_follow_the_pace_that_is_seen() -> None:
    crowd = Crowd(1)
    for _ in range(1_000):
        assert crowd.knock() is None
        with crowd.turnstile.coming_in():
            crowd.knock()
            crowd.now += 0.01
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
        (b"/api/nodes", False),
        (b"/api/meetings/5", False),
    ],
)
def test_only_those_who_follow_wait(address: bytes, waits: bool) -> None:
    assert is_a_members(address) is waits


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
