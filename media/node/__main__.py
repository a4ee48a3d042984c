"""`python -m media.node`: one media node. Ends on SIGTERM or SIGINT, and with --supervised when its parent is gone."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import secrets
import signal
import socket
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from websockets.exceptions import InvalidURI

from media._core import Core
from media.contract import Answer, CloseRoom, Hello, Leave, Offer, Refusal, Room, ToNode
from media.node.control import ControlLine
from media.node.rooms import Rooms
from media.process import log_json, watch_parent

log = structlog.get_logger()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m media.node", description="A media node of Nhịp Cầu.")
    parser.add_argument("--server", required=True, metavar="URL", help="ws:// or wss:// address of /media/node")
    parser.add_argument(
        "--secret-file", required=True, type=Path, metavar="FILE", help="the secret shared with the server"
    )
    parser.add_argument(
        "--bind", required=True, metavar="HOST:PORT", help="UDP address for all media; port 0 takes a free one"
    )
    parser.add_argument(
        "--advertise",
        action="append",
        default=[],
        type=lambda text: str(ipaddress.ip_address(text)),
        metavar="IP",
        help="address that browsers reach this node by, repeatable; default: the bound one",
    )
    parser.add_argument("--name", default=socket.gethostname(), help="the node's name in logs and reports")
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


def resolved(bind: str) -> tuple[str, int]:
    """IP address and port of "host:port", where the host may be a name. Raises ValueError or OSError."""
    host, _, port = bind.rpartition(":")
    try:
        return str(ipaddress.ip_address(host.strip("[]"))), int(port)
    except ValueError:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_DGRAM)
        return str(found[0][4][0]), int(port)


def advertised(host: str, wished: list[str]) -> tuple[str, ...]:
    """Addresses for the candidates: those wished for, else the bound one, else the one of the default route."""
    if wished:
        return tuple(wished)
    if not ipaddress.ip_address(host).is_unspecified:
        return (host,)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1: chooses a route, sends nothing
            return (str(probe.getsockname()[0]),)
        except OSError:
            return ("127.0.0.1",)


def package_version() -> str:
    try:
        return version("nhipcau")
    except PackageNotFoundError:
        return "development"


async def serve(options: argparse.Namespace) -> None:
    host, port = resolved(options.bind)
    addresses = advertised(host, options.advertise)
    core = Core(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    boot = secrets.token_hex(8)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def hello() -> Hello:
        return Hello(node=options.name, boot=boot, version=package_version(), sessions=rooms.connected())

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

    def drain() -> None:
        for event in core.drain_events():
            rooms.handle(event)

    def opened() -> None:
        rooms.announce()

    line = ControlLine(options.server, options.secret_file, hello=hello, opened=opened, received=received)
    rooms = Rooms(core, addresses, line.send, max_sessions=options.max_sessions)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if options.supervised:
        watch_parent(lambda: loop.call_soon_threadsafe(stop.set))
    loop.add_reader(core.event_fd, drain)
    log.info("media node ready", boot=boot, port=core.port, addresses=addresses)
    dialling = asyncio.create_task(line.run())
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({dialling, stopping}, return_when=asyncio.FIRST_COMPLETED)
    loop.remove_reader(core.event_fd)
    core.close()
    if dialling in done:
        dialling.result()
    dialling.cancel()
    stopping.cancel()


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
