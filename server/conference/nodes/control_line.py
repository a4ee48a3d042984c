"""The control line of one connected media node."""

import asyncio
import itertools
from collections.abc import Mapping

from starlette.websockets import WebSocket

from media.contract import Answer, CloseRoom, Hello, Leave, Offer, Publication, Refusal, Room
from server.core.errors import Invalid, Unavailable

ANSWER_SECONDS = 5.0
UNSENT = 16_384
"""Messages waiting for a node that does not read: then its line is taken for broken."""
OFFERS_UNSENT = 1024
"""Messages waiting above which offers are put off: thousands of viewers who offer again after a restart must not break
the line that halls are told by."""

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
        self.rooms: dict[str, Room] = {}
        """What the node was told last, by room."""
        self.broken = asyncio.Event()
        self._socket = socket
        self._requests = itertools.count(1)
        self._asked: dict[int, asyncio.Future[str]] = {}
        self._queue: asyncio.Queue[str] = asyncio.Queue(UNSENT)

    def send(self, message: Room | CloseRoom | Offer | Leave) -> None:
        try:
            self._queue.put_nowait(message.model_dump_json())
        except asyncio.QueueFull:
            self.broken.set()

    def tell(self, room: Room) -> None:
        """Sends the room's wanted state, unless the node has it."""
        if self.rooms.get(room.room) != room:
            self.rooms[room.room] = room
            self.send(room)

    def close_room(self, room: str) -> None:
        if self.rooms.pop(room, None) is not None:
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
        if self._queue.qsize() > OFFERS_UNSENT:
            raise Busy(detail="too many offers at once")
        request = next(self._requests)
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked[request] = future
        try:
            self.send(
                Offer(
                    request=request,
                    room=room,
                    participant=participant,
                    session=session,
                    sdp=sdp,
                    publish=dict(publish),
                    slots=dict(slots),
                )
            )
            async with asyncio.timeout(ANSWER_SECONDS):
                return await future
        except TimeoutError:
            raise Unavailable() from None
        finally:
            del self._asked[request]

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
        for future in self._asked.values():
            if not future.done():
                future.set_exception(Unavailable())

    async def write(self) -> None:
        while True:
            await self._socket.send_text(await self._queue.get())
