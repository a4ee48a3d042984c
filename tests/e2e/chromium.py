"""Real Chromium for tests: one process for each hall (its fake camera and microphone are flags), optionally inside a
network namespace whose line the test can cut."""

import contextlib
import itertools
import os
import shutil
import stat
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Playwright

from tests.e2e import signs

EXECUTABLE = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    # A name as an office's own network has one: no secure origin, unlike 127.0.0.1.
    "--host-resolver-rules=MAP hop.lan 127.0.0.1",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)

AUTOPLAY = "--autoplay-policy=no-user-gesture-required"
AS_DELIVERED = "--autoplay-policy=document-user-activation-required"
"""What a desktop's Chromium does with a page that it does not know yet."""
THROTTLING = ("--disable-renderer-backgrounding", "--disable-background-timer-throttling")
"""With neither, Chromium is as it is delivered: no sound before a touch, and slow timers behind another tab."""

DRIVERS = (
    *THROTTLING,
    "--disable-backgrounding-occluded-windows",
    "--disable-ipc-flooding-protection",
)
"""Flags of the driver's own that would hide the same."""

REMEMBER_CONNECTIONS = """(() => {
  const Native = window.RTCPeerConnection;
  window.__connections = [];
  window.RTCPeerConnection = class extends Native {
    constructor(...args) { super(...args); window.__connections.push(this); }
  };
})();"""
"""Lets a test reach the page's own peer connections, as a dishonest client would."""


def _kept(name: str, value: str) -> str:
    """A script that keeps a setting of this device, unless there is one; a window without a page yet has no storage."""
    return f"location.protocol.startsWith('http') && (localStorage[{name!r}] ??= {value!r})"


CONSOLE_WALL = _kept("nhipcau.console.view", "wall")
"""Consoles of few points begin with pictures; tests read the wall."""
HALL_PROCESSING = _kept("nhipcau.devices", '{"processing":"hall"}')
"""A tone is noise to a noise suppressor: the halls of tests have "their own sound processing"."""


@dataclass(frozen=True)
class Line:
    """A network namespace joined to this host by a veth pair."""

    namespace: str
    device: str
    inner: str
    host_address: str

    def cut(self) -> None:
        _ip("link", "set", self.device, "down")

    def forbid_udp(self) -> None:
        """As a firewall on the way does that lets TCP through alone: it goes to a neighbour that there is not."""
        nobody = self.host_address.rpartition(".")[0] + ".254"
        for command in (
            ("neigh", "add", nobody, "lladdr", "02:00:00:00:00:01", "dev", self.inner, "nud", "permanent"),
            ("route", "add", "default", "via", nobody, "table", "77"),
            ("rule", "add", "ipproto", "udp", "pref", "1", "lookup", "77"),
        ):
            _ip("-n", self.namespace, *command)

    def narrow(self, kbits: int) -> None:
        """The way to the browser carries so much; 300 ms wait before it at most."""
        limit = ("rate", f"{kbits}kbit", "burst", "4kb", "latency", "300ms")
        subprocess.run(["tc", "qdisc", "replace", "dev", self.device, "root", "tbf", *limit], check=True)

    def widen(self) -> None:
        subprocess.run(["tc", "qdisc", "del", "dev", self.device, "root"], check=True)

    def chromium(self, folder: Path) -> str:
        """The command, in `folder`, of a Chromium at this line's end."""
        wrapper = folder / "chromium"
        wrapper.write_text(f'#!/bin/sh\nexec ip netns exec {self.namespace} {EXECUTABLE} "$@"\n')
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
        return str(wrapper)

    def mend(self) -> None:
        _ip("link", "set", self.device, "up")


_lines = itertools.count(1)


@contextlib.contextmanager
def line() -> Iterator[Line]:
    """A new namespace with addresses of its own in 10.77.0.0/16; removed afterwards. Needs root."""
    number = next(_lines)
    name = f"nc{os.getpid()}-{number}"
    device, inner = f"nc{os.getpid() % 100000}h{number}", f"nc{os.getpid() % 100000}i{number}"
    subnet = _free_subnet(os.getpid() + number)
    _ip("netns", "add", name)
    try:
        _ip("link", "add", device, "type", "veth", "peer", "name", inner)
        _ip("link", "set", inner, "netns", name)
        _ip("addr", "add", f"{subnet}.1/24", "dev", device)
        _ip("link", "set", device, "up")
        for command in (
            ("addr", "add", f"{subnet}.2/24", "dev", inner),
            ("link", "set", inner, "up"),
            ("link", "set", "lo", "up"),
            ("route", "add", "default", "via", f"{subnet}.1"),
        ):
            _ip("-n", name, *command)
        yield Line(name, device, inner, f"{subnet}.1")
    finally:
        subprocess.run(["ip", "link", "del", device], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def _free_subnet(first: int) -> str:
    """Other processes have theirs at the same time, and one that was killed has left its own."""
    taken = subprocess.run(["ip", "-4", "-oneline", "addr"], check=True, capture_output=True, text=True).stdout
    candidates = (f"10.77.{(first + step) % 255}" for step in range(255))
    return next(each for each in candidates if f" {each}." not in taken)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextlib.asynccontextmanager
async def chromium(
    playwright: Playwright,
    folder: Path,
    *,
    number: int | None = None,
    base_url: str,
    through: Line | None = None,
    viewport: tuple[int, int] = (1280, 720),
    as_delivered: bool = False,
) -> AsyncIterator[BrowserContext]:
    """A browser whose camera and microphone are hall `number`'s signs. `folder` keeps its profile and files.
    `as_delivered`: with its own policy on sound and its own throttling of tabs that nobody sees."""
    folder.mkdir(parents=True, exist_ok=True)
    flags = [
        *FLAGS,
        *((AS_DELIVERED,) if as_delivered else (AUTOPLAY, *THROTTLING)),
        f"--unsafely-treat-insecure-origin-as-secure={base_url}",
    ]
    if number is not None:
        camera = signs.write_camera(folder / "camera.y4m", number)
        microphone = signs.write_microphone(folder / "microphone.wav", number)
        flags += [f"--use-file-for-fake-video-capture={camera}", f"--use-file-for-fake-audio-capture={microphone}"]
    executable = EXECUTABLE
    if through is not None:
        executable = through.chromium(folder)
    context = await playwright.chromium.launch_persistent_context(
        str(folder / "profile"),
        executable_path=executable,
        args=flags,
        ignore_default_args=list(DRIVERS) if as_delivered else None,
        headless=True,
        base_url=base_url,
        locale="vi-VN",
        viewport={"width": viewport[0], "height": viewport[1]},
        permissions=["camera", "microphone"],
    )
    await context.add_init_script(REMEMBER_CONNECTIONS)
    await context.add_init_script(CONSOLE_WALL)
    await context.add_init_script(HALL_PROCESSING)
    try:
        yield context
    finally:
        await context.close()


@contextlib.asynccontextmanager
async def shared_chromium(playwright: Playwright) -> AsyncIterator[Browser]:
    """One browser for many windows. Its cameras and screens are Chromium's own moving test picture."""
    browser = await playwright.chromium.launch(
        executable_path=EXECUTABLE, args=[*FLAGS, AUTOPLAY, *THROTTLING], headless=True
    )
    try:
        yield browser
    finally:
        await browser.close()
