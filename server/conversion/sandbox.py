"""The server's side of a conversion: starts its process, hears its progress, and ends it, with everything it started,
when it takes too long or too much."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from server.conversion.isolation import Isolation, shut_in, take_back
from server.conversion.messages import ORDER, Limits, Step
from server.conversion.refusals import problem
from server.core.processes import ended, output_of, started

CONVERSION = "server.conversion"
_LOOK_EVERY = 0.5
"""Seconds between looks at the memory in use."""
_PAGE_SECONDS = 6.0
"""More for every page that it says it has: recognising one takes up to 3 of a core, twice that on a busy machine."""
_LINE_MAX = 64 * 1024
_SAID = "said"
"""File of its standard error."""
_SAID_SHOWN = 2000
_CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSYS})
_SIGNALLED = 128
"""bwrap(1) ends with this and the signal's number when a signal ended the program."""


_T = TypeVar("_T")


class ConversionFailed(Exception):
    """Our fault: the file may be fine."""


async def steps(
    folder: Path, order: Limits, seconds: float, program: str = CONVERSION, isolation: Isolation = "bwrap"
) -> AsyncGenerator[Step]:
    """Runs the conversion (or another program of its kind) on the folder; the last step has a problem or is done.
    Closing or cancelling ends the process.

    Raises ConversionFailed, NotIsolated."""
    for name in ("home", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    (folder / ORDER).write_text(order.model_dump_json(), encoding="utf-8")
    way = await asyncio.to_thread(shut_in, isolation, folder, program)
    with (folder / _SAID).open("wb") as said:
        child = await started(
            [*way.command, sys.executable, "-P", "-m", program, way.folder],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=folder,
            env=way.environment,
            start_new_session=True,
        )
    lines, pipe = await output_of(child, _LINE_MAX)
    watch = asyncio.create_task(_watch(child.pid, order.memory_mb))
    began = asyncio.get_running_loop().time()
    deadline = began + seconds
    concluded = too_long = False
    try:
        try:
            # The limit is on waiting alone: it must not strike whoever works on a step that was given out.
            while line := await _before(deadline, lines.readline()):
                step = Step.model_validate_json(line)
                concluded = concluded or step.done or step.problem is not None
                deadline = max(deadline, began + seconds + step.pages * _PAGE_SECONDS)
                yield step
            await _before(deadline, ended(child))
        except TimeoutError:
            too_long = True
        except (ValidationError, ValueError) as error:
            raise ConversionFailed(f"said something strange: {error}"[:_SAID_SHOWN]) from error
    finally:
        watch.cancel()
        _end(child.pid)
        pipe.close()
        await ended(child)
        await asyncio.to_thread(take_back, folder)
    if concluded:
        return
    if too_long:
        yield Step(problem=problem("time"))
    elif watch.done() and not watch.cancelled() and watch.exception() is None:
        yield Step(problem=problem("memory"))
    else:
        yield _last_step(child.returncode or 0, folder)


async def _before(deadline: float, coming: Awaitable[_T]) -> _T:
    async with asyncio.timeout_at(deadline):
        return await coming


def _last_step(code: int, folder: Path) -> Step:
    """Of a process that ended without a word."""
    said = (folder / _SAID).read_text(encoding="utf-8", errors="replace")[-_SAID_SHOWN:]
    killed_by = code - _SIGNALLED if code > _SIGNALLED else -code
    if killed_by == signal.SIGXCPU:
        return Step(problem=problem("time"))
    if killed_by == signal.SIGKILL:  # by the machine's own memory watch
        return Step(problem=problem("memory"))
    if killed_by in _CRASHES:
        return Step(problem=problem("damaged"))
    raise ConversionFailed(f"ended with {code}: {said}")


async def _watch(session: int, memory_mb: int) -> None:
    """Returns, having ended them, when all processes of the session together hold more than this."""
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        if await asyncio.to_thread(_memory_of, session) > memory_mb * 1024 * 1024:
            _end(session)
            return


def _memory_of(session: int) -> int:
    """Bytes that belong to the session's processes alone (what they share is counted with nobody)."""
    pages = 0
    for entry in os.scandir("/proc"):
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            # proc(5): after the name in brackets come state, parent, group, session.
            if int(Path(entry.path, "stat").read_text().rpartition(")")[2].split()[3]) == session:
                resident, shared = Path(entry.path, "statm").read_text().split()[1:3]
                pages += int(resident) - int(shared)
    return pages * os.sysconf("SC_PAGE_SIZE")


def _end(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def clear(folder: Path) -> None:
    """Removes a job's folder, whatever is left in it."""
    shutil.rmtree(folder, ignore_errors=True)
