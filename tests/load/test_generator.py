"""The load generator is an honest witness: it sees what our core forwards, and notices what is wrong."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from media.bots.light.generator import Generator, Remote
from media.bots.light.lines import Line
from tests.load.forwarding import PUBLISHER, OurCore

HOST = "127.0.0.1"
SUBSCRIBERS = (2, 3, 4)


@pytest.fixture
async def generator() -> AsyncIterator[Generator]:
    async with Generator() as running:
        yield running


@pytest.fixture
async def core() -> AsyncIterator[OurCore]:
    async with OurCore(HOST) as running:
        yield running


async def everything(core: OurCore, generator: Generator) -> list[Line]:
    """One publisher, shown to each subscriber: the first picture of each."""
    await core.publish(generator, {})
    for peer in SUBSCRIBERS:
        await core.subscribe(generator, peer)
    return [await generator.expect(event="picture", peer=peer) for peer in SUBSCRIBERS]


async def test_subscribers_see_the_publisher_without_loss(core: OurCore, generator: Generator) -> None:
    pictures = await everything(core, generator)
    assert [(picture["slot"], picture["publisher"]) for picture in pictures] == [("stage", PUBLISHER)] * 3
    for peer in SUBSCRIBERS:
        sound = await generator.expect(event="sound", peer=peer)
        assert (sound["slot"], sound["publisher"]) == ("audio-0", PUBLISHER)
    await generator.reset()
    await asyncio.sleep(2)
    stats = await generator.stats(detail=True)
    assert stats["connected"] == 4
    for kind in ("audio", "video"):
        assert stats[kind]["lost"] == stats[kind]["foreign"] == stats[kind]["orphans"] == 0
    assert stats["video"]["picture_id_jumps"] == 0
    sent = stats["sent"]["packets"]
    received = stats["audio"]["packets"] + stats["video"]["packets"]
    # At least three quarters of 24 frames of 8 packets and 50 packets of audio a second, to each of three.
    assert 3 * 242 * 2 * 0.75 < received <= 3 * sent
    assert stats["delay"]["packets"] == received
    assert 0 < stats["delay"]["p50_us"] <= stats["delay"]["p99_us"] <= stats["delay"]["max_us"]
    publishers = {
        stream["publisher"] for peer in stats["detail"] if peer["peer"] in SUBSCRIBERS for stream in peer["streams"]
    }
    assert publishers == {PUBLISHER}


async def test_a_camera_that_is_off_sends_nothing(core: OurCore, generator: Generator) -> None:
    await everything(core, generator)
    generator.send(cmd="shape", peer=PUBLISHER, mid="0", active=False)
    await asyncio.sleep(0.3)
    await generator.reset()
    await asyncio.sleep(0.5)
    stats = await generator.stats()
    assert stats["video"]["packets"] == 0
    assert stats["audio"]["packets"] > 0
    generator.send(cmd="shape", peer=PUBLISHER, mid="0", active=True, fps=10, packets=1, size=700)
    await asyncio.sleep(1)
    stats = await generator.stats()
    assert 0 < stats["video"]["packets"] < 3 * 15
    assert stats["video"]["bytes"] <= stats["video"]["packets"] * 712


async def test_a_subscriber_asks_for_a_key_frame_and_gets_it(core: OurCore, generator: Generator) -> None:
    await everything(core, generator)
    await asyncio.sleep(1)
    await generator.reset()
    generator.send(cmd="pli", peer=2, ssrc=2 * 2 + 1000)
    await asyncio.sleep(1.5)
    stats = await generator.stats()
    assert stats["plis_received"] >= 1
    assert stats["video"]["key_frames"] >= 3


async def test_leaving_is_noticed_at_once(core: OurCore, generator: Generator) -> None:
    await everything(core, generator)
    generator.send(cmd="close", peer=3)
    await asyncio.wait_for(core.left(3), 5)
    assert (await generator.stats())["peers"] == 3


class Impostor(OurCore):
    """Signals a certificate that it does not have."""

    async def _peer(
        self, generator: Generator, peer: int, sources: list[dict[str, Any]], slots: list[dict[str, Any]]
    ) -> Remote:
        remote = await super()._peer(generator, peer, sources, slots)
        return replace(remote, fingerprint="AB:" * 31 + "AB")


async def test_a_certificate_of_somebody_else_ends_the_connection(generator: Generator) -> None:
    async with Impostor(HOST) as impostor:
        publishing = asyncio.create_task(impostor.publish(generator, {}))
        refused = await generator.expect(event="disconnected", peer=PUBLISHER)
        assert "fingerprint" in refused["reason"]
        publishing.cancel()


async def test_commands_that_cannot_be_obeyed_are_answered_with_an_error(generator: Generator) -> None:
    generator.send(cmd="shape", peer=99, mid="0")
    assert (await generator.expect(event="error", peer=99))["message"] == "no such peer"
    generator.send(cmd="fly")
    assert "fly" in (await generator.expect(event="error", peer=None))["message"]
