"""What Prometheus reads, and that the dashboard and the alarms ask for nothing that is not there."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from media.contract import LinkReport, Links
from server.conference.secret import NodeSecret
from server.core.config import Settings
from server.core.metrics import SECONDS, Histogram, Metric, exposition
from server.core.services import Services
from server.main import create_app
from tests import builders
from tests.builders import Province
from tests.conftest import Browsers, Clock
from tests.server.conftest import Join
from tests.sockets import FakeNode, LiveServer

MONITORING = Path(__file__).parents[3] / "docker" / "monitoring"
TOKEN = "a-token-of-some-length"


@pytest.fixture
def app(settings: Settings, clock: Clock) -> FastAPI:
    return create_app(settings.model_copy(update={"metrics_token": TOKEN}), clock)


async def read(client: httpx2.AsyncClient) -> str:
    answer = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


def value(text: str, sample: str) -> float:
    [line] = [each for each in text.splitlines() if each.rpartition(" ")[0] == f"nhipcau_{sample}"]
    return float(line.rpartition(" ")[2])


async def test_it_wants_its_token(browser: Browsers, services: Services) -> None:
    client = await browser()
    for given in ({}, {"Authorization": "Bearer another-token-of-some-length"}, {"Authorization": TOKEN}):
        assert (await client.get("/metrics", headers=given)).status_code == 403
    await read(client)
    services.settings.metrics_token = None
    assert (await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})).status_code == 404


async def test_halls_lines_and_the_node_are_counted(
    services: Services, province: Province, server: LiveServer, join: Join, browser: Browsers
) -> None:
    meeting = await builders.conference(services, province, "running")
    hall = await join(meeting.id, province.da_sar_hall)
    node = await FakeNode.dial(server, services.components[NodeSecret].token("node-1"))
    line = LinkReport(participant=f"point-{province.da_sar_hall.id}", loss_up=0.25, rtt_ms=80.0, rating="bad")
    counters = {"packets_in": 12, "packets_out": 340, "dropped_forged": 3}
    await hall.until(lambda: hall.signalled("media-node"))
    await node.say(Links(room=f"meeting-{meeting.id}", links=(line,), counters=counters))
    await hall.until(lambda: hall.signalled("link"))
    await node.say(Links(room="meeting-999", links=()))
    client = await browser()
    assert (await client.get("/api/nothing")).status_code == 404
    text = await read(client)
    of_hall = f'meeting="{meeting.id}",point="{province.da_sar_hall.id}"'
    for sample, expected in {
        'halls{presence="lost"}': 0,
        "rooms": 1,
        'sockets{audience="hall"}': 1,
        "nodes": 1,
        'node_packets_out_total{node="node-1"}': 340,
        'node_dropped_total{node="node-1",reason="forged"}': 3,
        'hall_lines{rating="bad"}': 1,
        f'hall_loss{{{of_hall},way="up"}}': 0.25,
        f"hall_round_trip_seconds{{{of_hall}}}": 0.08,
        "requests_broken_total": 0,
        'request_seconds_count{status="4xx"}': 1,
    }.items():
        assert value(text, sample) == expected, sample
    assert value(text, "writer_wait_seconds_count") > 0
    assert value(text, "disk_free_bytes") > 0
    await asked_for_only_what_is_there(text)
    await node.close()


async def asked_for_only_what_is_there(text: str) -> None:
    """The dashboard and the alarms, by the names and labels of this reading."""
    there = set(re.findall(r"^# TYPE (\w+)", text, re.M)) | set(re.findall(r"^(nhipcau_\w+)[ {]", text, re.M))
    labels = set(re.findall(r'[{,](\w+)="', text))
    board = json.loads((MONITORING / "grafana.json").read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    rules = (MONITORING / "alerts.yml").read_text()
    expressions += re.findall(r"^ *expr: (.*)$", rules, re.M)
    assert len(expressions) > 30
    for expression in expressions:
        assert set(re.findall(r"nhipcau_\w+", expression)) <= there, expression
        named = set(re.findall(r"[{,] *(\w+)=", expression)) | {
            label for group in re.findall(r"by \(([\w, ]+)\)", expression) for label in group.split(", ")
        }
        assert named <= labels | {"le", "job", "limit"}, expression
    if promtool := shutil.which("promtool"):  # Debian's prometheus: whether the expressions are written well
        checked = subprocess.run([promtool, "check", "rules", MONITORING / "alerts.yml"], check=False)  # noqa: ASYNC221
        read_ = subprocess.run([promtool, "check", "metrics"], input=text.encode(), check=False)  # noqa: ASYNC221
        assert (checked.returncode, read_.returncode) == (0, 0)


async def test_a_request_goes_by_one_name(browser: Browsers) -> None:
    client = await browser()
    own = (await client.get("/api/health")).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{16}", own)
    given = (await client.get("/api/health", headers={"X-Request-Id": "proxy-12345678"})).headers["x-request-id"]
    assert given == "proxy-12345678"
    for bad in ("short", "a b c d e f g h", "x" * 65):
        assert (await client.get("/api/health", headers={"X-Request-Id": bad})).headers["x-request-id"] != bad


async def test_faults_of_pages_are_counted_and_read(province: Province, browser: Browsers, services: Services) -> None:
    client = await browser()
    fault = {"page": "/meetings/[id]/console", "build": "b1", "message": "x of 'Nguyễn Văn A' is undefined"}
    for _ in range(3):
        await client.post("/api/page-faults", json=fault, headers={"User-Agent": "Mozilla/5.0 Firefox/115.0"})
    assert value(await read(client), "page_faults_total") == 3
    state = (await (await browser(province.admin)).get("/api/system")).json()
    [seen] = state["page_faults"]
    assert (seen["times"], seen["page"], seen["browser"]) == (3, fault["page"], "Firefox 115")
    assert "Nguyễn" not in seen["message"]
    assert state["load"]["connections_most"] > 0


def test_histograms_are_cumulative() -> None:
    waits = Histogram()
    for seconds in (0.0005, 0.001, 0.02, 99.0):
        waits.note(seconds)
    lines = exposition([Metric("waits", "histogram", "Waits.", [({"of": 'a "b"'}, waits)])]).splitlines()
    assert lines[:3] == [
        "# HELP nhipcau_waits Waits.",
        "# TYPE nhipcau_waits histogram",
        r'nhipcau_waits_bucket{of="a \"b\"",le="0.001"} 2',
    ]
    assert lines[-3:] == [
        r'nhipcau_waits_bucket{of="a \"b\"",le="+Inf"} 4',
        r'nhipcau_waits_sum{of="a \"b\""} 99.021500',
        r'nhipcau_waits_count{of="a \"b\""} 4',
    ]
    assert len(lines) == 2 + len(SECONDS) + 1 + 2
    assert (waits.quantile(0.5), waits.quantile(0.99), Histogram().quantile(0.5)) == (0.001, 99.0, 0.0)
