"""What an administrator sets in the pages and the environment does not: read when the server starts, and put into the
one `Settings` that everything looks at. What the environment says stays as it says."""

from dataclasses import dataclass

from server.core.clock import STANDARD_ZONE, VIETNAM
from server.core.config import Settings
from server.core.services import Services
from server.system.models import ONLY, Installation


@dataclass(frozen=True, slots=True)
class Fixed:
    """What the environment says: no page changes it."""

    public_url: bool
    time_zone: bool

    @classmethod
    def by(cls, settings: Settings) -> "Fixed":
        return cls(settings.public_url is not None, settings.time_zone is not None)


def apply(settings: Settings, fixed: Fixed, row: Installation) -> None:
    if not fixed.public_url:
        settings.public_url = row.public_url
    if not fixed.time_zone:
        settings.time_zone = row.time_zone
    VIETNAM.become(settings.time_zone or STANDARD_ZONE)


async def adopt(services: Services) -> None:
    """Once, before anything asks the settings."""
    async with services.database.read() as session:
        row = await session.get(Installation, ONLY)
    if row is not None:
        apply(services.settings, services.components[Fixed], row)
