"""Makes one file in a process of its own: the order, pickled by the server, on standard input; the file on standard
output, and behind it a plus sign, which says that it is whole."""

import importlib
import os
import pickle
import resource

from server.core.clock import VIETNAM

WHOLE = b"+"


def make(memory_mb: int, seconds: int, zone: str) -> None:
    VIETNAM.become(zone)
    with os.fdopen(0, "rb", closefd=False) as ordered:
        module, function, arguments = pickle.load(ordered)  # noqa: S301  (the parent's own)
    os.nice(10)
    memory = memory_mb * 1024 * 1024
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, memory),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    with os.fdopen(os.dup(1), "wb") as output:
        os.dup2(2, 1)  # whatever a library prints
        output.write(getattr(importlib.import_module(module), function)(*arguments))
        output.write(WHOLE)
