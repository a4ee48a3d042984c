"""A plugin of OCRmyPDF: tells how many pages are recognised."""

from collections.abc import Callable
from typing import Any, Self

from ocrmypdf import hookimpl

told: list[Callable[[float], None]] = []
"""Whoever listens, put in by `ocr.recognise`; called with 0 … 1. OCRmyPDF makes the bars by itself."""


class Bar:
    """What OCRmyPDF takes for a progress bar; it names the step in `desc`."""

    def __init__(self, *, total: float | None = None, desc: str | None = None, **_others: Any) -> None:
        self._total = total or 0
        self._counts = desc == "OCR"
        self._done = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        return None

    def update(self, n: float = 1, *, completed: float | None = None) -> None:
        self._done = completed if completed is not None else self._done + n
        if self._counts and self._total:
            for tell in told:
                tell(min(1.0, self._done / self._total))


@hookimpl
def get_progressbar_class() -> type[Bar]:
    return Bar
