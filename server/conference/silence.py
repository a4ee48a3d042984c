"""Which halls are cut off wholly: neither their media nor their live channel is heard any more.

A line that is pulled says no goodbye: its TCP connection stays open for minutes, and one that only stutters looks the
same for seconds. So two witnesses are asked. The media node tells each second whose packets came; whoever it has
nothing of is pinged over the live channel. Counted are the node's reports, not seconds of a clock: a server or a node
that stands still for a while listened to nobody meanwhile, and must not take that for silence of the halls.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from server.live.client import Client

ON_AIR_REPORTS = 3
"""For who is seen or heard by all: found within 4 s. Shorter would take a Wi-Fi that changes its cell for a cut."""
LISTENED_SECONDS = 0.5
"""Reports that come faster, one upon the other, are late ones: they count as one."""


@dataclass(slots=True)
class _Silence:
    at: float
    heard: float
    """When its live channel was heard last, by the monotonic clock."""
    reports: int = 0


class Silences:
    """Of one meeting. Feed it with each of the node's reports, about once a second."""

    def __init__(self) -> None:
        self._of: dict[int, _Silence] = {}

    def report(
        self,
        media: Mapping[int, bool],
        halls: Mapping[int, Client],
        on_air: Collection[int],
        now: float,
        *,
        patience: float,
    ) -> list[int]:
        """`media`: point -> whether the node had packets of its connected session in the second before. `patience`: so
        many reports for who is not on air. Returns the points that are cut off now."""
        self._of = {point_id: silence for point_id, silence in self._of.items() if point_id in media}
        return [
            point_id
            for point_id, packets in media.items()
            if self._count(point_id, packets, halls.get(point_id), point_id in on_air, now)
            >= (min(ON_AIR_REPORTS, patience) if point_id in on_air else patience)
        ]

    def _count(self, point_id: int, packets: bool, hall: Client | None, on_air: bool, now: float) -> int:
        heard = hall.heard if hall is not None else 0.0
        silence = self._of.setdefault(point_id, _Silence(now, heard))
        if packets or heard > silence.heard:
            silence.reports, silence.at = 0, now
        elif now - silence.at >= LISTENED_SECONDS:
            silence.reports, silence.at = silence.reports + 1, now
        silence.heard = heard
        if hall is not None and (on_air or not packets):
            hall.ping()
        return silence.reports
