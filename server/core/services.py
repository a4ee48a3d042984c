"""What a running server has at hand; one per process, in `app.state.services`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from server.core.bus import Bus, LocalBus
from server.core.clock import utc_now
from server.core.components import Components
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
    components: Components
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def start(cls, settings: Settings, components: Components, clock: Callable[[], datetime] = utc_now) -> "Services":
        """Connects nothing yet: the first query does. `components`: `server.wiring.components()`."""
        settings.var.mkdir(parents=True, exist_ok=True, mode=0o700)
        database = Database(settings.database, settings.database_pool)
        bus = LocalBus()
        transactions = Transactions(database, bus, components, clock, audit_key(settings))
        return cls(settings, database, transactions, bus, Storage(settings), components, clock)

    async def stop(self) -> None:
        await self.database.close()
