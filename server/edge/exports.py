"""Files that somebody takes away and that take a core to make: one after the other, each in a process of its own under
limits, so that the largest of them costs its own maker's patience and nothing else.

The work is a function of the server named by module, called in the child with plain arguments.
"""

import asyncio
import json
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import structlog
from fastapi import Depends

from server.core.actor import Actor
from server.core.clock import VIETNAM
from server.core.errors import DomainError, TooMany
from server.edge.budgets import EXPORT_MEMORY_MB, EXPORT_SECONDS, EXPORTS_WAITING
from server.edge.dependencies import component
from server.edge.export_child import WHOLE

T = TypeVar("T")

log = structlog.get_logger(__name__)

_ROOT = Path(__file__).parents[2]


_PATIENCE = 3
"""The child lets others go first: it may take so many times its processor time."""


class ExportUnderWay(TooMany):
    vi = "Đồng chí đang có một tệp được tạo. Đợi tệp ấy xong rồi xuất tiếp."
    en = "A file is being made for you already. Wait for it, then export the next."


class ExportsBusy(TooMany):
    vi = "Máy chủ đang tạo nhiều tệp cho người khác. Thử lại sau một phút."
    en = "The server is making files for others. Try again in a minute."


class ExportTooLarge(DomainError):
    code = "export-too-large"
    status = 422
    vi = "Tệp cần xuất lớn quá mức máy chủ làm được một lần. Xuất từng phần nhỏ hơn."
    en = "That is more than the server makes in one file. Export smaller parts."


class Order:
    """Which function of a module to call with which arguments, written down. A list of thousands is written down where
    it was read (`core.database.Database.beside`): then the event loop never has it in hand."""

    def __init__(self, work: Callable[..., bytes], *arguments: Any) -> None:
        self.module, self.name = work.__module__, work.__qualname__
        self.file = tempfile.TemporaryFile()  # noqa: SIM115  as long as the order
        pickle.dump((self.module, self.name, arguments), self.file)
        self.file.seek(0)


class Exports:
    """One per application."""

    def __init__(self, memory_mb: int = EXPORT_MEMORY_MB, seconds: int = EXPORT_SECONDS) -> None:
        self._memory_mb = memory_mb
        self._seconds = seconds
        self._turn = asyncio.Semaphore(1)
        self._threads = ThreadPoolExecutor(2, "export")
        """One waits for the child, the other writes the next order down."""
        self._makers: set[tuple[int | None, int | None]] = set()

    async def make(self, actor: Actor, work: Callable[..., bytes], *arguments: Any) -> bytes:
        """What `work(*arguments)`, a function of a module, returns. Ends with its request.

        Raises what `fulfil` raises."""
        return await self.fulfil(actor, await self._beside(Order, work, *arguments))

    async def fulfil(self, actor: Actor, order: Order) -> bytes:
        """The file that was ordered. Ends with its request.

        Raises ExportUnderWay, ExportsBusy, ExportTooLarge, and what `work` raises of the server's own errors."""
        with_whom = (actor.person_id, actor.point_id)
        if with_whom in self._makers:
            raise ExportUnderWay(retry_after=10)
        if len(self._makers) > EXPORTS_WAITING:
            raise ExportsBusy(retry_after=60)
        self._makers.add(with_whom)
        try:
            async with self._turn:
                return await self._run(order)
        finally:
            self._makers.discard(with_whom)

    async def _beside(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments))

    async def _run(self, order: Order) -> bytes:
        child = _Child(self._memory_mb, self._seconds)
        try:
            async with asyncio.timeout(self._seconds * _PATIENCE):
                output, errors = await self._beside(child.run, order)
        except TimeoutError:
            output, errors = b"", b"out of time"
        finally:
            child.kill()
            order.file.close()
        if output.endswith(WHOLE):
            return output[: -len(WHOLE)]
        log.warning("export-not-made", work=order.name, said=errors[-400:].decode(errors="replace"))
        raise ExportTooLarge()


class _Nursery:
    """Where the children come from (`export_nursery`); started by the first export of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def child(self, order: dict[str, Any], descriptors: list[int]) -> int | None:
        """The child's pidfd; None if it has ended already."""
        with self._lock:
            try:
                return self._asked(order, descriptors)
            except OSError:  # it was killed
                self._socket = None
                return self._asked(order, descriptors)

    def _asked(self, order: dict[str, Any], descriptors: list[int]) -> int | None:
        if self._socket is None:
            self._socket = self._started()
        socket.send_fds(self._socket, [json.dumps(order).encode()], descriptors)
        answer, found, _, _ = socket.recv_fds(self._socket, 1, 1)
        if not answer:
            raise ConnectionResetError
        return found[0] if found else None

    def _started(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # Descriptors close themselves on exec (PEP 446): closing them one by one would hold the interpreter.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server.edge.export_nursery"], stdin=theirs.fileno(), cwd=_ROOT, close_fds=False
            )
        return ours


_NURSERY = _Nursery()


class _Child:
    """The process, started and waited for in a thread."""

    def __init__(self, memory_mb: int, seconds: int) -> None:
        self._limits = {"memory_mb": memory_mb, "seconds": seconds, "zone": VIETNAM.name}
        self._lock = threading.Lock()
        self._process: int | None = None
        """Its pidfd, while it may run."""
        self._over = False

    def run(self, order: Order) -> tuple[bytes, bytes]:
        """(standard output, standard error). Files stand between, not pipes: nobody need feed them."""
        with tempfile.TemporaryFile() as made, tempfile.TemporaryFile() as said:
            with self._lock:
                if self._over:
                    return b"", b""
                standard = [order.file.fileno(), made.fileno(), said.fileno()]
                self._process = _NURSERY.child({**self._limits, "module": order.module}, standard)
            self._wait()
            made.seek(0)
            said.seek(0)
            return made.read(), said.read()

    def _wait(self) -> None:
        if self._process is None:
            return
        ended = select.poll()
        ended.register(self._process, select.POLLIN)
        ended.poll()
        with self._lock:
            os.close(self._process)
            self._process = None

    def kill(self) -> None:
        """Nothing, once it has ended."""
        with self._lock:
            self._over = True
            if self._process is not None:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._process, signal.SIGKILL)


AppExports = Annotated[Exports, Depends(component(Exports))]
