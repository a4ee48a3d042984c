"""The embedded media node's process and its secret."""

import asyncio
import contextlib
import os
import stat
import sys
from pathlib import Path

from server.cli.settings import seen_by_every_browser
from server.conference.nodes.process import node_command
from server.conference.secret import NodeSecret, secret_file
from server.core.config import Settings

NODE = """
import os, sys
with open(sys.argv[1], "a") as log:
    log.write(f"{os.getpid()}\\n")
while os.read(0, 1):
    pass
"""
SERVER = """
import asyncio, sys
from pathlib import Path
from server.core.children import supervised
async def run():
    async with supervised("node", [sys.executable, "-c", sys.argv[1], sys.argv[2]], Path(sys.argv[2] + ".log")):
        await asyncio.sleep(60)
asyncio.run(run())
"""


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    return False


async def test_no_node_outlives_a_killed_server(tmp_path: Path) -> None:
    log = tmp_path / "pids"
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVER, NODE, str(log))
    async with asyncio.timeout(30):
        while not (log.exists() and log.read_text().endswith("\n")):  # noqa: ASYNC110  (another process writes it)
            await asyncio.sleep(0.02)
    node = int(log.read_text())
    assert alive(node)
    server.kill()
    await server.wait()
    async with asyncio.timeout(30):
        while alive(node):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def test_the_command_dials_this_server(tmp_path: Path) -> None:
    settings = Settings(host="0.0.0.0", port=9000, media_advertise=("10.1.2.3",), var=tmp_path)
    command = node_command(settings, secret_file(settings))
    assert command[command.index("--server") + 1] == "ws://127.0.0.1:9000/media/node"
    assert command[command.index("--bind") + 1] == "0.0.0.0:7000"
    assert command[command.index("--advertise") + 1] == "10.1.2.3"
    assert "--supervised" in command


def test_the_demo_reaches_browsers_that_know_no_loopback(tmp_path: Path) -> None:
    assert seen_by_every_browser(Settings(var=tmp_path)).media_address == "0.0.0.0:7000"
    chosen = Settings(var=tmp_path, media_bind="127.0.0.1:7100")
    assert seen_by_every_browser(chosen).media_address == "127.0.0.1:7100"
    assert seen_by_every_browser(Settings(var=tmp_path, host="192.0.2.7")).media_address == "192.0.2.7:7000"


def test_the_secret_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    made = NodeSecret(settings).value()
    assert len(made) >= 32
    assert NodeSecret(settings).value() == made
    assert stat.S_IMODE(secret_file(settings).stat().st_mode) == 0o600
    assert NodeSecret(Settings(var=tmp_path, media_secret="given")).value() == "given"
    assert secret_file(settings).read_text().strip() == "given"
    assert stat.S_IMODE(secret_file(settings).stat().st_mode) == 0o600
