"""Light halls through the real server and node: what the benchmark of halls relies on, and floor control in RTP."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from media.bots.light.generator import Generator
from media.bots.light.halls import MICROPHONE, Hall, Pictures, until
from tests.deployment import Deployment
from tests.load.bench_halls import Console, prepare


@pytest.fixture
async def conference(tmp_path: Path) -> AsyncIterator[SimpleNamespace]:
    """The main point and three halls, joined; the chair's console."""
    deployment = Deployment(tmp_path / "var")
    invitations, chair, meeting_id = await prepare(deployment, 4)
    deployment.start()
    try:
        await deployment.ready()
        async with AsyncExitStack() as stack:
            generator = await stack.enter_async_context(Generator())
            console = await stack.enter_async_context(Console(deployment.url, meeting_id, chair))
            pictures = Pictures(generator)
            halls = [Hall(deployment.url, generator, invitation) for invitation in invitations]
            for hall in halls:
                stack.push_async_callback(hall.leave)
                await hall.join()
            yield SimpleNamespace(generator=generator, console=console, pictures=pictures, halls=halls)
    finally:
        deployment.stop()


async def test_the_called_hall_is_seen_and_heard_by_all_others_and_nobody_else_is(conference: SimpleNamespace) -> None:
    main, second, third, fourth = conference.halls
    pictures: Pictures = conference.pictures
    others = [second, third, fourth]
    assert await until(lambda: all(pictures.shown(h.point_id, main.point_id, 0) for h in others), 10)

    called_at = time.time()
    await conference.console.command("floor.give", {"point_id": third.point_id})
    others = [main, second, fourth]
    assert await until(lambda: all(pictures.shown(h.point_id, third.point_id, called_at) for h in others), 10)
    assert await until(lambda: all(pictures.heard(h.point_id, third.point_id, called_at) for h in others), 10)
    assert pictures.shown(third.point_id, third.point_id, 0) is None
    assert pictures.heard(third.point_id, third.point_id, 0) is None

    # A client that sends its sound without the floor, whatever it was told.
    sent_before = await packets_sent(conference.generator, fourth.point_id)
    conference.generator.send(cmd="shape", peer=fourth.point_id, mid=MICROPHONE, active=True)
    await asyncio.sleep(1.5)
    assert await packets_sent(conference.generator, fourth.point_id) > sent_before + 30
    assert not any(pictures.heard(hall.point_id, fourth.point_id, 0) for hall in conference.halls)
    assert pictures.lost == []


async def packets_sent(generator: Generator, peer: int) -> int:
    stats = await generator.stats(detail=True)
    sent: int = next(each["sent_packets"] for each in stats["detail"] if each["peer"] == peer)
    return sent
