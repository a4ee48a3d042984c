"""Simulated halls as a process: they come in, are seen and heard, send only what is watched, and come back."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

from media.contract import Links
from tests.media.control_server import NodeProcess, room
from tests.media.live_server import LiveServer, conference
from tests.media.peers import TestPeer, eventually

NAMES = {17: "Lạc Dương", 18: "Đạ Tẻh"}


@contextlib.asynccontextmanager
async def halls(live: LiveServer, folder: Path, *extra: str) -> AsyncIterator[asyncio.subprocess.Process]:
    file = folder / "links.jsonl"
    lines = [
        {"link": f"/join/token-{point}", "meeting_id": 1, "point_id": point, "name": name, "unit": ""}
        for point, name in NAMES.items()
    ]
    file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n", encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "media.bots.halls", "--server", live.url, "--links-file", str(file), "--supervised", *extra),
        stdin=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(10):
            assert await process.wait() == 0


def heard_from(watcher: TestPeer) -> bool:
    return any(heard.loudness > 0.01 for heard in watcher.heard.values())


def last_fps(live: LiveServer, participant: str) -> float | None:
    last = next((m for m in reversed(live.control.heard) if isinstance(m, Links)), None)
    return next((link.camera_fps for link in last.links if link.participant == participant), None) if last else None


async def test_halls_come_in_and_are_seen_and_heard(tmp_path: Path) -> None:
    async with conference(tmp_path) as (live, _), halls(live, tmp_path):
        await eventually(lambda: len(live.asked("media.offer")) == 2, seconds=20)
        await eventually(lambda: len(live.asked("hall.ready")) == 2, seconds=20)
        watcher = TestPeer(live.control, "point-1", slots=("audio-0", "stage", "tile-0"))
        await live.control.tell(room(stage="point-17", floor=["point-17"], tiles=["point-18"]))
        await watcher.join()
        try:
            stage, tile = watcher.seen["stage"], watcher.seen["tile-0"]
            await eventually(lambda: stage.size == (640, 360) and tile.size == (320, 180))
            await eventually(lambda: heard_from(watcher))
            # The two halls are told apart by their walls: the first is blue, the second red.
            await eventually(lambda: stage.mean[2] > stage.mean[0] + 10 and tile.mean[0] > tile.mean[2] + 10)
            before = (stage.frames, stage.changes)
            await asyncio.sleep(3)
            frames, changes = stage.frames - before[0], stage.changes - before[1]
            assert frames > 15, "full demand is 15 frames a second"
            assert changes > frames / 2, "the picture moves"
        finally:
            await watcher.close()


async def test_what_nobody_watches_is_not_sent(tmp_path: Path) -> None:
    async with conference(tmp_path) as (live, _), halls(live, tmp_path, "--count", "1"):
        await eventually(lambda: last_fps(live, "point-17") is not None, seconds=20)
        watcher = TestPeer(live.control, "point-1", slots=("audio-0", "stage"))
        await watcher.join()
        try:
            await live.control.tell(room(stage="point-17"))
            await eventually(lambda: (last_fps(live, "point-17") or 0) > 8)
            await live.control.tell(room(floor=["point-17"]))
            await eventually(lambda: last_fps(live, "point-17") == 0)
            await eventually(lambda: heard_from(watcher))
        finally:
            await watcher.close()


async def test_halls_come_back_when_the_server_or_the_node_restarts(tmp_path: Path) -> None:
    async with conference(tmp_path) as (live, node), halls(live, tmp_path):
        await eventually(lambda: len(live.asked("media.offer")) == 2, seconds=20)
        await eventually(lambda: last_fps(live, "point-18") is not None)

        await live.stop()
        await eventually(lambda: live.sockets == {})
        await live.start()
        back = await eventually(lambda: set(live.sockets) == set(NAMES))
        assert back < 5
        assert len(live.asked("media.offer")) == 2, "their media went on"
        assert live.joins == 2, "their sessions too"

        await node.kill()
        again = await NodeProcess.start(live.control, tmp_path)
        try:
            hello = await live.control.hello(2)
            begun = time.monotonic()
            await live.announce_node(hello.boot)
            await eventually(lambda: len(live.asked("media.offer")) == 4)
            watcher = TestPeer(live.control, "point-1", slots=("audio-0", "stage"))
            await live.control.tell(room(stage="point-18", floor=["point-18"]))
            await watcher.join()
            await eventually(lambda: watcher.seen["stage"].frames > 0)
            assert time.monotonic() - begun < 5
            await watcher.close()
        finally:
            await again.end()


async def test_a_hall_taken_over_in_a_browser_is_left_alone(tmp_path: Path) -> None:
    async with conference(tmp_path) as (live, _), halls(live, tmp_path):
        await eventually(lambda: set(live.sockets) == set(NAMES), seconds=20)
        await live.sockets[17].close(4409)
        await live.sockets[18].close(1001)
        await eventually(lambda: set(live.sockets) == {18})
        await asyncio.sleep(2)
        assert set(live.sockets) == {18}
