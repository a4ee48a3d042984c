import gc

from structlog.testing import capture_logs

from server.core.collector import due
from server.core.watchdog import Watchdog


def test_when_everything_is_looked_through() -> None:
    assert due(50, 30, quiet=True)
    assert not due(49, 30, quiet=True)
    assert not due(5000, 599, quiet=False)
    assert due(1, 600, quiet=False)
    assert not due(0, 10_000, quiet=True)


async def test_a_long_look_is_logged() -> None:
    many = [[number] for number in range(300_000)]
    with capture_logs() as logs:
        async with Watchdog(logged=0.0001).watching():
            gc.collect()
    assert len(many) == 300_000
    assert any(entry["event"] == "collector-held" and entry["generation"] == 2 for entry in logs)
