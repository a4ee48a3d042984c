"""A node that has lost its packet core does not stay: it ends, and whoever supervises it starts it again."""

import argparse
import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from media.contract import to_node
from media.node import __main__ as node
from media.node.rooms import Rooms


class LostCore:
    """A core whose thread ends at once."""

    port = 7000
    tcp_port = None
    fingerprint = ":".join(["AB"] * 32)
    buffer_sizes = (212_992, 212_992, 4 << 20)

    def __init__(self, bind: str) -> None:
        self.event_fd = os.eventfd(1)
        self.closed = 0

    def drain_events(self) -> list[Any]:
        os.eventfd_read(self.event_fd)
        return [SimpleNamespace(kind="dead", peer=0, data={})]

    def close(self) -> None:
        self.closed += 1


async def test_a_core_that_failed_ends_the_node(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(node, "Core", LostCore)
    (tmp_path / "secret").write_text("secret")
    options = argparse.Namespace(
        bind="127.0.0.1:7000",
        advertise=[],
        tcp="off",
        advertise_tcp=[],
        server="ws://127.0.0.1:1/media/node",
        secret_file=tmp_path / "secret",
        name="n",
        max_sessions=10,
        supervised=False,
    )
    with pytest.raises(SystemExit) as ended:
        async with asyncio.timeout(10):
            await node.serve(options)
    assert ended.value.code == node.CORE_LOST


@pytest.mark.parametrize(
    ("empty", "speaks", "ends"), [(False, False, True), (False, True, False), (True, False, False)]
)
async def test_a_core_that_stands_still_is_noticed_while_it_has_peers(
    monkeypatch: pytest.MonkeyPatch, empty: bool, speaks: bool, ends: bool
) -> None:
    monkeypatch.setattr(node, "STILL_SECONDS", 1.5)
    pulse = node.Pulse()
    loop = asyncio.get_running_loop()

    def drain() -> None:
        if speaks:
            pulse.note("statistics", loop.time())

    watching = asyncio.create_task(node._watch(pulse, cast(Rooms, SimpleNamespace(are_empty=empty)), drain))
    done, _ = await asyncio.wait({watching}, timeout=4)
    watching.cancel()
    assert (watching in done) is ends


def test_a_message_of_a_newer_server_is_understood() -> None:
    text = b'{"type": "room", "room": "meeting-1", "floor": ["point-1"], "layout": "grid"}'
    message = to_node.validate_json(text)
    assert message.type == "room"
    assert message.floor == ("point-1",)
