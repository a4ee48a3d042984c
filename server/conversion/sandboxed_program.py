"""The frame of a program that works on files in a process of its own: limits on itself, progress as JSON lines on
standard output, what libraries print on standard error."""

import errno
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from pydantic import BaseModel

from server.conversion.messages import Limits, Stage, Step
from server.conversion.refusals import Refused, problem

_OPEN_FILES = 1024
_NICENESS = 10
"""Whoever is waiting for a page comes first."""
_LAST_WORDS = 2
"""Seconds of processor time."""
_TELL_EVERY = 0.3
"""Seconds."""


class Tell(Protocol):
    def __call__(self, stage: Stage, progress: float, page: int = 0, pages: int = 0) -> None:
        """With the progress over the whole way; `page` from 1, where the stage goes page by page."""


def run(limits: Limits, work: Callable[[Tell], None]) -> int:
    """`work` imports the parsers: it is called under the limits."""
    limit(limits)
    said = _Said()
    try:
        work(said.progress)
    except Refused as refused:
        said.say(Step(problem=refused.said))
    except MemoryError:
        said.say(Step(problem=problem("memory")))
    except OSError as error:
        code = {errno.ENOMEM: "memory", errno.EFBIG: "bomb"}.get(error.errno or 0)
        if code is None:
            raise
        said.say(Step(problem=problem(code)))
    else:
        said.say(Step(progress=1.0, done=True))
    return 0


def limit(limits: Limits) -> None:
    """For this process and all it starts."""
    os.nice(_NICENESS)
    for what, most in (
        (resource.RLIMIT_AS, limits.memory_mb * 1024 * 1024),
        (resource.RLIMIT_FSIZE, limits.file_mb * 1024 * 1024),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    # First a signal that can be told of, then the end.
    signal.signal(signal.SIGXCPU, _out_of_time)
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds + _LAST_WORDS))


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Of this process's processor time. Refused beyond it."""
    signal.signal(signal.SIGPROF, _out_of_time)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _out_of_time(_signal: int, _frame: object) -> None:
    raise Refused("time")


class _Said:
    def __init__(self) -> None:
        # Whatever else writes to standard output writes to standard error from here on.
        self._output = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._stage: Stage | None = None
        self._next = 0.0

    def progress(self, stage: Stage, progress: float, page: int = 0, pages: int = 0) -> None:
        now = time.monotonic()
        if stage == self._stage and now < self._next:
            return
        self._stage, self._next = stage, now + _TELL_EVERY
        self.say(Step(stage=stage, progress=round(progress, 3), page=page, pages=pages))

    def say(self, step: BaseModel) -> None:
        self._output.write(step.model_dump_json(exclude_defaults=True) + "\n")
        self._output.flush()
