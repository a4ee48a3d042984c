"""What a device's entries add to a receipt. Pure. Nothing is ever taken back: entries may come late, twice, and in any
order."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from server.reading.receipts.schemas import ReceiptEntry


@dataclass(frozen=True, slots=True)
class Seen:
    delivered_at: datetime | None = None
    opened_at: datetime | None = None
    last_at: datetime | None = None
    last_page: int = 0
    pages: int = 0
    """A bit a page, the first page lowest."""
    seconds: int = 0

    @property
    def count(self) -> int:
        return self.pages.bit_count()


def with_entries(
    seen: Seen, entries: Iterable[ReceiptEntry], page_count: int, earliest: datetime, now: datetime
) -> Seen:
    """Clocks of devices are believed between the time the version became ready and the server's own."""
    for entry in sorted(entries, key=lambda entry: entry.at):
        seen = _with(seen, entry, page_count, max(earliest, min(entry.at, now)))
    return seen


def _with(seen: Seen, entry: ReceiptEntry, page_count: int, at: datetime) -> Seen:
    pages = seen.pages
    for page in entry.pages:
        if page <= page_count:
            pages |= 1 << (page - 1)
    opened = bool(entry.pages or entry.last_page or entry.seconds)
    if opened:
        seen = replace(seen, opened_at=min(seen.opened_at or at, at), pages=pages)
    if opened or entry.delivered:
        seen = replace(seen, delivered_at=min(seen.delivered_at or at, at))
    if opened and (seen.last_at is None or at > seen.last_at):
        # An entry that comes again is of no later time, so its seconds do not count twice.
        last_page = min(entry.last_page or seen.last_page, page_count)
        seen = replace(seen, last_at=at, last_page=last_page, seconds=min(seen.seconds + entry.seconds, 2**31 - 1))
    return seen
