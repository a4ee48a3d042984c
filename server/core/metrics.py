"""Figures for whoever watches from outside, in Prometheus' text format (version 0.0.4)."""

import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends of a histogram's buckets."""

Labels = Mapping[str, str]


class Histogram:
    """Counts of durations. Costs its owner half a microsecond each."""

    __slots__ = ("counts", "total", "worst")

    def __init__(self) -> None:
        self.counts = [0] * (len(SECONDS) + 1)
        self.total = 0.0
        self.worst = 0.0
        """Of all, in seconds."""

    def note(self, seconds: float) -> None:
        self.counts[bisect.bisect_left(SECONDS, seconds)] += 1
        self.total += seconds
        self.worst = max(self.worst, seconds)

    def quantile(self, share: float) -> float:
        """Upper end of the bucket in which it lies, in seconds; 0 without any."""
        wanted, seen = share * sum(self.counts), 0
        for count, end in zip(self.counts, (*SECONDS, self.worst), strict=True):
            seen += count
            if seen and seen >= wanted:
                return min(end, self.worst)
        return 0.0


@dataclass(frozen=True)
class Metric:
    """One family. `name` without the prefix; of a histogram each sample is one."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    about: str
    samples: Sequence[tuple[Labels, float | Histogram]] = field(default_factory=tuple)


def one(name: str, kind: Literal["counter", "gauge"], about: str, value: float) -> Metric:
    """Without labels."""
    return Metric(name, kind, about, [({}, value)])


def exposition(metrics: Sequence[Metric], prefix: str = "nhipcau_") -> str:
    return "".join(line + "\n" for metric in metrics for line in _lines(metric, prefix + metric.name))


def _lines(metric: Metric, name: str) -> Iterator[str]:
    yield f"# HELP {name} {metric.about}"
    yield f"# TYPE {name} {metric.kind}"
    for labels, value in metric.samples:
        if isinstance(value, Histogram):
            seen = 0
            for count, end in zip(value.counts, (*map(str, SECONDS), "+Inf"), strict=True):
                seen += count
                yield f"{name}_bucket{_spelled({**labels, 'le': end})} {seen}"
            yield f"{name}_sum{_spelled(labels)} {value.total:.6f}"
            yield f"{name}_count{_spelled(labels)} {seen}"
        else:
            yield f"{name}{_spelled(labels)} {value:.10g}"


_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def _spelled(labels: Labels) -> str:
    inside = ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""
