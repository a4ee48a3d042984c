"""The embedded media node's process: started, started again, never left behind."""

import asyncio
import contextlib
import os
import stat
import sys
from pathlib import Path

from server.conference.nodes.supervisor import Supervisor, node_command
from server.conference.secret import media_secret, secret_file
from server.core.config import Settings

NODE = """
import os, sys
with open(sys.argv[1], "a") as log:
    log.write(f"{os.getpid()}\\n")
while os.read(0, 1):
    pass
"""
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1], "a") as log:
    log.write(f"{os.getpid()}\\n")
time.sleep(60)
"""


def started(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().split()] if log.exists() else []


async def until_started(log: Path, times: int) -> int:
    async with asyncio.timeout(20):
        while len(started(log)) < times:  # noqa: ASYNC110  (another process writes the file)
            await asyncio.sleep(0.02)
    return started(log)[-1]


def alive(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    return False


async def test_it_starts_again_and_ends_cleanly(tmp_path: Path) -> None:
    log = tmp_path / "log"
    supervisor = Supervisor([sys.executable, "-c", NODE, str(log)], shortest_wait=0.05)
    supervisor.start()
    first = await until_started(log, 1)
    os.kill(first, 9)
    second = await until_started(log, 2)
    assert second != first
    await supervisor.stop()
    assert not alive(second)
    assert supervisor.process is None
    await asyncio.sleep(0.2)
    assert len(started(log)) == 2


async def test_a_process_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: object) -> None:
    log = tmp_path / "log"
    supervisor = Supervisor([sys.executable, "-c", STUBBORN, str(log)])
    supervisor.start()
    pid = await until_started(log, 1)
    await supervisor.stop()
    assert not alive(pid)


async def test_a_command_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    supervisor = Supervisor([str(tmp_path / "nothing")], shortest_wait=0.01)
    supervisor.start()
    await asyncio.sleep(0.1)
    await supervisor.stop()


async def test_no_node_outlives_a_killed_server(tmp_path: Path) -> None:
    log = tmp_path / "log"
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import asyncio, sys\n"
        "from server.conference.nodes.supervisor import Supervisor\n"
        "async def run():\n"
        "    Supervisor([sys.executable, '-c', sys.argv[1], sys.argv[2]]).start()\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(run())",
        NODE,
        str(log),
    )
    node = await until_started(log, 1)
    server.kill()
    await server.wait()
    async with asyncio.timeout(5):
        while alive(node):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def test_the_command_dials_this_server(tmp_path: Path) -> None:
    settings = Settings(host="0.0.0.0", port=9000, media_advertise=("10.1.2.3",), var=tmp_path)
    command = node_command(settings, secret_file(settings))
    assert command[command.index("--server") + 1] == "ws://127.0.0.1:9000/media/node"
    assert command[command.index("--bind") + 1] == "0.0.0.0:7000"
    assert command[command.index("--advertise") + 1] == "10.1.2.3"


def test_the_secret_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    made = media_secret(settings)
    assert len(made) >= 32
    assert media_secret(settings) == made
    assert stat.S_IMODE(secret_file(settings).stat().st_mode) == 0o600
    assert media_secret(Settings(var=tmp_path, media_secret="given")) == "given"
    assert secret_file(settings).read_text().strip() == "given"
    assert stat.S_IMODE(secret_file(settings).stat().st_mode) == 0o600
