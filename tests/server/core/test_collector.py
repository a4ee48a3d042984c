import asyncio
import gc
from collections.abc import Iterator
from weakref import ref

import pytest
from structlog.testing import capture_logs

from server.core import collector
from server.core.collector import collecting, due, resident, spare_the_collector
from server.core.watchdog import Watchdog


@pytest.fixture
def _as_it_was() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


class Knot:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


def test_when_everything_is_looked_through() -> None:
    megabyte = 1024 * 1024
    assert not due(63 * megabyte, quiet=True)
    assert due(64 * megabyte, quiet=True)
    assert not due(1023 * megabyte, quiet=False)
    assert due(1024 * megabyte, quiet=False)
    assert 10 * megabyte < resident() < 100_000 * megabyte


@pytest.mark.usefixtures("_as_it_was")
async def test_what_survives_one_look_is_walked_through_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "_LOOK_SECONDS", 0.001)
    monkeypatch.setattr(collector, "_GROWN", -1_000_000_000)
    quiet = False
    async with collecting(lambda: quiet):
        spare_the_collector()
        kept = [Knot() for _ in range(20_000)]
        gc.collect(0)
        assert sum(isinstance(each, Knot) for number in range(3) for each in gc.get_objects(number)) == 0, "set aside"
        young, old = ref(Knot()), ref(kept[0])
        gc.collect(0)
        assert young() is None, "what ended young is found young"
        kept.clear()
        gc.collect(0)
        assert old() is not None, "waits for a quiet moment"
        quiet = True
        async with asyncio.timeout(10):
            while old() is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
    assert collector._set_aside not in gc.callbacks


async def test_a_long_look_is_logged() -> None:
    many = [[number] for number in range(300_000)]
    with capture_logs() as logs:
        async with Watchdog(logged=0.0001).watching():
            gc.collect()
    assert len(many) == 300_000
    assert any(entry["event"] == "collector-held" and entry["generation"] == 2 for entry in logs)
