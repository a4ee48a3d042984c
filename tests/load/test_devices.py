"""The devices of the benches do as the pages do."""

import re

from media.bots.light.lines import ROOT
from tests.load.devices import MEMBERS, SEATED

_WAITS = re.compile(r"export const (\w+): Waits = \{ shortest: ([\d_]+), first: ([\d_]+), longest: ([\d_]+) \};")


def test_who_was_cut_waits_as_the_pages_wait() -> None:
    source = (ROOT / "web/src/lib/live/backoff.ts").read_text()
    waits = {
        name: tuple(int(each) / 1000 for each in (shortest, first, longest))
        for name, shortest, first, longest in _WAITS.findall(source)
    }
    assert waits == {"SEATED": SEATED, "MEMBERS": MEMBERS}
