import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server.core.processes import ended, output_of, started


async def test_what_it_says_and_how_it_ends() -> None:
    process = await started(
        [sys.executable, "-c", "print('one'); print('two'); raise SystemExit(3)"], stdout=subprocess.PIPE
    )
    lines, pipe = await output_of(process, 1024)
    assert [line async for line in lines] == [b"one\n", b"two\n"]
    assert await ended(process) == 3
    assert await ended(process) == 3
    pipe.close()


async def test_it_is_waited_for_while_the_loop_goes_on() -> None:
    process = await started([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    waiting = asyncio.create_task(ended(process))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    process.kill()
    assert await waiting == -9
    assert process.stdin is not None
    process.stdin.close()


async def test_who_is_cancelled_while_it_starts_leaves_none_behind(tmp_path: Path) -> None:
    code = "import sys, time; open(sys.argv[1], 'w').close(); time.sleep(60)"
    for _ in range(5):
        task = asyncio.create_task(started([sys.executable, "-c", code, str(tmp_path / "lives")], cwd=tmp_path))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with asyncio.timeout(20):
        while any(tmp_path.samefile(each) for each in folders()):  # noqa: ASYNC110  (the kernel tells nobody)
            await asyncio.sleep(0.05)


def folders() -> list[Path]:
    """Where the processes of this machine work that may be looked at."""
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdecimal():
            try:
                found.append((each / "cwd").readlink())
            except OSError:
                continue
    return [each for each in found if each.exists()]


async def test_starting_one_costs_the_loop_next_to_nothing_however_large_this_process_is() -> None:
    """Page tables of 400 MB take 5 ms and more to copy."""
    ballast = bytearray(400 * 2**20)
    for at in range(0, len(ballast), 4096):
        ballast[at] = 1
    loop = asyncio.get_running_loop()
    before = time.thread_time()
    process = await started([sys.executable, "-c", ""])
    spent = time.thread_time() - before
    assert await ended(process) == 0
    assert spent < 0.004
    assert loop.is_running()
