"""Every figure of this installation that is worth a curve, as Prometheus reads it. Counters begin with the process;
what is asked of the database is asked once a reading.

Of halls only numbers are named (meeting, point), of people nothing."""

import asyncio
import os
import resource
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from server import __version__
from server.conference.nodes.desired_state import meeting_of, point_of
from server.conference.nodes.registry import Nodes, NodeSeen
from server.core.metrics import Metric, one
from server.core.services import Services
from server.core.watchdog import Watchdog
from server.edge.budgets import Connections
from server.edge.page_faults import PageFaults
from server.edge.requests import Requests
from server.live.registry import Live
from server.system.state import backup_at, jobs_state, mails_by_state

_PAGE = resource.getpagesize()
_TICKS = os.sysconf("SC_CLK_TCK")
_STARTED = time.time()
PRESENCES = ("absent", "testing", "ready", "lost")
RATINGS = ("good", "weak", "bad")


async def collect(services: Services, session: AsyncSession, live: Live) -> list[Metric]:
    nodes = services.components[Nodes].seen()
    disk = await asyncio.to_thread(shutil.disk_usage, services.settings.var)
    jobs = await jobs_state(session, services.clock())
    backup = await asyncio.to_thread(backup_at, services.settings)
    mails = await mails_by_state(session)
    return [
        Metric("info", "gauge", "Version of the server.", [({"version": __version__}, 1)]),
        *_process(),
        *_work(services),
        one("jobs_waiting", "gauge", "Jobs that are due now or later.", jobs.waiting),
        one("jobs_late_seconds", "gauge", "How long one has been due that nobody has in hand.", jobs.late_seconds),
        one("jobs_failed", "gauge", "Jobs that were given up.", jobs.failed),
        Metric("mails", "gauge", "E-mails, by state.", [({"state": s}, mails[s]) for s in ("queued", "failed")]),
        one("disk_free_bytes", "gauge", "Free on the disk of NHIPCAU_VAR.", disk.free),
        one("disk_bytes", "gauge", "Size of that disk.", disk.total),
        one("last_backup_seconds", "gauge", "When the last backup was done, in Unix time; 0: never.",
            backup.timestamp() if backup is not None else 0),
        *_rooms(live),
        *_nodes(nodes),
    ]  # fmt: skip


def _process() -> Iterator[Metric]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
    yield one("cpu_seconds_total", "counter", "Processor time of the server.", used.ru_utime + used.ru_stime)
    yield one("resident_memory_bytes", "gauge", "Memory of the server.", resident)
    yield one("open_files", "gauge", "Open descriptors of the server.", len(os.listdir("/proc/self/fd")))
    yield one("start_time_seconds", "gauge", "When the server was started, in Unix time.", _STARTED)


def _work(services: Services) -> Iterator[Metric]:
    parts = services.components
    watchdog, connections, requests = parts[Watchdog], parts[Connections], parts[Requests]
    yield one("loop_stalls_total", "counter", "Times that the event loop stood for over 10 ms.", watchdog.stalls)
    yield one("loop_stalled_seconds_total", "counter", "Seconds of these.", watchdog.late)
    yield one("loop_stall_worst_seconds", "gauge", "The longest since the start.", watchdog.worst)
    waits = services.transactions.waits
    yield Metric("writer_wait_seconds", "histogram", "Waiting of writers for their turn.", [({}, waits)])
    answered = [({"status": status}, seconds) for status, seconds in sorted(requests.seconds.items())]
    yield Metric("request_seconds", "histogram", "From a request to the head of its answer.", answered)
    yield one("requests_broken_total", "counter", "Requests that ended by a fault of the server.", requests.broken)
    yield one("connections", "gauge", "Open connections.", connections.open)
    yield one("connections_most", "gauge", "As many as may be open.", connections.most)
    limits = [({"limit": limit}, times) for limit, times in sorted(connections.refusals.total.items())]
    yield Metric("limit_reached_total", "counter", "Times that a client reached a limit.", limits)
    faults = parts[PageFaults].total
    yield one("page_faults_total", "counter", "Faults that pages told of in browsers.", faults)


def _rooms(live: Live) -> Iterator[Metric]:
    clients = Counter(client.viewer.audience for client in live.clients())
    running, halls = 0, Counter[str]()
    for room in live.rooms.values():
        meeting = room.entity("meeting")
        if room.replica is not None and meeting is not None and meeting["state"] in ("open", "running"):
            running += 1
            halls.update(point["presence"] for point in room.replica.state.get("points", {}).values())
    yield one("rooms", "gauge", "Meetings that are open or running and watched.", running)
    yield Metric("halls", "gauge", "Halls of these, by presence.", [({"presence": p}, halls[p]) for p in PRESENCES])
    yield Metric("sockets", "gauge", "Live channels, by audience.", [({"audience": a}, n) for a, n in clients.items()])


def _nodes(nodes: list[NodeSeen]) -> Iterator[Metric]:
    yield one("nodes", "gauge", "Media nodes that are connected.", len(nodes))
    by_node = [({"node": node.name}, node) for node in nodes]
    sessions = [(labels, node.sessions) for labels, node in by_node]
    yield Metric("node_sessions", "gauge", "Connected media sessions.", sessions)
    for name, about in _COUNTED.items():
        samples = [(labels, node.counters.get(name, 0)) for labels, node in by_node]
        yield Metric(f"node_{name}_total", "counter", about, samples)
    dropped = [
        ({**labels, "reason": key.removeprefix("dropped_")}, count)
        for labels, node in by_node
        for key, count in node.counters.items()
        if key.startswith("dropped_")
    ]
    yield Metric("node_dropped_total", "counter", "Packets that were not forwarded, by reason.", dropped)
    lines = [
        ({"meeting": str(meeting_of(room)), "point": str(point)}, report)
        for node in nodes
        for room, links in node.links.items()
        for report in links.links
        if (point := point_of(report.participant)) is not None
    ]
    rated = Counter[str](report.rating for _, report in lines)
    yield Metric(
        "hall_lines", "gauge", "Halls with media, by their line.", [({"rating": r}, rated[r]) for r in RATINGS]
    )
    yield Metric("hall_loss", "gauge", "Share of packets lost over the last second, before repair.", [
        ({**labels, "way": way}, share)
        for labels, report in lines
        for way, share in (("up", report.loss_up), ("down", report.loss_down))
    ])  # fmt: skip
    yield Metric("hall_bytes_per_second", "gauge", "What the hall sent and was sent over the last second.", [
        ({**labels, "way": way}, rate / 8)
        for labels, report in lines
        for way, rate in (("up", report.bitrate_up), ("down", report.bitrate_down))
    ])  # fmt: skip
    trips = [(labels, report.rtt_ms / 1000) for labels, report in lines if report.rtt_ms is not None]
    yield Metric("hall_round_trip_seconds", "gauge", "Round trip of the hall's line.", trips)
    limits = [(labels, report.limit_down / 8) for labels, report in lines if report.limit_down is not None]
    yield Metric(
        "hall_limit_bytes_per_second", "gauge", "What its way down is known to carry, where it showed.", limits
    )
    short = Counter[str](report.picture_down for _, report in lines)
    shown = [({"picture": each}, short[each]) for each in ("full", "reduced", "none")]
    yield Metric("hall_pictures", "gauge", "Halls, by what their line carries of the stage.", shown)


_COUNTED = {
    "packets_in": "Packets received.",
    "packets_out": "Packets sent.",
    "bytes_in": "Bytes received.",
    "bytes_out": "Bytes sent.",
    "retransmissions": "Packets sent again.",
    "recovered": "Packets of publishers that came by asking again.",
    "key_frame_requests": "Key frames that were asked for.",
    "faults": "Peers that ended by a fault of the core.",
}
"""Counters of the core."""
