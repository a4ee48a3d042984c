import asyncio
import time

from structlog.testing import capture_logs

from server.core.watchdog import Watchdog


def busy_line(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


async def test_what_held_the_loop_is_named_and_counted() -> None:
    watchdog = Watchdog(logged=0.05)
    with capture_logs() as logs:
        async with watchdog.watching():
            await asyncio.sleep(0.02)
            busy_line(0.15)
            await asyncio.sleep(0.02)
    held = [entry for entry in logs if entry["event"] == "loop-held"]
    assert any(entry["ms"] > 100 and "busy_line" in entry["where"] for entry in held), held
    assert all(entry["cpu_ms"] <= entry["ms"] and 0 <= entry["queued_ms"] <= entry["ms"] for entry in held)
    assert watchdog.stalls >= 1
    assert watchdog.worst > 0.1
