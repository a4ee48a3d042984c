"""A client of the server: sign-in by link, and the live channel."""

from __future__ import annotations

import asyncio
import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

COOKIE = "nhipcau_session"
"""With a prefix where the server has TLS."""
PING_SECONDS = 5.0
REPLY_SECONDS = 10.0
Message = dict[str, Any]


class SignInRefused(Exception):
    """The link is not accepted (any more)."""


class CommandFailed(Exception):
    """The server refused a command, or did not answer it in time."""


async def sign_in(server: str, token: str) -> str:
    """The session cookie ("name=value") for a personal link. Raises SignInRefused, or OSError without a server."""
    return await asyncio.to_thread(_sign_in, server, token)


def _sign_in(server: str, token: str) -> str:
    request = urllib.request.Request(  # noqa: S310  (the server's address is given by whoever starts the bots)
        f"{server}/api/session/link",
        data=json.dumps({"token": token}).encode(),
        headers={"Content-Type": "application/json", "X-Nhipcau": "1", "Origin": server},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            cookies = SimpleCookie()
            for header in response.headers.get_all("Set-Cookie", []):
                cookies.load(header)
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            raise OSError(f"the server answers {error.code}") from error
        raise SignInRefused(f"the link was refused ({error.code})") from error
    given = [cookie for cookie in cookies.values() if cookie.key.endswith(COOKIE) and cookie.value]
    if not given:
        raise SignInRefused("the server gave no session")
    return f"{given[0].key}={given[0].value}"


class LiveChannel:
    """One connection: iterate for messages (replies are taken out), send commands meanwhile.

    Raises OSError, TimeoutError or WebSocketException when it cannot be opened; iteration ends with the connection.
    """

    def __init__(self, server: str, path: str, cookie: str) -> None:
        self._server, self._path, self._cookie = server, path, cookie
        self._socket: ClientConnection | None = None
        self._replies: dict[int, asyncio.Future[Message]] = {}
        self._number = 0
        self._pings: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._socket = await connect(
            f"ws{self._server.removeprefix('http')}{self._path}",
            origin=Origin(self._server),
            additional_headers={"Cookie": self._cookie},
            max_size=16 * 1024 * 1024,
            ping_interval=None,
            open_timeout=10,
            close_timeout=1,
            proxy=None,
        )
        self._pings = asyncio.create_task(self._ping(self._socket))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pings is not None:
            self._pings.cancel()
        for reply in self._replies.values():
            reply.cancel()
        if self._socket is not None:
            await self._socket.close()

    @property
    def close_code(self) -> int | None:
        return self._socket.close_code if self._socket is not None else None

    async def __aiter__(self) -> AsyncIterator[Message]:
        if self._socket is None:
            return
        with contextlib.suppress(ConnectionClosed):
            async for text in self._socket:
                message: Message = json.loads(text)
                if message["type"] == "reply":
                    reply = self._replies.pop(message["id"], None)
                    if reply is not None and not reply.done():
                        reply.set_result(message)
                elif message["type"] != "pong":
                    yield message

    async def command(self, name: str, data: Message) -> Message:
        """The data of the reply. Raises CommandFailed."""
        if self._socket is None:
            raise CommandFailed(f"{name}: not connected")
        self._number += 1
        number = self._number
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send(json.dumps({"type": "command", "id": number, "name": name, "data": data}))
            message = await asyncio.wait_for(reply, REPLY_SECONDS)
        except (ConnectionClosed, TimeoutError) as error:
            raise CommandFailed(f"{name}: {error or 'no answer'}") from error
        finally:
            self._replies.pop(number, None)
        if not message["ok"]:
            raise CommandFailed(f"{name}: {(message.get('error') or {}).get('code')}")
        answer: Message = message["data"]
        return answer

    async def _ping(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(PING_SECONDS)
                await socket.send('{"type":"ping"}')
