"""The control line under more than it carries at once."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from starlette.websockets import WebSocket

from media.contract import Answer, Hello, Room
from server.conference.nodes import control_line
from server.conference.nodes.control_line import Line
from server.core.errors import Unavailable


class Socket:
    """A node's end that reads when it is let."""

    def __init__(self) -> None:
        self.texts: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.heard: Callable[[dict[str, Any]], None] = lambda message: None

    async def send_text(self, text: str) -> None:
        await self.reads.wait()
        self.texts.append(json.loads(text))
        self.heard(self.texts[-1])


def line_to(socket: Socket) -> Line:
    return Line(cast(WebSocket, socket), Hello(node="n", boot="b", version="1"))


async def offer(line: Line, number: int) -> str:
    return await line.offer("meeting-1", f"desk-{number}", session="s", sdp="v=0", publish={}, slots={})


async def test_thousands_who_come_back_together_take_turns() -> None:
    socket = Socket()
    socket.reads.set()
    line = line_to(socket)
    outstanding = most = 0

    def heard(message: dict[str, Any]) -> None:
        nonlocal outstanding, most
        if message["type"] == "offer":
            outstanding += 1
            most = max(most, outstanding)
            asyncio.get_running_loop().call_later(0.001, answer, message["request"])

    def answer(request: int) -> None:
        nonlocal outstanding
        outstanding -= 1
        line.answered(Answer(request=request, sdp=f"answer {request}"))

    socket.heard = heard
    writing = asyncio.create_task(line.write())
    asked = [asyncio.create_task(offer(line, number)) for number in range(5_000)]
    await asyncio.sleep(0.01)
    line.tell(Room(room="meeting-1", floor=("point-1",)))
    done = await asyncio.gather(*asked, return_exceptions=True)
    writing.cancel()
    assert not line.broken.is_set()
    assert most <= control_line.OFFERS_AT_ONCE
    answered = [text for text in done if isinstance(text, str)]
    assert len(answered) >= 2 * control_line.OFFERS_AT_ONCE
    assert all(isinstance(text, str | Unavailable) for text in done)
    room = next(place for place, text in enumerate(socket.texts) if text["type"] == "room")
    assert room < 1_000, "what the room wants does not wait behind all of them"


async def test_a_room_that_changes_faster_than_the_node_reads_is_told_as_it_is() -> None:
    socket = Socket()
    line = line_to(socket)
    for number in range(100_000):
        line.tell(Room(room="meeting-1", stage=f"point-{number}"))
    line.close_room("meeting-1")
    line.tell(Room(room="meeting-1", stage="point-1"))
    line.tell(Room(room="meeting-2"))
    line.close_room("meeting-2")
    socket.reads.set()
    writing = asyncio.create_task(line.write())
    await asyncio.sleep(0.05)
    writing.cancel()
    assert not line.broken.is_set()
    assert len(socket.texts) <= 5
    final: dict[str, Any] = {}
    for text in socket.texts:
        final[text["room"]] = text.get("stage") if text["type"] == "room" else "closed"
    assert final == {"meeting-1": "point-1", "meeting-2": "closed"}


async def test_a_node_that_does_not_read_loses_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_line, "READ_SECONDS", 0.05)
    line = line_to(Socket())
    asked = asyncio.create_task(offer(line, 1))
    async with asyncio.timeout(5):
        await line.write()
    line.gone()
    for waiting in (asked, offer(line, 2)):
        with pytest.raises(Unavailable):
            await waiting
