"""What a feature hands to the live channel: its collections, who sees them, its commands and signals."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.bus import Message
from server.core.services import Services
from server.core.transaction import Transaction
from server.live.client import Client
from server.live.protocol import Wire
from server.live.viewer import Audience, Viewer

if TYPE_CHECKING:
    from server.live.registry import Live

Data = TypeVar("Data", bound=BaseModel)

Entities = Mapping[str, Mapping[str, Wire]]
"""Collection -> key -> entity."""


@dataclass(frozen=True, slots=True)
class Call:
    """One command as it reaches its handler."""

    client: Client
    actor: Actor
    """As recognised within the last half minute; actions decide its rights from the database."""
    services: Services

    connected: Callable[[str], bool]
    """Whether a participant is connected to this meeting who is not the caller's own person: after a cut the server may
    believe in a line that its person has long replaced."""
    entity: Callable[[str, str], dict[str, Any] | None] = lambda _collection, _key: None
    """(collection, key) -> the entity as of now, as JSON: for what must not ask the database."""

    @property
    def meeting_id(self) -> int:
        return self.client.meeting_id


class NoData(Wire):
    """A command that needs to be told nothing, or a reply with nothing to tell."""


@dataclass(frozen=True)
class LiveCommand:
    name: str
    about: str
    """One sentence for the protocol page's readers."""
    data: type[BaseModel]
    handle: Callable[[Call, Any], Awaitable[Wire | None]]
    """Raises DomainError; returns the reply's data. The state it changes comes back as an event, not here."""
    audiences: frozenset[Audience]
    """Who may send it at all; the action decides about the person."""
    reply: type[Wire] = NoData
    max_bytes: int = 64 * 1024
    """Of the whole frame."""
    price: float = 1.0
    """Of a client's allowance (bursts of 40, then 10 a second). Less: passing things that come often."""
    own_pace: bool = False
    """Waits for something slow (the media node), so that it must not hold up the client's other commands."""


def transactional(
    work: Callable[[Transaction, Call, Data], Awaitable[Any]],
) -> Callable[[Call, Data], Awaitable[None]]:
    """A command's handler that is one transaction of its sender, see `Transactions.run`."""

    async def handle(call: Call, data: Data) -> None:
        await call.services.transactions.run(call.actor, lambda tx: work(tx, call, data))

    return handle


@dataclass(frozen=True)
class LiveFeature:
    name: str
    collections: Mapping[str, type[Wire]] = field(default_factory=dict)
    load: Callable[[AsyncSession, int], Awaitable[Entities]] | None = None
    """All its entities of one meeting, as committed."""
    visible: Callable[[str, str, Viewer], bool] = lambda _collection, _key, viewer: viewer.audience == "console"
    """(collection, key, viewer) -> may see. Decided from these alone, never from the entity's content."""
    commands: Sequence[LiveCommand] = ()
    signals: Mapping[str, type[Wire]] = field(default_factory=dict)
    """Kind -> data."""
    topics: Mapping[str, Callable[["Live", Message], None]] = field(default_factory=dict)
    """Bus topics that end in signals to sockets of this process."""
