"""What features above know of the weight of a person's account. `server.wiring` fills it; accounts know none of
them."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import AccessLink, SignInSession
from server.core.transaction import Transaction

Led = Callable[[AsyncSession, Collection[int]], Awaitable[dict[int, set[str]]]]
Anonymised = Callable[[Transaction, int, str], Awaitable[None]]
PersonUses = Callable[[AsyncSession, int], Awaitable[Mapping[str, int]]]
Merging = Callable[[Transaction, int, int], Awaitable[None]]
Merged = Callable[[Transaction, int], Awaitable[None]]
HallOpened = Callable[[Transaction, SignInSession], Awaitable[None]]
CameByLink = Callable[[Transaction, AccessLink], Awaitable[None]]


@dataclass(frozen=True)
class AccountHooks:
    led: Sequence[Led] = ()
    """Person ids -> paths of units in whose name these people lead something, without any role there."""
    came_by_link: Sequence[CameByLink] = ()
    """A browser came by this link to a meeting for the first time."""
    hall_opened: Sequence[HallOpened] = ()
    """A hall's device has signed in: its session."""
    anonymised: Sequence[Anonymised] = ()
    """This person is to be forgotten: what holds their name takes the one given instead. Or a Conflict."""
    person_uses: Sequence[PersonUses] = ()
    """What would move to another record of the person, by the fields of `schemas.PersonUses`."""
    merging: Sequence[Merging] = ()
    """The first person's record is to end in the second's: one is made of what both have, of which there may be one. Or
    a Conflict. Afterwards everything that refers to the first (by a foreign key) refers to the second."""
    merged: Sequence[Merged] = ()
    """Done, to this one."""


async def came_by_link(tx: Transaction, link: AccessLink) -> None:
    for follow in tx.components[AccountHooks].came_by_link:
        await follow(tx, link)


async def hall_opened(tx: Transaction, session: SignInSession) -> None:
    for follow in tx.components[AccountHooks].hall_opened:
        await follow(tx, session)


async def led_by(tx: Transaction, person_id: int) -> set[str]:
    paths: set[str] = set()
    for ask in tx.components[AccountHooks].led:
        paths |= (await ask(tx.session, [person_id])).get(person_id, set())
    return paths
