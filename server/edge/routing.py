"""Routes that write: tried again where the database gave one of two writers up, answered once where a key is given."""

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from server.core.transaction import Transaction, tried_again
from server.edge.dependencies import writing
from server.edge.idempotency import Keyed, answered_once, once


class WriteRoute(APIRoute):
    """The route's transaction (`Write`) is committed here, while its answer is known and has not left: so the answer is
    kept in it, and all of it can be done once more. Bodies of such routes are read whole."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        calls = set(_calls(self.dependant))
        writes, heeds_key = writing in calls, once in calls

        async def in_one_transaction(request: Request, keyed: Keyed | None) -> Response:
            async with AsyncExitStack() as opened:
                request.state.opened = opened
                response = await handle(request)
                if keyed is not None:
                    tx: Transaction = request.state.transaction
                    await keyed.keep(tx, response)
            return response

        async def tried(request: Request, keyed: Keyed | None) -> Response:
            if not writes:
                return await handle(request)
            return await tried_again(lambda: in_one_transaction(request, keyed))

        async def answered(request: Request) -> Response:
            keyed = await Keyed.of(request) if heeds_key else None
            if keyed is None:
                return await tried(request, None)
            return await answered_once(request, keyed, lambda inside: tried(request, inside), in_one_transaction=writes)

        return answered


def _calls(dependant: Dependant) -> list[Any]:
    return [each for below in dependant.dependencies for each in (below.call, *_calls(below))]
