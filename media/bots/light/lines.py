"""A child process that is spoken to in JSON lines."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

Line = dict[str, Any]

ROOT = Path(__file__).parents[3]


class Lines:
    """Each line the child writes goes to the waiting `expect` it satisfies, else to `unclaimed`."""

    def __init__(self, *command: str | Path) -> None:
        self._command = [str(word) for word in command]
        self._waiting: list[tuple[Callable[[Line], bool], asyncio.Future[Line]]] = []
        self._watchers: list[Callable[[Line], None]] = []
        self.unclaimed: list[Line] = []

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 26,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("a process was asked for with pipes")
        self._input, self._output = self._process.stdin, self._process.stdout
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._input.close()
        try:
            await asyncio.wait_for(self._process.wait(), 10)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reader

    @property
    def pid(self) -> int:
        return self._process.pid

    def watch(self, watcher: Callable[[Line], None]) -> None:
        """`watcher` sees every line before anything else does."""
        self._watchers.append(watcher)

    async def _read(self) -> None:
        async for raw in self._output:
            self._take(json.loads(raw))
        for _, future in self._waiting:
            if not future.done():
                future.set_exception(RuntimeError(f"{self._command[0]} ended"))

    def _take(self, line: Line) -> None:
        for watcher in self._watchers:
            watcher(line)
        if line.get("event") == "error":
            print(f"{Path(self._command[0]).name}: {line}", file=sys.stderr)
        for place, (wanted, future) in enumerate(self._waiting):
            if not future.done() and wanted(line):
                del self._waiting[place]
                future.set_result(line)
                return
        self.unclaimed.append(line)

    def send(self, **command: object) -> None:
        self._input.write(json.dumps(command).encode() + b"\n")

    async def expect(self, seconds: float = 20.0, **fields: object) -> Line:
        """The first line, come already or still to come, that has these fields."""

        def wanted(line: Line) -> bool:
            return all(line.get(name) == value for name, value in fields.items())

        for place, line in enumerate(self.unclaimed):
            if wanted(line):
                return self.unclaimed.pop(place)
        future: asyncio.Future[Line] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, future))
        try:
            return await asyncio.wait_for(future, seconds)
        except TimeoutError:
            raise TimeoutError(f"{self._command[0]}: nothing like {fields} in {seconds} s") from None
