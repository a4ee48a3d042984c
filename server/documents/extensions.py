"""How features above tell papers what they know. `server.wiring` fills these; papers know none of them."""

from collections.abc import Awaitable, Callable, Collection

from sqlalchemy.ext.asyncio import AsyncSession

WhoOpened = Callable[[AsyncSession, Collection[int]], Awaitable[Collection[int]]]
"""(versions) -> people who have opened any of them."""

WHO_OPENED: list[WhoOpened] = []
