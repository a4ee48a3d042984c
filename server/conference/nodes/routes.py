"""Where media nodes dial in."""

import asyncio
import ipaddress
from typing import Any

import structlog
from fastapi import APIRouter, WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect

from media.contract import Hello, from_node
from server.conference.nodes.control_line import Line
from server.conference.nodes.registry import Nodes
from server.conference.secret import NodeSecret
from server.edge.dependencies import services_of
from server.edge.websockets import line_of

logger = structlog.get_logger(__name__)
router = APIRouter()

HELLO_SECONDS = 5.0
PROTOCOL_ERROR = 1002


_PATH = "/media/node"


def is_a_nodes(address: bytes) -> bool:
    """Whether this address of a WebSocket (path and query) is where media nodes dial in."""
    return address == _PATH.encode()


@router.websocket(_PATH)
async def media_node(socket: WebSocket) -> None:
    services = services_of(socket)
    scheme, _, bearer = socket.headers.get("authorization", "").partition(" ")
    name = services.components[NodeSecret].named(bearer, here=_from_this_machine(socket))
    if name is None or scheme != "Bearer":
        _refuse(socket, "needs a token of its own name: nhipcau node-token")
        await socket.close()
        return
    if not (services.settings.media_plain_line or _unread_on_the_way(socket)):
        _refuse(socket, "not encrypted")
        await socket.close()
        return
    await socket.accept()
    line_of(socket.scope).trust()
    hello = await _hello(socket)
    if hello is None or name not in ("", hello.node):
        if hello is not None:
            _refuse(socket, f"is called {hello.node}, the token is of {name}")
        await socket.close(PROTOCOL_ERROR)
        return
    line = Line(socket, hello)
    nodes = services.components[Nodes]
    nodes.attach(line, hello)
    try:
        await _run(socket, nodes, line)
    finally:
        nodes.detach(line)


def _refuse(socket: WebSocket, reason: str) -> None:
    logger.warning("media-node-refused", address=socket.client and socket.client.host, reason=reason)


def _unread_on_the_way(socket: WebSocket) -> bool:
    """Came by TLS (a proxy's word counts), or from this very machine."""
    return socket.url.scheme == "wss" or _from_this_machine(socket)


def _from_this_machine(socket: WebSocket) -> bool:
    there = socket.client.host if socket.client else ""
    if there == (socket.scope.get("server") or ("",))[0]:
        return True
    try:
        return ipaddress.ip_address(there).is_loopback
    except ValueError:
        return False


async def _hello(socket: WebSocket) -> Hello | None:
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            message = from_node.validate_json(await socket.receive_text())
    except (TimeoutError, ValidationError, WebSocketDisconnect, KeyError):
        return None
    return message if isinstance(message, Hello) else None


async def _run(socket: WebSocket, nodes: Nodes, line: Line) -> None:
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(_read(socket, nodes, line)),
        asyncio.create_task(line.write()),
        asyncio.create_task(line.broken.wait()),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
                logger.error("media-node-line-failed", node=line.name, exc_info=result)


async def _read(socket: WebSocket, nodes: Nodes, line: Line) -> None:
    while True:
        text = await socket.receive_text()
        try:
            message = from_node.validate_json(text)
        except ValidationError as error:
            # One message that this version does not know must not cost the line, and with it all media control.
            logger.warning("media-node-message-ignored", node=line.name, errors=error.errors(include_input=False)[:3])
            continue
        nodes.handle(line, message)
