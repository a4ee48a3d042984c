"""The bus: short messages from whoever commits to whoever delivers.

It only carries things faster; what must not be lost is in the database before it is published. So a message may come
twice, late, or not at all when a process dies, and every subscriber must be able to find the truth in the database.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import structlog

log = structlog.get_logger(__name__)

Message = Mapping[str, Any]
"""Plain JSON values only: a bus between processes has to write it down."""
Handler = Callable[[Message], None]

PEOPLE_TOLD = "people.told"
"""Topic. Message: {"kind", "told": [[person id, data], …]}: a signal to whatever sockets these people have open."""
PEOPLE_RECHECK = "people.recheck"
"""Topic. Message: {"person_ids": […]}: these people may have lost a right; their sockets are looked at within a second
instead of half a minute."""
MEETING_CHANGED = "meeting.changed"
"""Topic. Message: {"meeting_id", "kinds": [the audit log's names of what was done, …]}: somebody wrote something."""


class Bus(Protocol):
    """`publish` never waits and never fails for a subscriber's fault."""

    def publish(self, topic: str, message: Message) -> None: ...

    def subscribe(self, topic: str, handler: Handler) -> Callable[[], None]:
        """Calls `handler` for each message of exactly this topic, in the order published here. Returns the way out."""
        ...


class LocalBus:
    """One process: `publish` calls the subscribers before it returns, so the order of publishing is kept."""

    def __init__(self) -> None:
        self._handlers: dict[str, list[Handler]] = {}

    def publish(self, topic: str, message: Message) -> None:
        for handler in tuple(self._handlers.get(topic, ())):
            try:
                handler(message)
            except Exception:
                log.exception("bus-handler-failed", topic=topic)

    def subscribe(self, topic: str, handler: Handler) -> Callable[[], None]:
        handlers = self._handlers.setdefault(topic, [])
        handlers.append(handler)

        def unsubscribe() -> None:
            if handler in handlers:
                handlers.remove(handler)

        return unsubscribe
