"""Time. Domain code takes `now` as an argument or from its `Transaction`; only the edges ask the clock."""

from datetime import UTC, datetime, timedelta, timezone

VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""The wall's time in what the server writes for people: letters, sheets, watermarks. It knows no summer time."""


def utc_now() -> datetime:
    """The current time, timezone-aware UTC, in whole milliseconds (what JSON and both databases keep exactly)."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
