"""The line of a media node carries the secret that makes a node: nobody on the way may read it."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from fastapi import FastAPI
from starlette.websockets import WebSocket
from websockets.exceptions import InvalidStatus
from websockets.protocol import State

from media.contract import Hello
from media.node.__main__ import encrypted_or_here
from server.conference.nodes.registry import Nodes
from server.conference.nodes.routes import _unread_on_the_way
from server.conference.secret import NodeSecret
from server.core.config import Settings
from server.core.services import Services
from tests.server.test_command_line import nhipcau
from tests.sockets import FakeNode, LiveServer


@pytest.mark.parametrize(
    ("scheme", "client", "server", "taken"),
    [
        ("ws", "127.0.0.1", "127.0.0.1", True),
        ("ws", "::1", "::1", True),
        ("ws", "10.0.0.5", "10.0.0.5", True),  # the embedded node of a server that listens there
        ("ws", "10.0.0.6", "10.0.0.5", False),
        ("wss", "10.0.0.6", "10.0.0.5", True),
        ("ws", "", "10.0.0.5", False),
    ],
)
def test_which_lines_the_server_takes(scheme: str, client: str, server: str, *, taken: bool) -> None:
    socket = SimpleNamespace(
        url=SimpleNamespace(scheme=scheme),
        client=SimpleNamespace(host=client) if client else None,
        scope={"server": (server, 8000)},
    )
    assert _unread_on_the_way(cast(WebSocket, socket)) is taken


@pytest.mark.parametrize(
    ("url", "dialled"),
    [
        ("ws://127.0.0.1:8000/media/node", True),
        ("ws://localhost:8000/media/node", True),
        ("ws://[::1]:8000/media/node", True),
        ("wss://hop.example/media/node", True),
        ("ws://hop.example/media/node", False),
        ("ws://10.0.0.5:8000/media/node", False),
        ("hop.example", False),
    ],
)
def test_which_lines_a_node_dials(url: str, *, dialled: bool) -> None:
    assert encrypted_or_here(url) is dialled


def test_a_folder_that_was_open_is_closed(tmp_path: Path) -> None:
    """As `install -d` makes it; and nothing in it is for others."""
    var = tmp_path / "var"
    var.mkdir(mode=0o755)
    var.chmod(0o755)
    made = nhipcau(var, "init", "--unit", "Tỉnh Lâm Đồng", "--name", "Trần Quản Trị")
    assert made.returncode == 0, made.stderr
    assert var.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in var.rglob("*") if path.stat().st_mode & 0o077] == []


async def test_a_token_speaks_for_its_own_node_alone(app: FastAPI, server: LiveServer, services: Services) -> None:
    secret, nodes = services.components[NodeSecret], services.components[Nodes]
    token = secret.token("node-1")

    async def taken(bearer: str) -> bool:
        """As a node that calls itself node-1."""
        try:
            connection = await FakeNode.connect(server, bearer)
        except InvalidStatus:
            return False
        node = FakeNode(connection)
        await node.say(Hello(node="node-1", boot="boot-1", version="test"))
        async with asyncio.timeout(10):
            while connection.state is State.OPEN and nodes._active is None:  # noqa: ASYNC110  (nothing tells)
                await asyncio.sleep(0.01)
        known = nodes._active is not None
        await node.close()
        await server.settled(lambda: nodes._active is None)
        return known

    assert await taken(token)
    assert await taken(secret.value())  # of this very machine
    assert not await taken(secret.token("node-2"))
    assert not await taken("node-1:" + secret.token("node-2").partition(":")[2])
    assert not await taken("node-1:")
    assert not await taken("")


def test_a_leaked_token_ends_alone_and_the_secret_stays_at_home(tmp_path: Path) -> None:
    secret = NodeSecret(Settings(var=tmp_path))
    one, two = secret.token("node-1"), secret.token("node-2")
    assert one.partition(":")[2] != two.partition(":")[2]
    assert secret.value() not in one
    for here in (True, False):
        assert (secret.named(one, here=here), secret.named(two, here=here)) == ("node-1", "node-2")
    assert secret.named(secret.value(), here=True) == ""
    assert secret.named(secret.value(), here=False) is None
    revoking = NodeSecret(Settings(var=tmp_path, media_revoked="node-2,node-9"))
    assert (revoking.named(one, here=False), revoking.named(two, here=False)) == ("node-1", None)
    assert NodeSecret(Settings(var=tmp_path, media_secret="another")).named(one, here=False) is None


def test_the_command_prints_a_token(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir()
    printed = nhipcau(var, "node-token", "node-da-lat")
    assert printed.returncode == 0, printed.stderr
    token = printed.stdout.strip()
    assert NodeSecret(Settings(var=var)).named(token, here=False) == "node-da-lat"
    assert nhipcau(var, "node-token", "a:b").returncode == 2
