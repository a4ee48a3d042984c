"""How long the conversion takes for a hundred pages of PDF, of Word, and of scans, from uploaded file to page images.

Each file goes through the real conversion in its own process, one after another; the process's start is part of the
time, so small files cost more a page. They are shut in without bubblewrap, which ends without having waited for its
children, and so never says what processor time they took. `python -m tests.load.bench_pipeline [--pages 100]`."""

import argparse
import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.conversion import sandbox
from server.conversion.messages import ORIGINAL, RESULT, Order
from tests import papers
from tests.load.machine import warn_if_busy

_SCANNED_PART = 5
"""Scans take twenty times as long: a fifth of the pages says the same."""


def _files(pages: int) -> dict[str, tuple[str, int, Callable[[], bytes]]]:
    """Kind -> name, pages, content."""
    scans = max(4, pages // _SCANNED_PART)
    return {
        "pdf": ("a.pdf", pages, lambda: papers.pdf(pages)),
        "office": ("a.docx", pages, lambda: papers.docx(("BÁO CÁO", *[papers.PARAGRAPH] * 5), pages=pages)),
        "scan": ("scan.pdf", scans, lambda: papers.scan_pdf(scans, dpi=200)),
    }


@dataclass
class Measured:
    """For a hundred pages."""

    seconds: float
    cpu_seconds: float
    page_bytes: dict[str, float]
    """Of one page: "pdf", "900", "1800"."""


async def measured(kind: str, pages: int = 100) -> Measured:
    """`kind`: pdf, office, scan."""
    name, count, content = _files(pages)[kind]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "job"
        folder.mkdir()
        (folder / ORIGINAL).write_bytes(content())
        order = Order(file_name=name, cores=len(os.sched_getaffinity(0)))
        began, cpu_before = time.perf_counter(), _cpu_of_children()
        steps = [step async for step in sandbox.steps(folder, order, 3600, isolation="network")]
        took, cpu = time.perf_counter() - began, _cpu_of_children() - cpu_before
        if not steps[-1].done:
            raise SystemExit(f"{kind}: {steps[-1].problem}")
        sizes = {"pdf": (folder / RESULT / "reading.pdf").stat().st_size / count}
        for width in (900, 1800):
            pictures = (folder / RESULT / "pages").glob(f"*-{width}.webp")
            sizes[str(width)] = sum(path.stat().st_size for path in pictures) / count
    return Measured(took * 100 / count, cpu * 100 / count, sizes)


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


async def measure(pages: int = 100) -> None:
    """Prints BENCH lines."""
    warn_if_busy()
    for kind in ("pdf", "office", "scan"):
        found = await measured(kind, pages)
        print(f"BENCH {kind}_s_per_100_pages={found.seconds:.1f}")
        print(f"BENCH {kind}_cpu_s_per_100_pages={found.cpu_seconds:.1f}")
        said = ", ".join(f"{name}: {size / 1000:.0f} kB" for name, size in found.page_bytes.items())
        print(f"  a page of it: {said}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=100)
    asyncio.run(measure(parser.parse_args().pages))


if __name__ == "__main__":
    main()
