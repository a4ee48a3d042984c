"""Our packet core in a process of its own, driven by JSON lines: only what a benchmark of forwarding needs.

`python -m tests.load.core_node HOST` says `ready` with port, fingerprint and process id, then takes
`{"cmd":"peer", …}` (the fields of `media._core.Peer`), `{"cmd":"assign","assignments":[[peer, slot, source], …]}` and
`{"cmd":"counters"}`; it tells of connected and disconnected peers.
"""

import json
import os
import select
import sys
from typing import Any

from media._core import Codec, Core, Peer, Slot, Source, new_ice_credentials
from media.bots.light.generator import EXTENSIONS, OPUS, VP8

CODECS = {"video": Codec("VP8", VP8, 90_000), "audio": Codec("opus", OPUS, 48_000)}


def say(**line: object) -> None:
    print(json.dumps(line), flush=True)


def add_peer(core: Core, line: dict[str, Any]) -> None:
    ufrag, password = new_ice_credentials()
    core.add_peer(
        Peer(
            line["peer"],
            local_ufrag=ufrag,
            local_password=password,
            remote_ufrag=line["ufrag"],
            remote_password=line["password"],
            fingerprint=line["fingerprint"],
            dtls_role=line["dtls_role"],
            extensions=EXTENSIONS,
            feedback="none",
            sources=[
                Source(source["source"], source["kind"], source["mid"], [CODECS[source["kind"]]], ssrc=source["ssrc"])
                for source in line["sources"]
            ],
            slots=[
                Slot(slot["slot"], slot["kind"], slot["mid"], [CODECS[slot["kind"]]], ssrc=slot["ssrc"])
                for slot in line["slots"]
            ],
        )
    )
    say(event="added", peer=line["peer"], ufrag=ufrag, password=password)


def obey(core: Core, line: dict[str, Any]) -> None:
    match line["cmd"]:
        case "peer":
            add_peer(core, line)
        case "assign":
            core.assign_many([(peer, slot, source) for peer, slot, source in line["assignments"]])
        case "counters":
            say(event="counters", counters=core.counters())


def main() -> None:
    core = Core(f"{sys.argv[1]}:0")
    say(event="ready", port=core.port, fingerprint=core.fingerprint, pid=os.getpid())
    commands = sys.stdin.fileno()
    poll = select.poll()
    poll.register(commands, select.POLLIN)
    poll.register(core.event_fd, select.POLLIN)
    rest = b""
    while True:
        ready = [descriptor for descriptor, _ in poll.poll()]
        if core.event_fd in ready:
            for event in core.drain_events():
                if event.kind in ("connected", "disconnected"):
                    say(event=event.kind, peer=event.peer)
        if commands in ready:
            chunk = os.read(commands, 1 << 16)
            if not chunk:
                break
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                obey(core, json.loads(line))
    core.close()


if __name__ == "__main__":
    main()
