"""The process that a running server makes its backups in: settings come by standard input, what came of it leaves by
standard output."""

import asyncio
import os
import sys

from server.backup.jobs import Outcome
from server.backup.making import make
from server.core.config import Settings
from server.core.errors import DomainError

_NICE = 10
"""Whoever is in a conference comes first."""


def main() -> None:
    os.umask(0o077)
    os.nice(_NICE)
    settings = Settings.model_validate_json(sys.stdin.read())
    try:
        made = asyncio.run(make(settings))
    except DomainError as error:
        outcome = Outcome(vi=error.vi, en=error.en)
    except OSError as error:
        outcome = Outcome(vi=str(error), en=str(error))
    else:
        outcome = Outcome(name=made.name, new_objects=made.new_objects, seconds=made.seconds)
    print(outcome.model_dump_json())


if __name__ == "__main__":
    main()
