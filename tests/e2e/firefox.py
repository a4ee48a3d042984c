"""Real Firefox for tests: Debian's own, driven by Playwright over WebDriver BiDi. Its camera and microphone are
Firefox's fakes: a picture that changes colour, and a tone whose frequency a test chooses."""

import contextlib
import shutil
import stat
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Playwright

from tests.e2e import bidi_bridge, signs
from tests.e2e.chromium import HALL_PROCESSING, REMEMBER_CONNECTIONS

EXECUTABLE = shutil.which("firefox-esr") or "/usr/bin/firefox-esr"

PREFERENCES: dict[str, str | float | bool] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.gmp-manager.updateEnabled": False,
    "app.normandy.enabled": False,
    "services.settings.server": "data:,",
    "browser.backup.enabled": False,
    "browser.search.update": False,
    "extensions.systemAddon.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.localDomains": "hop.lan",
    # Of many windows one has the focus; `devices.test.ts` holds what a hall without it does.
    "media.devices.unfocused.enabled": True,
    "ui.prefersReducedMotion": 1,
}

SCREEN = """(() => {
  if (!navigator.mediaDevices) return; // of the empty page that a window begins with
  navigator.mediaDevices.getDisplayMedia = async () => {
    if (!navigator.userActivation.isActive) throw new DOMException('', 'InvalidStateError');
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const context = canvas.getContext('2d');
    let frame = 0;
    const draw = () => {
      context.fillStyle = `hsl(${(frame++ * 37) % 360} 80% 50%)`;
      context.fillRect(0, 0, canvas.width, canvas.height);
    };
    draw();
    const stream = canvas.captureStream(10);
    const drawing = setInterval(draw, 100);
    stream.getVideoTracks()[0].addEventListener('ended', () => clearInterval(drawing));
    return stream;
  };
})();"""
"""Without a display Firefox has no screen to share, and no fake for one: a picture that changes stands in for it."""

AUTOPLAY = "media.autoplay.default"
ALLOWED, BLOCKED = 0, 1


@contextlib.asynccontextmanager
async def _browser(playwright: Playwright, **preferences: str | float | bool) -> AsyncIterator[Browser]:
    with tempfile.TemporaryDirectory() as folder:
        wrapper = Path(folder) / "firefox"
        wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} {bidi_bridge.__file__} {EXECUTABLE} "$@"\n')
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
        browser = await playwright.firefox.launch(
            channel="moz-firefox",
            executable_path=str(wrapper),
            headless=True,
            firefox_user_prefs=PREFERENCES | preferences,
        )
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def shared_firefox(playwright: Playwright) -> AsyncIterator[Browser]:
    """One browser for many windows. Its cameras are Firefox's own changing colour."""
    async with _browser(playwright, **{AUTOPLAY: ALLOWED}) as browser:
        yield browser


@contextlib.asynccontextmanager
async def firefox(
    playwright: Playwright,
    folder: Path,
    *,
    number: int,
    base_url: str,
    autoplay: bool = True,
    viewport: tuple[int, int] = (1280, 720),
) -> AsyncIterator[BrowserContext]:
    """A browser whose microphone sounds hall `number`'s tone. `autoplay` False: it sounds only after a touch, as
    Firefox is delivered."""
    folder.mkdir(parents=True, exist_ok=True)
    async with _browser(
        playwright,
        **{
            AUTOPLAY: ALLOWED if autoplay else BLOCKED,
            # The driver's way to a page counts as a touch of it; a sound has to be begun by one's own press.
            "media.autoplay.blocking_policy": 0 if autoplay else 2,
            "media.navigator.audio.fake_frequency": signs.tone(number),
        },
    ) as browser:
        context = await browser.new_context(
            base_url=base_url, locale="vi-VN", viewport={"width": viewport[0], "height": viewport[1]}
        )
        await context.add_init_script(REMEMBER_CONNECTIONS)
        await context.add_init_script(HALL_PROCESSING)
        yield context
