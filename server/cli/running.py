"""How a command runs: faults in words, a loop until it is stopped, services around it."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import typer
import uvloop
from sqlalchemy.exc import DBAPIError

from server.core.config import Settings
from server.core.errors import DomainError
from server.core.services import Services
from server.start_faults import fault_of
from server.wiring import components


@contextmanager
def plainly(settings: Settings) -> Iterator[None]:
    """What a person can mend is said in two sentences, not in a stack trace."""
    try:
        yield
    except (DomainError, DBAPIError, OSError) as error:
        if (fault := fault_of(error, settings)) is None:
            raise
        print(f"{fault.vi}\n{fault.en}", file=sys.stderr)
        raise typer.Exit(1) from None


def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work)
    except KeyboardInterrupt:
        print()


async def with_services(settings: Settings, work: Callable[[Services], Awaitable[object]]) -> None:
    services = Services.start(settings, components())
    try:
        await work(services)
    finally:
        await services.stop()
