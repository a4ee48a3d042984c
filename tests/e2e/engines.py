"""The two browsers that every story is told in: a test module that asks for `engine`, by itself or through a fixture
that does, runs once in each. What one of them cannot do is named here, and nowhere else."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from playwright.async_api import Browser, BrowserContext, Playwright

from tests.e2e import chromium, firefox

SHARED_ADDRESS = "NHIPCAU_TEST_ADDRESS"
"""Set for the workers of a run: the address of a line that is there as long as the run."""


@dataclass(frozen=True)
class Engine:
    name: str
    shared: Callable[[Playwright], AbstractAsyncContextManager[Browser]]
    """One process for many windows."""
    own: Callable[..., AbstractAsyncContextManager[BrowserContext]]
    """A process of one's own, with a hall's signs: (playwright, folder, number=…, base_url=…, …)."""
    addresses: Callable[[], AbstractContextManager[tuple[str, ...]]]
    """Where the media node has to be reached by it, beside 127.0.0.1."""
    scripts: tuple[str, ...] = ()
    """What every page of it is given, beside the product's own."""
    devices: dict[str, Any] = field(default_factory=dict)
    """What a context of this browser needs to be given, so that it asks nobody for camera and microphone."""
    untouched: dict[str, Any] = field(default_factory=dict)
    """For `own`: no page sounds before it is touched, as the browser is delivered."""


@contextmanager
def _second_address() -> Iterator[tuple[str, ...]]:
    """Firefox gathers no candidates on the loopback device. All share one address: when a network device comes or goes,
    Chromium beside gives up what it is just fetching (ERR_NETWORK_CHANGED)."""
    if shared := os.environ.get(SHARED_ADDRESS):
        yield (shared,)
        return
    with chromium.line() as line:
        yield (line.host_address,)


CHROMIUM = Engine(
    "chromium",
    chromium.shared_chromium,
    chromium.chromium,
    lambda: nullcontext(()),
    devices={"permissions": ["camera", "microphone"]},
    untouched={"as_delivered": True},
)
FIREFOX = Engine(
    "firefox",
    firefox.shared_firefox,
    firefox.firefox,
    _second_address,
    (firefox.SCREEN,),
    untouched={"autoplay": False},
)
ENGINES = (CHROMIUM, FIREFOX)


class NotInFirefox(StrEnum):
    """Why a test runs in Chromium alone: `pytest.mark.not_in_firefox(…)`."""

    PROTOCOL = "counts bytes, follows workers or sees requests that are given up by Chromium's own protocol"
    KIOSK = "the recipe for a hall's own PC is Chromium with its policies"
