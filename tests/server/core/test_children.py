import asyncio
import os
import sys
from pathlib import Path

from server.core.children import supervised

CHILD = "import os, sys, time; print(os.getpid(), flush=True); sys.stdin.read() if len(sys.argv) > 1 else None"


def written(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().split()] if log.exists() else []


async def pids(log: Path, count: int) -> list[int]:
    for _ in range(200):
        found = written(log)
        if len(found) >= count:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("the child was not started")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_child_that_ends_is_started_again(tmp_path: Path) -> None:
    log = tmp_path / "log" / "child.log"
    async with supervised("child", [sys.executable, "-c", CHILD], log):
        first, second = await pids(log, 2)
        assert first != second


async def test_a_child_ends_with_the_context(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    async with supervised("child", [sys.executable, "-c", CHILD, "stay"], log):
        (pid,) = await pids(log, 1)
        assert alive(pid)
    assert not alive(pid)
