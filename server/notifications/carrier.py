"""Carries e-mails in a process of its own, as long as the server has some: their files are made here, put together and
handed to the mail server, which for a letter's PDF is ten milliseconds of work that no page need wait for.

Frames on standard input and output: four bytes of length, and a pickled object. A `Unit` is answered by a `Report`.
"""

import asyncio
import os
import pickle
import select
import struct
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import IO, Any, Literal

from server.core.clock import VIETNAM
from server.notifications.hooks import Files, Recipe
from server.notifications.smtp import Connection, Gone, Later, MailServer, Never, connected
from server.notifications.wire import Sender, Written

IDLE_SECONDS = 60
"""After so long without work it ends."""
_LENGTH = struct.Struct(">I")

Outcome = Literal["sent", "never", "later"]


@dataclass(frozen=True, slots=True)
class Unit:
    server: MailServer
    sender: Sender
    mails: tuple[Written, ...]
    recipes: tuple[Recipe, ...]
    zone: str
    last: bool
    """The line is not needed after these."""


@dataclass(frozen=True, slots=True)
class Report:
    done: tuple[tuple[int, Outcome, str], ...]
    """`Mail.id`, what became of it, and what was said. Those that it does not name were not tried."""
    gone: str | None
    """Why the line is gone."""
    fruitless: bool
    """Nothing was carried over the line that is gone."""


class Carrier:
    """One line to the mail server at a time, kept from one unit to the next."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._line: Connection | None = None
        self._to: tuple[MailServer, Sender] | None = None
        self._carried = 0

    async def carry(self, unit: Unit) -> Report:
        done: list[tuple[int, Outcome, str]] = []
        gone: str | None = None
        try:
            files: Files = {}
            for recipe in unit.recipes:
                files |= recipe.make(*recipe.arguments)
            line = await self._open(unit)
            for mail in unit.mails:
                done.append((mail.id, *await _attempt(line, mail, files)))
                self._carried += 1
        except Later as away:
            gone = str(away)
        fruitless = gone is not None and self._carried == 0
        if gone is not None or unit.last:
            await self.close()
        return Report(tuple(done), gone, fruitless)

    async def _open(self, unit: Unit) -> Connection:
        if self._line is None or self._to != (unit.server, unit.sender):
            await self.close()
            self._line = await self._stack.enter_async_context(connected(unit.server, unit.sender))
            self._to = (unit.server, unit.sender)
        return self._line

    async def close(self) -> None:
        self._line, self._carried = None, 0
        await self._stack.aclose()
        self._stack = AsyncExitStack()


async def _attempt(line: Connection, mail: Written, files: Files) -> tuple[Outcome, str]:
    """Gone."""
    try:
        await line.send(mail, files.get(mail.id, ()))
    except Never as refused:
        return "never", str(refused)
    except Gone:
        raise
    except Later as later:
        return "later", str(later)
    return "sent", ""


def put(stream: IO[bytes], what: Any) -> None:
    content = pickle.dumps(what)
    stream.write(_LENGTH.pack(len(content)) + content)
    stream.flush()


def take(stream: IO[bytes]) -> Any:
    """EOFError where there is no more."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    return pickle.loads(stream.read(_LENGTH.unpack(head)[0]))  # noqa: S301  (the other end is ours)


def main() -> None:
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints
    os.nice(5)
    carrier = Carrier()
    with asyncio.Runner() as runner:
        while select.select([incoming], [], [], IDLE_SECONDS)[0]:
            try:
                unit: Unit = take(incoming)
            except EOFError:
                break
            VIETNAM.become(unit.zone)
            put(outgoing, runner.run(carrier.carry(unit)))
        runner.run(carrier.close())
