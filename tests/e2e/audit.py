"""What may be wrong with any page: rules of accessibility it breaks (axe-core, WCAG 2.2 AA), things that stick out to
the side, complaints in the browser's console. Each state is looked at on a phone and on a desk, where the page has
themes, in both.

In Firefox the pages are looked at for what the engine does with them (width, complaints): the rules of accessibility
speak of the document and its colours, which are the same, and its driver knows no colour schemes."""

from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Page

AXE = Path("web/node_modules/axe-core/axe.min.js")
SIZES = ((1280, 800), (390, 844))
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
NO_LINE = "Failed to load resource: net::ERR_INTERNET_DISCONNECTED"
NO_WORKER = "An unknown error occurred when fetching the script."
"""What Chromium says of a service worker whose line is gone."""

_RUN = """async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const found = await axe.run(document, {
    runOnly: { type: 'tag', values: tags },
    rules: { 'target-size': { enabled: true } },
    resultTypes: ['violations'],
  });
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, any, all, none }) =>
      `${id} at ${target.join(' ')}: ${[...any, ...all, ...none].map(({ message }) => message).join(' ')}`));
}"""

TALLEST = 3000

_SETTLE = """async () => {
  await document.fonts.ready;
  const patience = performance.now() + 2000;
  for (let quiet = 0; quiet < 5 && performance.now() < patience; quiet++) {
    await new Promise((done) => requestAnimationFrame(done));
    const passing = document.getAnimations().filter(
      ({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    if (passing.length) quiet = 0;
    await Promise.allSettled(passing.map(({ finished }) => finished));
  }
}"""
"""One transition may set off another: an inherited colour goes down the tree step by step. A microphone's level never
comes to rest, so patience ends."""


@dataclass
class Audit:
    """Collects the faults of one page in all its states; `verdict` fails with the whole list. `refusals`: paths that
    the server refuses in this story, which browsers write into the console by themselves."""

    page: Page
    refusals: tuple[str, ...] = ()
    themes: tuple[Theme, ...] = THEMES
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._state = "opening"
        self._cut = False
        browser = self.page.context.browser
        self._chromium = browser is None or browser.browser_type.name == "chromium"
        self.page.on("console", self._complaint)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self._state}: {error.message}"))

    async def cut_line(self) -> None:
        """From here on there is no line. Every request fails for that reason, also what the page fetches ahead, and the
        browser writes it into the console: what is written for any other reason stays a fault."""
        self._cut = True
        await self.page.context.set_offline(True)

    def _complaint(self, message: ConsoleMessage) -> None:
        if self._cut and message.text in (NO_LINE, NO_WORKER):
            return
        # Violations of the content security policy come as errors too.
        refused = message.text.startswith("Failed to load resource") and urlsplit(message.location["url"]).path
        if message.type == "error" and not (refused and any(fnmatch(refused, each) for each in self.refusals)):
            self.faults.append(f"{self._state}: console says {message.text!r} about {message.location['url']}")

    async def look(self, state: str) -> None:
        """Judges what is on the page now, which stays as it is."""
        self._state = state
        if not self._chromium:  # a window that fills the screen takes no other size
            await self.page.evaluate("document.fullscreenElement && document.exitFullscreen()")
        for width, height in SIZES:
            await self.page.set_viewport_size({"width": width, "height": height})
            for theme in self.themes if self._chromium else self.themes[:1]:
                if self._chromium:
                    await self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
                await self.page.evaluate(_SETTLE)
                where = f"{state}, {width} px, {theme}"
                if self._chromium:
                    # As tall as the page: a bar at the foot of the window covers whatever has not been scrolled up yet.
                    tall = await self.page.evaluate("document.scrollingElement.scrollHeight")
                    await self.page.set_viewport_size({"width": width, "height": max(height, min(tall, TALLEST))})
                    self.faults += [f"{where}: {each}" for each in await self._broken_rules()]
                wide: dict[str, Any] = await self.page.evaluate(
                    "({ page: document.scrollingElement.scrollWidth, screen: innerWidth })"
                )
                if wide["page"] > wide["screen"]:
                    self.faults.append(f"{where}: {wide['page']} px wide")
        width, height = SIZES[0]
        await self.page.set_viewport_size({"width": width, "height": height})

    async def _broken_rules(self) -> list[str]:
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        broken: list[str] = await self.page.evaluate(_RUN)
        return broken

    def verdict(self) -> None:
        faults = list(dict.fromkeys(self.faults))
        assert not faults, "\n".join(faults)
