"""The address of the live channel."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, WebSocket

from server.live.feature import Audience
from server.live.gateway import Gateway, SeatRequest

router = APIRouter()


@router.websocket("/api/meetings/{meeting_id}/live")
async def live(
    socket: WebSocket,
    meeting_id: Annotated[int, Path(ge=1, le=2**31 - 1)],
    audience: Annotated[Audience, Query(alias="as")] = "member",
    point: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> None:
    gateway: Gateway = socket.app.state.gateway
    await gateway.serve(socket, meeting_id, SeatRequest(audience, point))
