"""Files that somebody takes away and that take a core to make: one after the other, each in a process of its own under
limits, so that the largest of them costs its own maker's patience and nothing else.

The work is a function of the server named by module, called in the child with plain arguments.
"""

import asyncio
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
        self.name = work.__qualname__
        self.file = tempfile.TemporaryFile()  # noqa: SIM115  as long as the order
        pickle.dump((work.__module__, work.__qualname__, arguments), self.file)
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
                code, output, errors = await self._beside(child.run, order)
        except TimeoutError:
            code, output, errors = None, b"", b"out of time"
        finally:
            child.kill()
            order.file.close()
        if code == 0 and output[:1] == b"+":
            return output[1:]
        log.warning("export-not-made", work=order.name, code=code, said=errors[-400:].decode(errors="replace"))
        raise ExportTooLarge()


class _Child:
    """The process, started and waited for in a thread: to start one beside twelve thousand sockets takes longer than
    the event loop may stand still."""

    def __init__(self, memory_mb: int, seconds: int) -> None:
        self._limits = (str(memory_mb), str(seconds))
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._over = False

    def run(self, order: Order) -> tuple[int, bytes, bytes]:
        """(exit status, standard output, standard error). Files stand between, not pipes: nobody need feed them."""
        with tempfile.TemporaryFile() as made, tempfile.TemporaryFile() as said:
            with self._lock:
                if self._over:
                    return -signal.SIGKILL, b"", b""
                # Descriptors close themselves on exec (PEP 446): closing them one by one would hold the interpreter.
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "server.edge.export_child", *self._limits, VIETNAM.name],
                    stdin=order.file,
                    stdout=made,
                    stderr=said,
                    cwd=_ROOT,
                    close_fds=False,
                )
            code = self._process.wait()
            made.seek(0)
            said.seek(0)
            return code, made.read(), said.read()

    def kill(self) -> None:
        """Nothing, once it has ended."""
        with self._lock:
            self._over = True
            if self._process is not None:
                self._process.kill()


AppExports = Annotated[Exports, Depends(component(Exports))]
