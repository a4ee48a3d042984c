"""`python -m media.bots.halls`: simulated halls, all in this one process.

Each line of the links file is one JSON object:
{"link": "/join/<token>", "meeting_id": 1, "point_id": 17, "name": "Lạc Dương", "unit": "Huyện Lạc Dương"}
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from pathlib import Path

import aioice.ice
import structlog

from media.bots.hall import Link, SimulatedHall
from media.bots.speech import hall_speech
from media.process import log_json, watch_parent

log = structlog.get_logger()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m media.bots.halls", description="Simulated halls of Nhịp Cầu.")
    parser.add_argument("--server", required=True, metavar="URL", help="http:// or https:// address of the server")
    parser.add_argument("--links-file", required=True, type=Path, metavar="FILE")
    parser.add_argument("--count", type=int, metavar="N", help="only the first N lines of the file")
    parser.add_argument("--lively", action="store_true", help="halls raise their hands now and then")
    parser.add_argument("--supervised", action="store_true", help="end when standard input is closed")
    return parser.parse_args()


def read_links(file: Path, count: int | None) -> list[Link]:
    """Raises ValueError, KeyError or TypeError for a line that is no link."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [
        Link(
            link=str(entry["link"]),
            meeting_id=int(entry["meeting_id"]),
            point_id=int(entry["point_id"]),
            name=str(entry["name"]),
            unit=str(entry.get("unit", "")),
        )
        for entry in map(json.loads, lines[:count])
    ]


def allow_loopback() -> None:
    """Lets halls reach a server on a machine without any network: aioice alone leaves 127.0.0.1 out."""
    found = aioice.ice.get_host_addresses

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return found(use_ipv4, use_ipv6) or ["127.0.0.1"]

    aioice.ice.get_host_addresses = addresses


async def serve(options: argparse.Namespace) -> None:
    links = read_links(options.links_file, options.count)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if options.supervised:
        watch_parent(lambda: loop.call_soon_threadsafe(stop.set))
    halls = [
        SimulatedHall(options.server.rstrip("/"), link, index, lively=options.lively)
        for index, link in enumerate(links)
    ]
    tasks = [asyncio.create_task(hall.run()) for hall in halls]

    async def learn_to_speak() -> None:
        # One after another, and after the halls have come in: a speech takes half a second of one core.
        for index, (link, hall) in enumerate(zip(links, halls, strict=True)):
            try:
                hall.set_speech(await asyncio.to_thread(hall_speech, link.name, index))
            except Exception:
                log.exception("hall stays silent", hall=link.name)

    tasks.append(asyncio.create_task(learn_to_speak()))
    log.info("simulated halls", count=len(links), server=options.server)
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    log_json()
    allow_loopback()
    asyncio.run(serve(arguments()))


if __name__ == "__main__":
    main()
