"""Refusals speak: every code that a client can meet has its own sentence in Vietnamese and in English."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from server.core.errors import DomainError
from server.live import client

WEB = Path(__file__).parents[3] / "web/src/lib"


def all_below(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in kind.__subclasses__():
        if child.__module__.startswith("server."):
            yield child
        yield from all_below(child)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_code_has_words_of_its_own(app: FastAPI) -> None:
    assert app.openapi()  # everything is imported
    kinds = set(all_below(DomainError))
    assert {"not-allowed", "media-elsewhere", "too-many"} <= {kind.code for kind in kinds}
    for kind in kinds:
        # Whoever raises a general one may say more; none says only that it did not work.
        assert kind.vi != DomainError.vi, kind.code
        assert kind.en != DomainError.en, kind.code
        assert not kind.vi.isascii(), kind.code
        assert kind.vi != kind.en, kind.code
        assert kind.vi.endswith((".", "?")), kind.code
        assert kind.en.endswith((".", "?")), kind.code


def test_every_close_code_is_known_to_the_page() -> None:
    """Either it has words there, or the line comes back by itself; any other would say "not allowed"."""
    page = (WEB / "conference/Refused.svelte").read_text() + (WEB / "live/channel.ts").read_text()
    codes = {each for each in vars(client).values() if isinstance(each, int) and 4400 <= each < 4500}
    assert len(codes) >= 6
    assert [code for code in sorted(codes - {client.NOT_ALLOWED}) if str(code) not in page] == []
