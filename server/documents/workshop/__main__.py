"""The program of the workshop."""

<<<<<<< HEAD
import errno
import os
import resource
import signal
=======
>>>>>>> speed
import sys
from pathlib import Path

<<<<<<< HEAD
from pydantic import BaseModel

from server.documents.workshop.order import ORDER, Order, Stage, Step
from server.documents.workshop.problems import Refused, problem

_OPEN_FILES = 1024
_NICENESS = 10
"""Whoever is waiting for a page comes first."""
_LAST_WORDS = 2
"""Seconds of processor time."""
_TELL_EVERY = 0.3
"""Seconds."""
=======
from server.documents.workshop.order import ORDER, Order
from server.documents.workshop.program import Tell, run
>>>>>>> speed


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
    order = Order.model_validate_json((folder / ORDER).read_bytes())

    def go(tell: Tell) -> None:
        from server.documents.workshop.steps import work  # noqa: PLC0415  after the limits: it loads the parsers

        work(folder, order, tell)

<<<<<<< HEAD

def _limit(order: Order) -> None:
    os.nice(_NICENESS)
    for what, most in (
        (resource.RLIMIT_AS, order.memory_mb * 1024 * 1024),
        (resource.RLIMIT_FSIZE, order.file_mb * 1024 * 1024),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    # First a signal that can be told of, then the end.
    signal.signal(signal.SIGXCPU, _out_of_time)
    resource.setrlimit(resource.RLIMIT_CPU, (order.seconds, order.seconds + _LAST_WORDS))


def _out_of_time(_signal: int, _frame: object) -> None:
    raise Refused("time")


class _Said:
    def __init__(self) -> None:
        # Whatever else writes to standard output writes to standard error from here on.
        self._output = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._stage: Stage | None = None
        self._next = 0.0

    def progress(self, stage: Stage, progress: float) -> None:
        now = time.monotonic()
        if stage == self._stage and now < self._next:
            return
        self._stage, self._next = stage, now + _TELL_EVERY
        self.say(Step(stage=stage, progress=round(progress, 3)))

    def say(self, step: BaseModel) -> None:
        self._output.write(step.model_dump_json(exclude_defaults=True) + "\n")
        self._output.flush()
=======
    return run(order, go)
>>>>>>> speed


if __name__ == "__main__":
    sys.exit(main())
