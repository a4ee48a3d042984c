"""What a running server has at hand; one per process, in `app.state.services`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from server.core.bus import Bus, LocalBus
from server.core.clock import utc_now
from server.core.config import Settings
from server.core.database import Database
from server.core.storage import Storage
from server.core.transaction import Transactions


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
        return cls(settings, database, Transactions(database, bus, clock), bus, Storage(settings), clock)

    async def stop(self) -> None:
        await self.database.close()
