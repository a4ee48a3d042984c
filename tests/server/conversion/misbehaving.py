"""A conversion that was taken over: does what its order's file name says."""

import ctypes
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from server.conversion.messages import ORDER, Order
from server.conversion.refusals import Refused
from server.conversion.sandboxed_program import limit


def _seen(path: str) -> dict[str, object]:
    """What of the machine is to be seen."""

    def writable(where: str) -> bool:
        try:
            Path(where, "x").touch()
        except OSError:
            return False
        return True

    return {
        "there": Path(path).exists(),
        "top": sorted(os.listdir("/")),
        "user": os.getuid(),
        "processes": sum(name.isdecimal() for name in os.listdir("/proc")),
        "writable": [
            each for each in ("/usr", "/etc", "/app", "/app/server", sys.prefix, "/var", "/") if writable(each)
        ],
        "interfaces": [name for _, name in socket.if_nameindex()],
        "capabilities": [line for line in Path("/proc/self/status").read_text().splitlines() if "CapEff" in line],
    }


def main() -> None:  # noqa: PLR0912  one case for each test
    folder = Path(sys.argv[1])
    order = Order.model_validate_json((folder / ORDER).read_bytes())
    limit(order)
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (folder / "started").touch()
    what, _, of = order.file_name.partition(" ")
    match what:
        case "hang":
            time.sleep(600)
        case "spin":
            try:
                while True:
                    pass
            except Refused:
                print('{"problem": {"code": "time", "vi": "x", "en": "x"}}', flush=True)
        case "eat":
            kept = []
            try:
                while True:
                    kept.append(b"x" * 10_000_000)
            except MemoryError:
                print('{"problem": {"code": "memory", "vi": "x", "en": "x"}}', flush=True)
        case "eat-together":
            program = "kept = b'x' * 180_000_000; import time; time.sleep(600)"
            for _ in range(5):
                subprocess.Popen([sys.executable, "-c", program])
            time.sleep(600)
        case "crash":
            ctypes.string_at(0)
        case "fill":
            try:
                (folder / "much").write_bytes(b"x" * 20_000_000)
            except OSError:
                print('{"problem": {"code": "bomb", "vi": "x", "en": "x"}}', flush=True)
        case "raise":
            raise RuntimeError("a mistake of ours")
        case "babble":
            print("hello", flush=True)
        case "look":
            print(json.dumps(_seen(of)), file=sys.stderr, flush=True)
            raise RuntimeError("looked round")
        case "link":
            (folder / "result").mkdir()
            (folder / "result" / "reading.pdf").symlink_to(of)
            (folder / "report.json").symlink_to(of)
            print('{"done": true, "progress": 1.0}', flush=True)
        case "call":
            socket.create_connection(("127.0.0.1", int(of)), timeout=5)


main()
