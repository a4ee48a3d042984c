"""The line of a media node carries the secret that makes a node: nobody on the way may read it."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from starlette.websockets import WebSocket

from media.node.__main__ import encrypted_or_here
from server.conference.nodes.routes import _unread_on_the_way
from tests.server.test_command_line import nhipcau


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
