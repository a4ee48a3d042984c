"""How uvicorn serves this application: with our HTTP and WebSocket protocols."""

import socket
from collections.abc import Mapping
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from server.edge.budgets import Connections
from server.edge.files import FilesProtocol
from server.edge.turnstile import Turnstile
from server.edge.websockets import LineProtocol

_LARGEST_FRAME = 512 * 1024
"""Bytes of one WebSocket frame: an SDP offer with thirty slots is a tenth of it."""
BACKLOG = 16_384
"""Connections that wait to be accepted: a whole conference comes back within seconds after a restart. Linux grants no
more than net.core.somaxconn (4,096 unless raised); what is beyond comes again after 1, 3 and 7 s."""
_ACCEPTED_AT_ONCE = 32
"""uvloop accepts one connection of a listener in each turn of the loop (libuv's `uv__server_io`). In a crowd a turn has
much else to do, so whoever knocked would wait behind all before them, and the kernel's queue run over. The listener is
therefore watched under as many descriptors; to look in vain costs half a microsecond each. Taking a connection in costs
a tenth of a millisecond, for which everybody else stands still."""


class _Config(uvicorn.Config):
    """Carries what the protocols count in."""

    connections: Connections
    turnstile: Turnstile


def watched(listener: socket.socket) -> list[socket.socket]:
    """The bound socket under all the descriptors that uvicorn is to listen at: one queue, accepted from faster."""
    return [listener, *(listener.dup() for _ in range(_ACCEPTED_AT_ONCE - 1))]


def configuration(
    app: ASGIApp, grace: int, *, connections: Connections, turnstile: Turnstile, **more: Any
) -> uvicorn.Config:
    """`grace`: seconds that requests under way have to end."""
    options: Mapping[str, Any] = {
        "http": FilesProtocol,
        "ws": LineProtocol,
        "ws_max_size": _LARGEST_FRAME,
        # A deflate window for each socket is 300 KB, and every text would be packed once for each client.
        "ws_per_message_deflate": False,
        # The live channel has its own heartbeat; this one notices dead TCP connections of media nodes.
        "ws_ping_interval": 20,
        "ws_ping_timeout": 20,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "backlog": BACKLOG,
        "timeout_graceful_shutdown": grace,
    }
    config = _Config(app, **{**options, **more})
    config.connections = connections
    config.turnstile = turnstile
    return config
