"""Files made in a process of their own: what that costs the event loop, and what becomes of those who give up."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from server.core.actor import Actor
from server.edge.exports import Exports, ExportTooLarge, ExportUnderWay

SOMEBODY = Actor(person_id=1)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    place: str
    number: int


def counted(rows: list[Row]) -> bytes:
    print("what a library prints is not the file")
    return b"%d" % sum(row.number for row in rows)


def never_ends(marker: str) -> bytes:
    Path(marker).write_text(str(os.getpid()))
    while True:
        time.sleep(1)


def fails() -> bytes:
    raise ValueError("cannot")


def of_whom() -> bytes:
    return f"{os.getppid()} {'wave' in sys.modules}".encode()


def waves() -> bytes:
    import wave  # noqa: PLC0415  nothing else does

    return wave.WAVE_FORMAT_PCM.to_bytes()


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("not within its time")


async def test_a_list_of_thousands_costs_the_event_loop_nothing() -> None:
    rows = [Row(f"Đại biểu {number}", "Xã Hiệp An", number) for number in range(20_000)]
    exports = Exports()
    assert await exports.make(SOMEBODY, counted, [Row("", "", 1)]) == b"1"
    used = time.thread_time()
    assert await exports.make(SOMEBODY, counted, rows) == b"%d" % sum(range(20_000))
    assert time.thread_time() - used < 0.020


async def test_who_gives_up_ends_the_work(tmp_path: Path) -> None:
    exports, marker = Exports(), tmp_path / "pid"
    making = asyncio.create_task(exports.make(SOMEBODY, never_ends, str(marker)))
    await until(lambda: marker.exists() and bool(marker.read_text()))
    child = psutil.Process(int(marker.read_text()))
    with pytest.raises(ExportUnderWay):
        await exports.make(SOMEBODY, counted, [])
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    await until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert await exports.make(SOMEBODY, counted, []) == b"0"


async def test_what_takes_too_long_or_fails_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportTooLarge):
        await Exports().make(SOMEBODY, fails)
    exports = Exports(seconds=1)
    with pytest.raises(ExportTooLarge):
        await exports.make(SOMEBODY, never_ends, str(tmp_path / "pid"))


async def test_children_come_from_one_process_that_has_loaded_their_work() -> None:
    exports = Exports()
    nursery, _ = (await exports.make(SOMEBODY, of_whom)).split()
    assert await exports.make(SOMEBODY, waves)
    assert await exports.make(SOMEBODY, of_whom) == nursery + b" False", "what a child does is its own"
    os.kill(int(nursery), signal.SIGKILL)
    another, _ = (await exports.make(SOMEBODY, of_whom)).split()
    assert another != nursery, "one that was killed is started anew"
