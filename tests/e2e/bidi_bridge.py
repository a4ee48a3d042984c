"""Stands between Playwright and Debian's Firefox, whose WebDriver BiDi lacks commands that Playwright always sends.

Run in Firefox's place (`firefox.py` writes the little script that does): starts the real browser, passes every message
on, and answers `UNKNOWN` itself. Playwright's own Firefox is a patched build that no package registry carries.
"""

import asyncio
import contextlib
import json
import re
import signal
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

UNKNOWN = frozenset({"emulation.setMediaFeaturesOverride"})
"""Absent from Firefox ESR 153. Tests that need a colour scheme run in Chromium."""

MENDED = ("inputElement.value += text;", "inputElement.value = text;")
"""Playwright's own script of filling in appends where it has selected what to replace: a number's field tells of no
selection (`selectionStart` is null)."""

LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")


async def bridge(command: list[str]) -> int:
    browser = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, browser.terminate)
    address = await _address(browser)

    async def pass_on(client: ServerConnection) -> None:
        assert client.request is not None
        async with connect(address + client.request.path, max_size=None, ping_interval=None) as firefox:

            async def upwards() -> None:
                async for message in client:
                    assert isinstance(message, str)
                    command = json.loads(message)
                    if command["method"] in UNKNOWN:
                        await client.send(json.dumps({"type": "success", "id": command["id"], "result": {}}))
                    else:
                        await firefox.send(message.replace(*MENDED))

            async def downwards() -> None:
                async for message in firefox:
                    await client.send(message)

            _done, running = await asyncio.wait(
                [asyncio.ensure_future(upwards()), asyncio.ensure_future(downwards())],
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in running:
                task.cancel()

    async with serve(pass_on, "127.0.0.1", 0, max_size=None, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(f"WebDriver BiDi listening on ws://127.0.0.1:{port}", file=sys.stderr, flush=True)
        assert browser.stderr is not None
        async for line in browser.stderr:
            sys.stderr.buffer.write(line)
        sys.stderr.flush()
        return await browser.wait()


async def _address(browser: asyncio.subprocess.Process) -> str:
    assert browser.stderr is not None
    async for line in browser.stderr:
        found = LISTENING.search(line.decode(errors="replace"))
        if found:
            return found.group(1)
        sys.stderr.buffer.write(line)
    raise SystemExit(await browser.wait())


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(bridge(sys.argv[1:])))
