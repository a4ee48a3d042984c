"""The address of the live channel."""

import re
from typing import Annotated

from fastapi import APIRouter, Path, Query, WebSocket
from pydantic import BaseModel, Field

from server.edge.dependencies import services_of
from server.live.gateway import Gateway, SeatRequest
from server.live.viewer import Audience

router = APIRouter()


class SeatQuery(BaseModel):
    audience: Audience = Field("member", alias="as")
    point: int | None = Field(None, ge=1, le=2**31 - 1)
    device: str = Field("", max_length=32)
    take: bool = False


_CLAIM = re.compile(rb"/api/meetings/\d{1,10}/live\?(?!.*as=.*as=)(?:[^#]*&)?as=(?:hall|console)(?:&[^#]*)?")


def claims_a_place(address: bytes) -> bool:
    """Whether somebody asks as a hall or a console at this address of a WebSocket (path and query). As the pages write
    it: whoever writes it otherwise waits like those who follow."""
    return _CLAIM.fullmatch(address) is not None


@router.websocket("/api/meetings/{meeting_id}/live")
async def live(
    socket: WebSocket,
    meeting_id: Annotated[int, Path(ge=1, le=2**31 - 1)],
    seat: Annotated[SeatQuery, Query()],
) -> None:
    gateway = services_of(socket).components[Gateway]
    await gateway.serve(socket, meeting_id, SeatRequest(seat.audience, seat.point, seat.device, seat.take))
