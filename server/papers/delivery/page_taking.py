"""Whoever takes a paper page by page that may only be read on screen, or whose copies are marked, is noted, and slowed.

The reader draws who reads over each page; a mark burnt into the pictures themselves would mean encoding every page for
every one of 12,000 devices (110 ms each), where now one file is sent to all. A program can fetch the bare pictures all
the same, so what counts is that nobody does it unseen: sharp pictures, which the reader asks for only where a page is
shown large, are counted by person and version. Faster than anybody reads, they are a copy: the audit log says so, as of
a download. The small pictures are what each device keeps for hours without a line; whom they went to is a receipt."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.audit.log import AuditLog
from server.core.actor import Actor
from server.core.errors import TooMany
from server.core.services import Services
from server.papers.access.rights import readable_version
from server.papers.models import PaperVersion

_WINDOW = timedelta(minutes=10)
_MOST = 200
"""Sharp pages within the window: one every three seconds, without a pause."""
_A_PAGE = timedelta(seconds=3)
_PAPER = 5
"""Pages; a shorter paper is leafed through in no time."""
_READERS = 50_000


class TooFast(TooMany):
    code = "too-fast"
    vi = "Xem quá nhiều trang trong thời gian ngắn. Đợi ít phút; trang vẫn hiện ở cỡ thường."
    en = "Too many pages in a short time. Wait some minutes; the pages are still shown at their usual size."


@dataclass(slots=True)
class _Taken:
    since: datetime
    pages: int = 0
    """One bit a page."""
    free: bool | None = None
    """May be taken away as it is; None: not looked at yet."""
    noted: bool = False


class PageTaking:
    """Of one server process."""

    def __init__(self, services: Services, audit_log: AuditLog) -> None:
        self._services = services
        self._audit_log = audit_log
        self._taken: OrderedDict[tuple[int, int], _Taken] = OrderedDict()

    async def sharp(self, actor: Actor, version: PaperVersion, number: int) -> None:
        """Before the sharp picture of a page goes out. Raises TooFast. Halls' screens show to all what they show."""
        if actor.person_id is None:
            return
        now = self._services.clock()
        taken = self._of((actor.person_id, version.id), now)
        taken.pages |= 1 << number
        count = taken.pages.bit_count()
        whole = count >= max(_PAPER, version.page_count) and now - taken.since < count * _A_PAGE
        if not (whole or count > _MOST) or taken.free:
            return
        if taken.free is None:
            async with self._services.database.read() as session:
                _version, _paper, rights = await readable_version(session, version.id, actor, now)
            taken.free = rights.manage or (rights.download and not rights.marked)
            if taken.free:
                return
        if not taken.noted:
            taken.noted = True
            await self._audit_log.note(
                actor,
                "paper.pages-taken",
                "paper",
                version.paper_id,
                version=version.number,
                pages=count,
                seconds=round((now - taken.since).total_seconds()),
            )
        if count > _MOST:
            raise TooFast(retry_after=round((taken.since + _WINDOW - now).total_seconds()) + 1)

    def _of(self, key: tuple[int, int], now: datetime) -> _Taken:
        taken = self._taken.get(key)
        if taken is None or now - taken.since > _WINDOW:
            taken = self._taken[key] = _Taken(now)
            if len(self._taken) > _READERS:
                self._taken.popitem(last=False)
        self._taken.move_to_end(key)
        return taken
