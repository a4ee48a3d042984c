"""`python -m tests.server.backup.killed make|restore`, settings on standard input: the process that makes or restores a
backup is killed before its first step, before its second, and so on, until one is not killed. Each is a fork of this
one; after each the backups that count are looked at. Prints, as JSON, the steps and what was there after each."""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from server.backup import making, restoring
from server.backup.checking import verify
from server.backup.places import Shelf
from server.backup.unfinished import marker
from server.core.config import Settings
from server.core.storage import Storage
from server.migrations import require_known, upgrade

STEPS: list[tuple[Any, str]] = [
    (Storage, "put"),
    (Storage, "put_folder"),
    (Storage, "delete"),
    (Storage, "delete_folder"),
    (Shelf, "settle"),
    (making, "dump"),
    (making, "write_private"),
    (restoring, "write_private"),
    (restoring.keys, "put_back"),
    (shutil, "move"),
    (os, "sync"),
]
OF_POSTGRESQL: list[tuple[Any, str]] = [(restoring.database, "load_postgresql"), (os, "sync")]
"""Bringing its schema up takes seconds each time, and all else is the same."""


def die_before(step: int, steps: list[tuple[Any, str]]) -> None:
    """This process, when it comes to the step of that number."""
    left = [step]

    def counted(whole: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return whole(*arguments, **named)

        return call

    for owner, name in steps:
        setattr(owner, name, counted(getattr(owner, name)))


def forked(work: Callable[[], object]) -> int:
    """The signal that ended it, or 0."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "neither killed nor done"
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def main() -> None:
    settings = Settings.model_validate_json(sys.stdin.readline())
    identity, place = sys.stdin.readline().strip(), settings.backup_to or ""
    making_one = sys.argv[1] == "make"

    def work() -> None:
        if making_one:
            asyncio.run(making.make(settings))
        else:
            ways = restoring.Schema(upgrade, require_known)
            asyncio.run(restoring.restore(settings, place, identity, ways))

    def cut_off() -> None:
        die_before(step, STEPS if making_one or settings.database.startswith("sqlite") else OF_POSTGRESQL)
        work()

    def look() -> None:
        asyncio.run(verify(settings, place, identity))

    step, seen = 1, []
    while forked(cut_off) == signal.SIGKILL:
        if making_one:
            assert forked(look) == 0
        seen.append([len(list(Path(place).glob("backups/*/index.json"))), marker(settings).exists()])
        step += 1
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
