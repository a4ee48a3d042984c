"""A hall's machine as the recipe makes it: Chromium with the very policies and flags that `nhipcau kiosk` writes, and a
profile of its own. Only camera and microphone are Chromium's test picture, there is no screen, and the one policy is
taken back that keeps everybody from looking into the page, this test too."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Page, Playwright

from server.devices.kiosk.recipe import setup_script

_IN_TEST = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-device-for-media-stream",
    "--remote-debugging-port=0",
    "--window-size=1280,720",
)


@dataclass
class Machine:
    root: Path
    """What the recipe wrote."""
    profile: Path

    @classmethod
    def made(cls, folder: Path, server: str) -> "Machine":
        root = folder / "root"
        subprocess.run(
            ["sh", "-s"],
            input=setup_script(server),
            env=os.environ | {"NHIPCAU_ROOT": str(root)},
            text=True,
            check=True,
            capture_output=True,
        )
        managed = root / "etc/chromium/policies/managed/nhipcau.json"
        policies = json.loads(managed.read_text())
        del policies["DeveloperToolsAvailability"]
        managed.write_text(json.dumps(policies))
        return cls(root, folder / "profile")

    @contextlib.asynccontextmanager
    async def on(self, playwright: Playwright, *, pulled: bool) -> AsyncIterator[Page]:
        """Switched on; at the end it is shut down, or its plug is `pulled`. Policies lie where Chromium looks for them
        in this machine's own view of the file system alone."""
        (self.profile / "DevToolsActivePort").unlink(missing_ok=True)
        start = 'mount --bind "$0/etc/chromium" /etc/chromium && exec "$0/usr/local/bin/nhipcau-kiosk" "$@"'
        process = await asyncio.create_subprocess_exec(
            *("unshare", "--mount", "sh", "-c", start, str(self.root), *_IN_TEST),
            env=os.environ | {"NHIPCAU_KIOSK_PROFILE": str(self.profile)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        browser = None
        try:
            browser = await playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{await self._port()}")
            [context] = browser.contexts
            yield context.pages[0] if context.pages else await context.wait_for_event("page")
        finally:
            if not pulled and browser is not None:
                await (await browser.new_browser_cdp_session()).send("Browser.close")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), 20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def _port(self) -> int:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
                return int((self.profile / "DevToolsActivePort").read_text().splitlines()[0])
            assert time.monotonic() < deadline, "Chromium did not start"
            await asyncio.sleep(0.1)
