"""The control line of one connected media node."""

import asyncio
import itertools
import time
from collections.abc import Mapping

from starlette.websockets import WebSocket

from media.contract import Answer, CloseRoom, Hello, Leave, Links, Offer, Publication, Refusal, Room
from server.core.errors import Invalid, Unavailable

ANSWER_SECONDS = 5.0
OFFERS_AT_ONCE = 64
"""Offers that a node is asked at a time. The others wait for their turn here, so that thousands of viewers who come
back together (a node that was started again) neither pile up on the line nor hold up what rooms want."""
READ_SECONDS = 10.0
"""A node that takes nothing for so long does not read: its line is taken for broken."""
_LINKS_SECONDS = 5.0
_A_TURN = 64
"""Messages: half a millisecond of them."""
UNSENT = 50_000
"""Messages waiting; far more than rooms, leavers and offers of their turn can make."""

_REFUSALS = {
    "bad-sdp": ("Trình duyệt gửi mô tả kết nối không đọc được.", "The offer cannot be read."),
    "no-common-codec": (
        "Trình duyệt này không có bộ mã hóa hình hoặc tiếng phù hợp. Cập nhật trình duyệt rồi thử lại.",
        "This browser shares no codec with the media service. Update it and try again.",
    ),
    "too-many-slots": ("Yêu cầu quá nhiều khung hình.", "The offer asks for too many pictures."),
}


class Busy(Unavailable):
    """The node has as many sessions as it takes."""

    vi = "Máy chủ hình ảnh đang phục vụ tối đa số người xem. Hệ thống tự thử lại; tài liệu vẫn xem được."
    en = "The media service serves as many viewers as it can. It tries again by itself; papers can be read."


class Line:
    def __init__(self, socket: WebSocket, hello: Hello) -> None:
        self.name = hello.node
        self.boot = hello.boot
        self.version = hello.version
        self.sessions = set(hello.sessions)
        """Connected now, as it says."""
        self.rooms: dict[str, Room] = {}
        """What the node was told last, by room."""
        self.adopted = frozenset(key.room for key in hello.sessions)
        """Rooms that it had when it dialled."""
        self.counters: dict[str, int] = {}
        """Of its core since it began, as it last said."""
        self._links: dict[str, tuple[float, Links]] = {}
        self.broken = asyncio.Event()
        self._socket = socket
        self._requests = itertools.count(1)
        self._asked: dict[int, asyncio.Future[str]] = {}
        self._turns = asyncio.Semaphore(OFFERS_AT_ONCE)
        self._queue: asyncio.Queue[CloseRoom | Offer | Leave | str] = asyncio.Queue(UNSENT)
        """In order; a name stands for that room's wanted state, whatever it is when its turn comes."""
        self._waiting: set[str] = set()
        """Rooms that stand in the queue."""

    def send(self, message: CloseRoom | Offer | Leave | str) -> None:
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self.broken.set()

    def tell(self, room: Room) -> None:
        """Sends the room's wanted state, unless the node has it."""
        if self.rooms.get(room.room) != room:
            self.rooms[room.room] = room
            if room.room not in self._waiting:
                self._waiting.add(room.room)
                self.send(room.room)

    def heard(self, links: Links) -> None:
        self._links[links.room] = time.monotonic(), links
        self.counters = links.counters or self.counters

    def links(self) -> dict[str, Links]:
        """Each room's lines over the last second; without those that nothing was said of lately."""
        since = time.monotonic() - _LINKS_SECONDS
        return {room: links for room, (at, links) in self._links.items() if at > since}

    def close_room(self, room: str) -> None:
        self._links.pop(room, None)
        if self.rooms.pop(room, None) is not None:
            self._waiting.discard(room)  # what is told from now on comes after this
            self.send(CloseRoom(room=room))

    async def offer(
        self,
        room: str,
        participant: str,
        *,
        session: str,
        sdp: str,
        publish: Mapping[str, Publication],
        slots: Mapping[str, str],
    ) -> str:
        """The node's SDP answer. Invalid if it refuses the offer, Unavailable if it is busy, silent or gone."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._turns:
                return await self._ask(
                    Offer(
                        request=next(self._requests),
                        room=room,
                        participant=participant,
                        session=session,
                        sdp=sdp,
                        publish=dict(publish),
                        slots=dict(slots),
                    )
                )
        except TimeoutError:
            raise Unavailable() from None

    async def _ask(self, offer: Offer) -> str:
        if self.broken.is_set():
            raise Unavailable()
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked[offer.request] = future
        try:
            self.send(offer)
            return await future
        finally:
            del self._asked[offer.request]

    def answered(self, message: Answer | Refusal) -> None:
        future = self._asked.get(message.request)
        if future is None or future.done():
            return
        if isinstance(message, Answer):
            future.set_result(message.sdp)
        elif message.code == "busy":
            future.set_exception(Busy(detail=message.detail))
        else:
            future.set_exception(Invalid(*_REFUSALS[message.code], reason=message.code, detail=message.detail))

    def gone(self) -> None:
        """Whoever waits for an answer learns that there will be none."""
        self.broken.set()
        for future in self._asked.values():
            if not future.done():
                future.set_exception(Unavailable())

    async def write(self) -> None:
        """Sends what waits; returns when the node does not read. Neither the queue nor the socket is ever waited for
        when twelve thousand leave at once, so others have their turn after every few."""
        for number in itertools.count(1):
            if number % _A_TURN == 0:
                await asyncio.sleep(0)
            message: CloseRoom | Offer | Leave | Room | str | None = await self._queue.get()
            if isinstance(message, str):
                self._waiting.discard(message)
                message = self.rooms.get(message)
            if message is None:
                continue  # it was closed meanwhile
            try:
                async with asyncio.timeout(READ_SECONDS):
                    await self._socket.send_text(message.model_dump_json())
            except TimeoutError:
                return
