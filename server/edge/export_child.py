"""Makes one file in a process of its own: the order, pickled by the server, on standard input; the file on standard
output behind a plus sign."""

import importlib
import os
import pickle
import resource
import sys

from server.core.clock import VIETNAM


def main() -> None:
    memory_mb, seconds = map(int, sys.argv[1:3])
    VIETNAM.become(sys.argv[3])
    module, function, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301  (the parent's own)
    os.nice(10)
    memory = memory_mb * 1024 * 1024
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, memory),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints
    made = getattr(importlib.import_module(module), function)(*arguments)
    output.write(b"+" + made)
    output.close()


if __name__ == "__main__":
    main()
