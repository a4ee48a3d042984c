"""Consoles that watch a meeting's totals, in a process of their own: `python -m tests.load.consoles`.

Reads one JSON line of orders ({"server", "meeting", "cookies"}), opens a live channel for each cookie, and then keeps
only what the benchmark is about: when each event came, and the totals it brought. Answers {"event": "ready"}, and to
{"cmd": "report"} with the totals at every console and all delays from an event's time at the server to its receipt.
"""

import asyncio
import json
import sys
import time
from datetime import datetime
from typing import Any

import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from media.bots.light.lines import Line
from server.accounts.dependencies import COOKIE

_TOTAL = b'"collection":"turnout","key":"","value":'


class Console:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.totals: dict[str, Any] = {}
        self.delays: list[float] = []
        self.begun = asyncio.Event()

    async def read(self) -> None:
        try:
            while True:
                # Undecoded: two hundred consoles on this side must not cost more than the server that they watch.
                self._take(await self.connection.recv(decode=False), time.time())
        except ConnectionClosed as closed:
            say(event="error", closed=str(closed))

    def _take(self, text: bytes, now: float) -> None:
        if text.startswith(b'{"type":"event"'):
            place = text.find(_TOTAL)
            if place >= 0:
                place += len(_TOTAL)
                self.totals = json.loads(text[place : text.index(b"}", place) + 1])
                at = text.index(b'"at":"') + 6
                came = datetime.fromisoformat(text[at : text.index(b'"', at)].decode())
                self.delays.append(now - came.timestamp())
        elif text.startswith(b'{"type":"snapshot"'):
            self.totals = json.loads(text)["collections"]["turnout"][""]
            self.begun.set()

    async def ping(self) -> None:
        while True:
            await asyncio.sleep(5)
            await self.connection.send('{"type":"ping"}')


def say(**line: Any) -> None:
    print(json.dumps(line), flush=True)


async def run() -> None:
    loop = asyncio.get_running_loop()
    orders: Line = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    consoles: list[Console] = []
    tasks: list[asyncio.Task[None]] = []
    path = f"{orders['server'].replace('http', 'ws', 1)}/api/meetings/{orders['meeting']}/live?as=console"
    for cookie in orders["cookies"]:
        headers = {"Cookie": f"{COOKIE}={cookie}", "Origin": orders["server"]}
        connection = await connect(path, additional_headers=headers, compression=None, max_size=None, proxy=None)
        console = Console(connection)
        consoles.append(console)
        tasks += [asyncio.create_task(console.read()), asyncio.create_task(console.ping())]
        await console.begun.wait()
    say(event="ready")
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if json.loads(line)["cmd"] == "report":
            delays = [delay for console in consoles for delay in console.delays]
            say(event="report", totals=[console.totals for console in consoles], delays=delays)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*(console.connection.close() for console in consoles), return_exceptions=True)


if __name__ == "__main__":
    uvloop.run(run())
