"""Time. Domain code takes `now` as an argument or from its `Transaction`; only the edges ask the clock."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

STANDARD_ZONE = "Asia/Ho_Chi_Minh"


class LocalZone(tzinfo):
    """The time on the wall of this deployment: one zone for everybody, whatever a computer is set to. Which one it is
    stands when the server starts, and is changed by whoever administers the system."""

    def __init__(self, name: str) -> None:
        self._zone = ZoneInfo(name)

    @property
    def name(self) -> str:
        return self._zone.key

    def become(self, name: str) -> None:
        """ZoneInfoNotFoundError for a name that there is not."""
        self._zone = ZoneInfo(name)

    def utcoffset(self, at: datetime | None) -> timedelta | None:
        return self._zone.utcoffset(at)

    def dst(self, at: datetime | None) -> timedelta | None:
        return self._zone.dst(at)

    def tzname(self, at: datetime | None) -> str | None:
        return self._zone.tzname(at)

    def fromutc(self, at: datetime) -> datetime:
        return self._zone.fromutc(at.replace(tzinfo=self._zone)).replace(tzinfo=self)


VIETNAM = LocalZone(STANDARD_ZONE)
"""The wall's time in what the server writes for people: letters, sheets, watermarks."""


def utc_now() -> datetime:
    """The current time, timezone-aware UTC, in whole milliseconds (what JSON and both databases keep exactly)."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
