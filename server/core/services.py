"""What a running server has at hand; one per process, in `app.state.services`."""

from dataclasses import dataclass

from server.core.config import Settings
from server.core.database import Database
from server.core.transaction import Transactions


@dataclass(frozen=True)
class Services:
    settings: Settings
    database: Database
    transactions: Transactions
