"""What a running server has at hand; one per process, in `app.state.services`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from server.core.bus import Bus, LocalBus
from server.core.clock import utc_now
from server.core.config import Settings
from server.core.database import Database
from server.core.secrets import kept_secret
from server.core.storage import Storage
from server.core.transaction import Transactions


def audit_key(settings: Settings) -> bytes:
    """Of the audit log's chain: configured, or made once and kept beside the database."""
    return (settings.audit_key or kept_secret(settings.var / "audit.key")).encode()


@dataclass(frozen=True)
class Services:
    settings: Settings
    database: Database
    transactions: Transactions
    bus: Bus
    storage: Storage
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def start(cls, settings: Settings, clock: Callable[[], datetime] = utc_now) -> "Services":
        """Connects nothing yet: the first query does."""
        settings.var.mkdir(parents=True, exist_ok=True, mode=0o700)
        database = Database(settings.database)
        bus = LocalBus()
        return cls(
            settings, database, Transactions(database, bus, clock, audit_key(settings)), bus, Storage(settings), clock
        )

    async def stop(self) -> None:
        await self.database.close()
