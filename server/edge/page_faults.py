"""What went wrong in somebody's browser, told by the page itself: one line of the log each, so that a fault in the
field is seen by whoever runs the server before anybody calls.

Nothing of a person is kept: the page is named by its pattern, never by its address, and what stands in quotes or looks
like a number, an address or a key is taken out of the words. Anybody may send this, so it costs next to nothing and is
bounded.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field, StringConstraints

from server.core.clock import utc_now
from server.edge.budgets import Allowance
from server.edge.dependencies import component

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/api", tags=["health"])

_ADDRESSES = 2048
"""Addresses whose allowance is remembered; the oldest goes first."""
_KEPT = 50
"""Different faults that are kept until the server ends; the one that did not come for longest goes first."""
_BURST, _PER_SECOND = 10, 1 / 60
"""Of one address: a hall whose page fails says so a few times, then once a minute."""
_ALL_BURST, _ALL_PER_SECOND = 60, 0.5
"""Of all: a fault in a new version comes from thousands of devices at once, and is one fault."""

_QUOTED = re.compile(r"(['\"`“‘]).{0,400}?['\"`”’]")
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s)/]*(?:(/_app/[\w./-]+)|[^\s)]*)")
_MAIL = re.compile(r"\S+@\S+\.\S+")
_LONG = re.compile(r"\b(?=[\w-]*\d)[\w-]{16,}\b|\b\d{5,}\b")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_BROWSER = re.compile(r"(Firefox|FxiOS|EdgA?|OPR|coc_coc_browser|CriOS|SamsungBrowser|Chrome|Version)/(\d+)")
_SYSTEM = re.compile(r"Windows NT [\d.]+|Android \d+|CPU (?:iPhone )?OS \d+_\d+|Mac OS X|CrOS|Linux")


class PageFault(BaseModel):
    page: Annotated[str, Field(max_length=120, pattern=r"^/[a-z()\[\]/-]*$")]
    """The route's pattern, as "/meetings/[id]/console"."""
    build: Annotated[str, Field(max_length=40, pattern=r"^[\w.-]*$")]
    message: Annotated[str, StringConstraints(max_length=400)]
    stack: Annotated[str, StringConstraints(max_length=2000)] = ""


@dataclass(slots=True)
class FaultSeen:
    """The same words on the same page, as often as they came."""

    page: str
    build: str
    message: str
    browser: str
    """Of the last."""
    stack: str
    times: int
    first_at: datetime
    last_at: datetime


class PageFaults:
    def __init__(self) -> None:
        self._all = Allowance(_ALL_BURST, _ALL_PER_SECOND)
        self._by_address: dict[str, Allowance] = {}
        self._unsaid = 0
        self.total = 0
        """Since the start, those that were not written down, too."""
        self._seen: dict[tuple[str, str, str], FaultSeen] = {}

    def seen(self) -> list[FaultSeen]:
        """Since the start, the last first."""
        return list(reversed(self._seen.values()))

    def _keep(self, fault: PageFault, message: str, stack: str, browser: str) -> None:
        now = utc_now()
        key = fault.page, fault.build, message
        found = self._seen.pop(key, None) or FaultSeen(fault.page, fault.build, message, "", stack, 0, now, now)
        found.times, found.last_at, found.browser = found.times + 1, now, browser
        self._seen[key] = found
        if len(self._seen) > _KEPT:
            del self._seen[next(iter(self._seen))]

    def note(self, fault: PageFault, address: str, agent: str) -> None:
        """One line, if neither the address nor all together have said too much lately."""
        allowance = self._by_address.pop(address, None) or Allowance(_BURST, _PER_SECOND)
        self._by_address[address] = allowance
        self.total += 1
        if len(self._by_address) > _ADDRESSES:
            del self._by_address[next(iter(self._by_address))]
        if not allowance.take() or not self._all.take():
            self._unsaid += 1
            return
        message, browser = impersonal(fault.message), browser_of(agent)
        stack = impersonal(fault.stack.replace("\n", " | "))
        self._keep(fault, message, stack, browser)
        unsaid, self._unsaid = self._unsaid, 0
        log.warning(
            "page-fault",
            page=fault.page,
            build=fault.build,
            browser=browser,
            message=message,
            stack=stack,
            **({"unsaid": unsaid} if unsaid else {}),
        )


def impersonal(words: str) -> str:
    """The words without what could name a person, a meeting or a link. Of addresses only a file of ours stays."""
    words = _ADDRESS.sub(lambda found: found[1] or "…", words)
    words = _MAIL.sub("…", _QUOTED.sub(r"\1…\1", words))
    return _LONG.sub("…", _CONTROL.sub(" ", words))


def browser_of(agent: str) -> str:
    """Name, version and system, as "Chrome 128, Windows NT 10.0": less than what tells devices apart."""
    found = _BROWSER.findall(agent)
    # Those that are built on Chromium name both.
    named = next((each for each in found if each[0] not in ("Chrome", "Version")), found[0] if found else None)
    system = _SYSTEM.search(agent)
    return ", ".join(part for part in (" ".join(named) if named else "", system[0] if system else "") if part) or "?"


_Faults = Annotated[PageFaults, Depends(component(PageFaults))]


@router.post("/page-faults", status_code=204)
async def note_page_fault(request: Request, faults: _Faults, fault: PageFault) -> None:
    """A page tells of its own fault; nobody has to be signed in, and nothing is answered."""
    faults.note(fault, request.client.host if request.client else "", request.headers.get("user-agent", ""))
