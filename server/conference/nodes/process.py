"""How the embedded media node is started (`core.children` keeps it running)."""

import sys
from pathlib import Path

from server.core.config import Settings


def node_command(settings: Settings, secret_file: Path) -> list[str]:
    """The node dials this very server, and ends when its standard input is closed."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(settings.host, settings.host)
    command = [
        *(sys.executable, "-m", "media.node", "--supervised"),
        *("--server", f"ws://{host}:{settings.port}/media/node"),
        *("--secret-file", str(secret_file), "--bind", settings.media_address),
    ]
    for address in settings.media_advertise:
        command += ["--advertise", address]
    if settings.media_tcp_bind is not None:
        command += ["--tcp", settings.media_tcp_bind]
    for address in settings.media_tcp_advertise:
        command += ["--advertise-tcp", address]
    return command
