"""The product's server as a simulated hall meets it: sign-in by link, the live channel, media through a real node."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket
from starlette.websockets import WebSocketDisconnect
from websockets.exceptions import ConnectionClosed

from media.contract import Answer, Demand, SessionState
from tests.media.control_server import ControlServer, NodeProcess

TOKEN = "token-{}"


class LiveServer:
    """`sockets` are the halls that are here now, by point; `commands` what they asked, as (point, name, data)."""

    def __init__(self, control: ControlServer) -> None:
        self.control = control
        self.boot = ""
        self.presence = "testing"
        self.sockets: dict[int, WebSocket] = {}
        self.commands: list[tuple[int, str, dict[str, Any]]] = []
        self.joins = 0
        self._port = 0
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._forwarding: asyncio.Task[None] | None = None
        self._heard = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Serves; on the same port as before when it was stopped."""
        app = FastAPI()
        app.post("/api/session/link")(self._sign_in)
        app.websocket("/api/meetings/{meeting}/live")(self._live)
        config = uvicorn.Config(
            app, host="127.0.0.1", port=self._port, log_level="warning", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:  # noqa: ASYNC110  (uvicorn tells by this flag alone)
            await asyncio.sleep(0.01)
        self._port = self._server.servers[0].sockets[0].getsockname()[1]
        self._forwarding = asyncio.create_task(self._forward())

    async def stop(self) -> None:
        if self._forwarding is not None:
            self._forwarding.cancel()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving

    async def announce_node(self, boot: str) -> None:
        self.boot = boot
        for socket in list(self.sockets.values()):
            await socket.send_json(signal("media-node", up=True, boot=boot))

    def asked(self, name: str) -> list[dict[str, Any]]:
        return [data for _, asked, data in self.commands if asked == name]

    async def _sign_in(self, request: Request, response: Response) -> dict[str, str]:
        body = await request.json()
        right = request.headers.get("x-nhipcau") == "1" and request.headers.get("origin") == self.url
        if not right or not str(body["token"]).startswith("token-"):
            response.status_code = 403
            return {}
        self.joins += 1
        response.set_cookie("nhipcau_session", f"session of {body['token']}", httponly=True, samesite="lax")
        return {"next": "/hall"}

    async def _live(self, socket: WebSocket, meeting: int, point: int) -> None:
        await socket.accept()
        if socket.headers.get("origin") != self.url or "session of token-" not in socket.cookies["nhipcau_session"]:
            await socket.close(4401)
            return
        self.sockets[point] = socket
        own = {"id": point, "presence": self.presence, "floor": False, "hand_at": None}
        await socket.send_json(
            {
                "type": "snapshot",
                "seq": 1,
                "now": "2026-01-01T00:00:00Z",
                "participant": f"point-{point}",
                "audience": "hall",
                "media": True,
                "collections": {"points": {str(point): own}},
            }
        )
        await socket.send_json(signal("media-node", up=True, boot=self.boot))
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                message = await socket.receive_json()
                if message["type"] == "command":
                    self.commands.append((point, message["name"], message["data"]))
                    await socket.send_json(await self._reply(point, message))
        if self.sockets.get(point) is socket:
            del self.sockets[point]

    async def _reply(self, point: int, message: dict[str, Any]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        if message["name"] == "media.offer":
            asked = message["data"]
            try:
                answer = await self.control.offer(
                    f"point-{point}", asked["session"], asked["sdp"], publish=asked["publish"], slots=asked["slots"]
                )
            except ConnectionClosed:
                error = {"code": "unavailable", "vi": "", "en": "", "details": {}}
                return {"type": "reply", "id": message["id"], "ok": False, "data": {}, "error": error}
            assert isinstance(answer, Answer), answer
            data = {"sdp": answer.sdp, "boot": self.boot}
        return {"type": "reply", "id": message["id"], "ok": True, "data": data}

    async def _forward(self) -> None:
        """What the node says of a hall goes to the hall."""
        while True:
            message = await self.control.until(self._next, seconds=3600)
            if not isinstance(message, Demand | SessionState):
                continue
            socket = self.sockets.get(int(message.participant.rpartition("-")[2]))
            if socket is None:
                continue
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                if isinstance(message, Demand):
                    await socket.send_json(signal("demand", camera=message.camera, content=message.content))
                else:
                    said = {"session": message.session, "state": message.state, "reason": message.reason}
                    await socket.send_json(signal("media-session", **said))

    def _next(self) -> object | None:
        if self._heard >= len(self.control.heard):
            return None
        self._heard += 1
        return self.control.heard[self._heard - 1]


def signal(kind: str, **data: object) -> dict[str, Any]:
    return {"type": "signal", "kind": kind, "data": data}


@contextlib.asynccontextmanager
async def conference(folder: Path) -> AsyncIterator[tuple[LiveServer, NodeProcess]]:
    control = ControlServer()
    await control.start()
    node = await NodeProcess.start(control, folder)
    live = LiveServer(control)
    try:
        live.boot = (await control.hello(1)).boot
        await live.start()
        yield live, node
    finally:
        await live.stop()
        if node.process.returncode is None:
            await node.end()
        await control.stop()
