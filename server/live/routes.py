"""The address of the live channel, and what answers there.

Not one of the application's routes: to look for it among them, and to have its parameters solved as theirs are, is a
sixth of what a join costs when thousands come back at once."""

import re

from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from server.live.gateway import Gateway, SeatRequest
from server.live.viewer import Audience

_POLICY_VIOLATION = 1008


class SeatQuery(BaseModel):
    """What stands behind the `?`, and the meeting before it."""

    meeting: int = Field(ge=1, le=2**31 - 1)
    audience: Audience = Field("member", alias="as")
    point: int | None = Field(None, ge=1, le=2**31 - 1)
    device: str = Field("", max_length=32)
    take: bool = False


_ADDRESS = re.compile(r"/api/meetings/([^/]+)/live")
_CLAIM = re.compile(rb"/api/meetings/\d{1,10}/live\?(?!.*as=.*as=)(?:[^#]*&)?as=(?:hall|console)(?:&[^#]*)?")


def claims_a_place(address: bytes) -> bool:
    """Whether somebody asks as a hall or a console at this address of a WebSocket (path and query). As the pages write
    it: whoever writes it otherwise waits like those who follow."""
    return _CLAIM.fullmatch(address) is not None


class LiveEntrance:
    """Hands sockets at this address to the gateway; everything else goes on to `app`."""

    def __init__(self, app: ASGIApp, gateway: Gateway) -> None:
        self._app = app
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _ADDRESS.fullmatch(scope["path"]) if scope["type"] == "websocket" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        socket = WebSocket(scope, receive, send)
        asked = QueryParams(scope["query_string"])
        try:
            seat = SeatQuery.model_validate({**asked, "meeting": found[1]})
        except ValidationError:
            await socket.close(_POLICY_VIOLATION)
            return
        request = SeatRequest(seat.audience, seat.point, seat.device, seat.take)
        await self._gateway.serve(socket, seat.meeting, request)
