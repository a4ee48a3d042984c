"""What came of a rehearsal, said in words."""

from typing import Any

import pytest

from server.rehearsing.verdict import Cost, figures, headroom, judge

MEASURED: dict[str, Any] = {
    "halls": 161,
    "joined": 161,
    "join_p95_s": 0.53,
    "calls": 15,
    "call_p95_s": 0.12,
    "missing": 0,
    "told_p95_s": 0.05,
    "packets": 1_000_000,
    "lost": 0,
    "seconds": 30.0,
    "down_bits_per_second": 390e6,
    "up_bits_per_second": 21e6,
    "disconnected": 0,
}
COST = Cost(server=0.1, node=0.32, machine=0.9, cores=2)


@pytest.mark.parametrize(
    ("measured", "cost", "grade", "says"),
    [
        ({}, COST, "carries", "tải được hội nghị 161 điểm cầu"),
        ({}, None, "carries", "tải được hội nghị 161 điểm cầu"),
        ({"joined": 150}, COST, "fails", "11 điểm cầu không vào được"),
        ({"disconnected": 2}, COST, "fails", "2 điểm cầu bị ngắt"),
        ({"missing": 3}, COST, "fails", "3 lần hình không đến"),
        ({"lost": 20_000}, COST, "fails", "mất gói nhiều"),
        ({"lost": 2_000}, COST, "tight", "có mất gói"),
        ({"call_p95_s": 1.4}, COST, "tight", "chuyển hình chậm"),
        ({"join_p95_s": None}, COST, "tight", "vào họp chậm"),
        ({}, Cost(0.2, 0.8, 1.5, 2), "tight", "máy chủ ít dư sức"),
        ({}, Cost(0.2, 0.99, 2.0, 2), "fails", "máy chủ hết sức"),
        ({"packets": 0}, COST, "fails", "mất gói nhiều"),
    ],
)
def test_a_verdict_names_what_it_is_for(measured: dict[str, Any], cost: Cost | None, grade: str, says: str) -> None:
    verdict = judge(MEASURED | measured, cost)
    assert verdict.grade == grade
    assert says in verdict.lines[0]
    assert any("390,0 Mbit/s" in line for line in verdict.lines)


def test_no_thread_has_more_than_a_core() -> None:
    assert headroom(Cost(0.1, 0.5, 1.0, 8)) == 2
    assert headroom(Cost(0.5, 0.5, 1.0, 1)) == 1
    assert "còn gấp 3,1 lần" in judge(MEASURED, COST).lines[1]


def test_the_figures_are_written_as_here() -> None:
    rows = dict(figures(MEASURED, COST))
    assert rows["Mất gói"] == "0,000%"
    assert rows["Từ lệnh mời đến lúc đổi hình (95%)"] == "0,12 giây"
    assert rows["CPU nút hình ảnh"] == "0,32 lõi"
