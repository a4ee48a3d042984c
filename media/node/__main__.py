"""`python -m media.node`: one media node. Ends on SIGTERM or SIGINT, and with --supervised when its parent is gone."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from websockets.exceptions import InvalidURI

from media._core import Core
from media.contract import Answer, CloseRoom, Hello, Leave, Offer, Refusal, Room, ToNode
from media.node.addresses import advertised, advertised_by_tcp, endpoint, joined, resolved
from media.node.control import ControlLine
from media.node.rooms import Rooms
from media.node.sdp.answer import Endpoint
from media.process import log_json, watch_parent

log = structlog.get_logger()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nhipcau node", description="A media node of Nhịp Cầu.")
    parser.add_argument("--server", required=True, metavar="URL", help="ws:// or wss:// address of /media/node")
    parser.add_argument(
        "--secret-file", required=True, type=Path, metavar="FILE", help="what `nhipcau node-token NAME` printed"
    )
    parser.add_argument(
        "--bind", required=True, metavar="HOST:PORT", help="UDP address for all media; port 0 takes a free one"
    )
    parser.add_argument(
        "--advertise",
        action="append",
        default=[],
        type=endpoint,
        metavar="IP[:PORT]",
        help="where browsers reach this node, repeatable; [IP]:PORT for IPv6; default: the bound address and port",
    )
    parser.add_argument(
        "--tcp",
        metavar="HOST:PORT",
        help="TCP address for halls whose line lets no UDP through; default: as --bind, if it is free; `off` for none",
    )
    parser.add_argument(
        "--advertise-tcp",
        action="append",
        default=[],
        type=endpoint,
        metavar="IP[:PORT]",
        help="where browsers reach it, repeatable; default: as --advertise, with the port of --tcp if that is given",
    )
    parser.add_argument("--name", help="the node's name in logs and reports; default: the token's, or the machine's")
    parser.add_argument("--max-sessions", type=int, default=2000, help="offers beyond this are refused as busy")
    parser.add_argument(
        "--plain-line", action="store_true", help="let the secret and the offers go unencrypted to another machine"
    )
    parser.add_argument("--supervised", action="store_true", help="end when standard input is closed")
    options = parser.parse_args()
    if not (options.plain_line or options.supervised or encrypted_or_here(options.server)):
        # Whoever reads the secret signs in as a node, and whoever changes an answer hears the meeting.
        parser.error("the line to another machine must be wss:// (or add --plain-line on a network that is trusted)")
    return options


def encrypted_or_here(url: str) -> bool:
    """Whether nobody on the way can read the control line."""
    parts = urlsplit(url)
    if parts.scheme == "wss" or parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def package_version() -> str:
    try:
        return version("nhipcau")
    except PackageNotFoundError:
        return "development"


async def serve(options: argparse.Namespace) -> None:
    core, endpoints, tcp_endpoints = _listen(options)
    _look_at_buffers(core)
    boot = secrets.token_hex(8)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def hello() -> Hello:
        return Hello(
            node=options.name or line.name or socket.gethostname(),
            boot=boot,
            version=package_version(),
            sessions=rooms.connected(),
        )

    def received(message: ToNode) -> None:
        match message:
            case Room():
                rooms.apply(message)
            case CloseRoom():
                rooms.close(message)
            case Leave():
                rooms.leave(message)
            case Offer():
                line.send(_answer(rooms, message))

    pulse = Pulse()

    def drain() -> None:
        for event in core.drain_events():
            pulse.note(event.kind, loop.time())
            if event.kind == "dead":
                stop.set()
            else:
                rooms.handle(event)

    def opened() -> None:
        rooms.announce()

    line = ControlLine(options.server, options.secret_file, hello=hello, opened=opened, received=received)
    rooms = Rooms(core, endpoints, line.send, tcp_endpoints=tcp_endpoints, max_sessions=options.max_sessions)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if options.supervised:
        watch_parent(lambda: loop.call_soon_threadsafe(stop.set))
    loop.add_reader(core.event_fd, drain)
    log.info("media node ready", boot=boot, port=core.port, endpoints=endpoints, tcp_endpoints=tcp_endpoints)
    dialling = asyncio.create_task(line.run())
    stopping = asyncio.create_task(stop.wait())
    watching = asyncio.create_task(_watch(pulse, rooms, drain))
    tasks = {dialling, stopping, watching}
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    loop.remove_reader(core.event_fd)
    for task in tasks:
        task.cancel()
    if watching in done:
        # Its thread cannot be joined any more.
        log.critical("the packet core stands still; this node ends", silent_for=STILL_SECONDS)
        os._exit(CORE_LOST)
    core.close()
    if pulse.dead:
        log.critical("the packet core has failed; this node ends")
        sys.exit(CORE_LOST)
    if dialling in done:
        dialling.result()


CORE_LOST = 70
"""Exit status (sysexits: internal error). Whoever supervises the node starts it again; browsers offer again by
themselves."""
STILL_SECONDS = 5.0
"""The core tells of its peers each second. Without a word for so long it forwards nothing either."""


@dataclass
class Pulse:
    """The core's signs of life."""

    heard: float = 0.0
    dead: bool = False

    def note(self, kind: str, now: float) -> None:
        self.heard = now
        self.dead = self.dead or kind == "dead"


async def _watch(pulse: Pulse, rooms: Rooms, drain: Callable[[], None]) -> None:
    """Returns when the core has peers and has not said anything for a long time."""
    loop = asyncio.get_running_loop()
    since = loop.time()
    while True:
        await asyncio.sleep(1)
        drain()  # what came while this process was busy counts
        now = loop.time()
        if rooms.are_empty or pulse.heard > since:
            since = now if rooms.are_empty else pulse.heard
        if now - since > STILL_SECONDS:
            return


def _listen(options: argparse.Namespace) -> tuple[Core, tuple[Endpoint, ...], tuple[Endpoint, ...]]:
    """The core, and where browsers reach it by UDP and by TCP."""
    host, port = resolved(options.bind)
    core = open_core(joined(host, port), options.tcp)
    endpoints = advertised(host, core.port, options.advertise)
    tcp_port = core.tcp_port
    if tcp_port is None:
        return core, endpoints, ()
    own = options.tcp is not None or tcp_port != core.port
    return core, endpoints, advertised_by_tcp(endpoints, tcp_port, options.advertise_tcp, own_port=own)


def open_core(bind: str, tcp: str | None) -> Core:
    """`tcp` None: beside UDP on the same address where it is free, for nobody has asked for it."""
    if tcp == "off":
        return Core(bind)
    if tcp is not None:
        return Core(bind, tcp=joined(*resolved(tcp)))
    try:
        return Core(bind, tcp=bind)
    except OSError as error:
        core = Core(bind)
        log.warning("no port for halls without UDP", tcp=bind, error=str(error), advice="choose one by --tcp")
        return core


def _look_at_buffers(core: Core) -> None:
    receive, send, wished = core.buffer_sizes
    if min(receive, send) < wished:
        log.warning(
            "kernel buffers are small: pictures for many halls at once may be lost",
            receive=receive,
            send=send,
            wished=wished,
            advice=f"sysctl -w net.core.rmem_max={wished} net.core.wmem_max={wished}",
        )


def _answer(rooms: Rooms, offer: Offer) -> Answer | Refusal:
    try:
        return rooms.answer(offer)
    except Exception:
        # The server waits for this request: tell it, whatever went wrong here.
        log.exception("offer failed", participant=offer.participant)
        return Refusal(request=offer.request, code="busy", detail="the node failed on this offer")


def main() -> None:
    log_json()
    options = arguments()
    try:
        asyncio.run(serve(options))
    except (OSError, ValueError, InvalidURI) as error:
        log.error("media node cannot start", bind=options.bind, error=str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
