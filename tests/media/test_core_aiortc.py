"""The packet core as Python sees it, with aiortc as publisher and subscriber over loopback UDP."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from media._core import Codec, Core, Event, Peer, Slot, Source
from media.node.addresses import own_addresses
from tests.media.aiortc_peers import Colour, Participant, Tone

BRIGHT, DARK = 200, 60


class Events:
    """Reads the core's queue by its descriptor, as the node does."""

    def __init__(self, core: Core) -> None:
        self.all: list[Event] = []
        self._core = core
        asyncio.get_running_loop().add_reader(core.event_fd, self._drain)

    def _drain(self) -> None:
        self.all += self._core.drain_events()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._core.event_fd)

    async def wait(self, kind: str, peer: int) -> Event:
        async with asyncio.timeout(15):
            while True:
                for event in self.all:
                    if event.kind == kind and event.peer == peer:
                        return event
                await asyncio.sleep(0.02)

    def latest(self, peer: int) -> dict[str, object]:
        """The newest statistics of `peer`."""
        every = [each for event in self.all if event.kind == "statistics" for each in event.data["peers"]]
        return next(each for each in reversed(every) if each["peer"] == peer)


@pytest.fixture
async def core() -> AsyncIterator[Core]:
    core = Core("127.0.0.1:0")
    yield core
    core.close()


@pytest.fixture
async def events(core: Core) -> AsyncIterator[Events]:
    events = Events(core)
    yield events
    events.close()


async def until(
    measure: Callable[[], Awaitable[float]], expected: float, tolerance: float, seconds: float = 15
) -> None:
    """Measures until the value is `expected`."""
    end = time.monotonic() + seconds
    value = float("nan")
    async with asyncio.timeout(seconds + 5):
        while time.monotonic() < end:
            value = await measure()
            if abs(value - expected) <= tolerance:
                return
    pytest.fail(f"{value} is not {expected}")


@pytest.mark.skipif(len(own_addresses(with_ipv6=True)) < 2, reason="a machine without both families")
async def test_peers_of_both_families_meet_on_one_port() -> None:
    core = Core("[::]:0")
    events = Events(core)
    older, newer = own_addresses(with_ipv6=True)
    speaker, viewer = Participant(core, 1, "VP8", newer), Participant(core, 2, "VP8", older)
    try:
        await speaker.publish(Colour(BRIGHT))
        await viewer.receive("video")
        await asyncio.gather(*(events.wait("connected", peer) for peer in (1, 2)))
        core.assign(2, 200, 100)
        await until(viewer.luma, BRIGHT, 6)
    finally:
        await asyncio.gather(speaker.close(), viewer.close())
        events.close()
        core.close()


@pytest.mark.parametrize("video", ["VP8", "H264"])
async def test_pictures_and_sound_follow_the_assignment(core: Core, events: Events, video: str) -> None:
    one, two, viewer = (Participant(core, peer, video) for peer in (1, 2, 3))
    try:
        await one.publish(Tone(440), Colour(BRIGHT))
        await two.publish(Tone(1000), Colour(DARK))
        await viewer.receive("audio", "video")
        for peer in (1, 2, 3):
            await events.wait("connected", peer)
        await events.wait("first-packet", 1)
        await events.wait("first-packet", 2)

        core.assign_many([(3, 300, 100), (3, 301, 101)])
        await until(viewer.luma, BRIGHT, 6)
        await until(viewer.pitch, 440, 10)

        core.assign_many([(3, 300, 200), (3, 301, 201)])
        await until(viewer.luma, DARK, 6)
        await until(viewer.pitch, 1000, 10)

        # Back again: decoders that saw this source before take it up without a fault.
        core.assign(3, 301, 101)
        await until(viewer.luma, BRIGHT, 6)

        await asyncio.sleep(2.2)
        report = events.latest(3)
        assert {slot["slot"]: slot["source"] for slot in report["slots"]} == {300: 200, 301: 101}
        assert not any(slot["waiting_key_frame"] or slot["no_codec"] for slot in report["slots"])
        assert report["bitrate_down"] > 10_000
        assert 0 <= report["rtt_ms"] < 1000
        camera = next(source for source in events.latest(1)["sources"] if source["source"] == 101)
        assert 10 < camera["fps"] < 30
        assert camera["key_frames"] >= 2
        counters = core.counters()
        assert counters["key_frame_requests"] >= 2
        assert counters["dropped_forged"] == counters["dropped_malformed"] == 0
    finally:
        await asyncio.gather(one.close(), two.close(), viewer.close())
    # aiortc says close_notify.
    assert (await events.wait("disconnected", 3)).data == {"reason": "closed"}


async def test_sound_without_a_slot_goes_nowhere(core: Core, events: Events) -> None:
    speaker, listener = Participant(core, 1, "VP8"), Participant(core, 2, "VP8")
    try:
        await speaker.publish(Tone(440))
        await listener.receive("audio")
        await events.wait("connected", 1)
        await events.wait("connected", 2)
        await events.wait("first-packet", 1)
        await asyncio.sleep(1)
        assert core.counters()["packets_out"] == 0
        core.assign(2, 200, 100)
        await until(listener.pitch, 440, 10)
        core.assign(2, 200, None)
        await asyncio.sleep(0.1)
        sent = core.counters()["packets_out"]
        await asyncio.sleep(0.5)
        assert core.counters()["packets_out"] == sent
    finally:
        await asyncio.gather(speaker.close(), listener.close())


def description(peer: int, **changes: object) -> Peer:
    codec = Codec("VP8", 96, 90_000, rtx_payload_type=97)
    values: dict[str, object] = {
        "local_ufrag": f"abcd{peer}",
        "local_password": "p" * 22,
        "remote_ufrag": "efgh",
        "remote_password": "q" * 22,
        "fingerprint": ":".join(["AB"] * 32),
        "dtls_role": "server",
        "extensions": {"urn:ietf:params:rtp-hdrext:sdes:mid": 4},
        "feedback": "none",
        "sources": [Source(10 * peer, "video", "0", [codec], ssrc=1, rtx_ssrc=2)],
        "slots": [Slot(10 * peer + 1, "video", "1", [codec], ssrc=3)],
    }
    return Peer(peer, **(values | changes))  # type: ignore[arg-type]


async def test_contradictions_are_refused_where_they_are_made(core: Core) -> None:
    core.add_peer(description(1))
    with pytest.raises(ValueError, match="peer 1 is in use"):
        core.add_peer(description(1))
    with pytest.raises(ValueError, match="source 10 is in use"):
        core.add_peer(description(2, sources=description_sources()))
    with pytest.raises(ValueError, match="fingerprint"):
        core.add_peer(description(3, fingerprint="AB:CD"))
    opus = Codec("opus", 111, 48_000)
    with pytest.raises(ValueError, match="SSRC 7 is used twice"):
        core.add_peer(description(4, slots=[Slot(n, "audio", str(n), [opus], ssrc=7) for n in (91, 92)]))
    twice = [Codec("VP8", 96, 90_000), Codec("H264", 96, 90_000, profile="42e01f")]
    with pytest.raises(ValueError, match="payload type 96 is used twice"):
        core.add_peer(description(5, slots=[Slot(93, "video", "0", twice, ssrc=7)]))
    with pytest.raises(ValueError, match="unknown codec"):
        Codec("VP9", 98, 90_000)
    with pytest.raises(ValueError, match="extension id 15"):
        description(6, extensions={"urn:ietf:params:rtp-hdrext:sdes:mid": 15})
    core.remove_peer(1)
    core.remove_peer(1)
    core.add_peer(description(1))


def description_sources() -> list[Source]:
    return [Source(10, "video", "0", [Codec("VP8", 96, 90_000)], ssrc=1)]


async def test_close_is_idempotent_and_ends_the_thread() -> None:
    before = len(os.listdir("/proc/self/task"))
    core = Core("[::]:0")
    assert core.port > 0
    assert len(os.listdir("/proc/self/task")) == before + 1
    core.close()
    core.close()
    assert len(os.listdir("/proc/self/task")) == before


async def test_addresses_that_cannot_be_bound() -> None:
    with pytest.raises(ValueError, match="not an address"):
        Core("localhost")
    with pytest.raises(OSError, match=r"assign|address"):
        Core("192.0.2.1:0")
