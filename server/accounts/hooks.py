"""What features above know of the weight of a person's account. `server.wiring` fills the list; accounts know none of
them."""

from collections.abc import Awaitable, Callable, Collection

from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import AccessLink
from server.core.transaction import Transaction

Led = Callable[[AsyncSession, Collection[int]], Awaitable[dict[int, set[str]]]]
"""Person ids -> paths of units in whose name these people lead something, without any role there."""

LED: list[Led] = []


CameByLink = Callable[[Transaction, AccessLink], Awaitable[None]]
"""A browser came by this link to a meeting for the first time."""

CAME_BY_LINK: list[CameByLink] = []


async def came_by_link(tx: Transaction, link: AccessLink) -> None:
    for follow in CAME_BY_LINK:
        await follow(tx, link)


async def led_by(session: AsyncSession, person_id: int) -> set[str]:
    paths: set[str] = set()
    for ask in LED:
        paths |= (await ask(session, [person_id])).get(person_id, set())
    return paths
