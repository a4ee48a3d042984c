"""Keeps a process ready for each export: one that has loaded already what the export's work needs, and is forked.

To load it anew took a second of a core for each file, of which its making takes a tenth. Reads orders from the socket
on standard input: limits, zone and module as JSON, with the child's standard input, output and errors; answers with a
plus sign and the child's pidfd (pidfd_open(2)), or a minus sign if it has ended already. Ends when the socket does.
"""

import contextlib
import importlib
import json
import os
import signal
import socket
import traceback
from typing import Any

from server.edge import export_child

ORDER_BYTES = 4096


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's, meant for the server
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    with socket.socket(fileno=os.dup(0)) as orders:
        while True:
            told, descriptors, _, _ = socket.recv_fds(orders, ORDER_BYTES, 3)
            if not told:
                return
            order = json.loads(told)
            with contextlib.suppress(Exception):  # is said by the child, which will meet it, too
                importlib.import_module(order["module"])
            child = os.fork()
            if child == 0:
                orders.close()
                _become(order, descriptors)
            try:
                of_child = os.pidfd_open(child)
            except ProcessLookupError:  # has ended already
                orders.send(b"-")
            else:
                socket.send_fds(orders, [b"+"], [of_child])
                os.close(of_child)
            for descriptor in descriptors:
                os.close(descriptor)


def _become(order: dict[str, Any], descriptors: list[int]) -> None:
    """The forked child, to its end."""
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for standard, descriptor in enumerate(descriptors):
            os.dup2(descriptor, standard)
            os.close(descriptor)
        export_child.make(order["memory_mb"], order["seconds"], order["zone"])
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()
