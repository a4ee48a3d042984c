"""What came of a rehearsal, in words and figures: pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

MOST_CALL_SECONDS = 1.0
"""A chair waits no longer for a hall without wondering."""
MOST_JOIN_SECONDS = 5.0
MOST_TOLD_SECONDS = 0.5
MOST_LOSS = 0.001
COMFORT = 1.5
"""So many times over the machine has to carry it: a real day has papers, votes and returns besides."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Cores while points were called."""

    server: float
    node: float
    machine: float
    """All that ran, the simulated halls too."""
    cores: int


@dataclass(frozen=True, slots=True)
class Verdict:
    grade: Literal["carries", "tight", "fails"]
    lines: tuple[str, ...]


def headroom(cost: Cost) -> float:
    """How many times as much would fit. Server and media node each do their work in one thread, so neither can take
    more than a core; together no more than there are."""
    busiest = max(cost.server, cost.node, (cost.server + cost.node) / cost.cores, 1e-6)
    return 1 / busiest


def judge(measured: Mapping[str, Any], cost: Cost | None) -> Verdict:
    """`cost`: None where the server runs on another machine, which says its own."""
    total = measured["packets"] + measured["lost"]
    loss = measured["lost"] / total if total else 1.0
    room = headroom(cost) if cost else None
    faults = []
    if measured["joined"] < measured["halls"]:
        faults.append(f"{measured['halls'] - measured['joined']} điểm cầu không vào được")
    if measured["disconnected"]:
        faults.append(f"{measured['disconnected']} điểm cầu bị ngắt giữa chừng")
    if measured["missing"]:
        faults.append(f"{measured['missing']} lần hình không đến trong 5 giây")
    if loss > MOST_LOSS * 10:
        faults.append("mất gói nhiều")
    if room is not None and room < 1.05:
        faults.append("máy chủ hết sức")
    slow = []
    for name, most, words in (
        ("join_p95_s", MOST_JOIN_SECONDS, "vào họp chậm"),
        ("call_p95_s", MOST_CALL_SECONDS, "chuyển hình chậm"),
        ("told_p95_s", MOST_TOLD_SECONDS, "lệnh đến các nơi chậm"),
    ):
        if measured[name] is None or measured[name] > most:
            slow.append(words)
    if loss > MOST_LOSS:
        slow.append("có mất gói")
    if room is not None and room < COMFORT:
        slow.append("máy chủ ít dư sức")
    if faults:
        return Verdict("fails", ("KHÔNG ĐẠT: " + "; ".join(faults) + ".", *_advice(measured, cost, room)))
    if slow:
        return Verdict("tight", ("SÁT GIỚI HẠN: " + "; ".join(slow) + ".", *_advice(measured, cost, room)))
    return Verdict("carries", (f"ĐẠT: tải được hội nghị {measured['halls']} điểm cầu.", *_advice(measured, cost, room)))


def _advice(measured: Mapping[str, Any], cost: Cost | None, room: float | None) -> list[str]:
    lines = []
    if room is not None:
        halls = int(measured["joined"] * room)
        lines.append(f"Sức máy chủ còn gấp {_number(room)} lần lượng đã thử, ước chừng tới {halls} điểm cầu.")
    if cost is not None and cost.machine > 0.9 * cost.cores:
        lines.append("Máy bận gần hết, kể cả bộ mô phỏng và việc khác đang chạy: máy rảnh sẽ cho kết quả tốt hơn.")
    down, up = measured["down_bits_per_second"], measured["up_bits_per_second"]
    lines.append(f"Đường truyền của máy chủ cần ra ít nhất {_megabits(down)}, vào {_megabits(up)} (chưa kể dự phòng).")
    return lines


def figures(measured: Mapping[str, Any], cost: Cost | None) -> list[tuple[str, str]]:
    total = measured["packets"] + measured["lost"]
    loss = measured["lost"] / total if total else 1.0
    rows = [
        ("Điểm cầu vào được", f"{measured['joined']} trên {measured['halls']}"),
        ("Từ lúc vào đến lúc có hình (95%)", _seconds(measured["join_p95_s"])),
        ("Từ lệnh mời đến lúc đổi hình (95%)", _seconds(measured["call_p95_s"])),
        ("Lệnh, chuyển trang đến mọi nơi (95%)", _seconds(measured["told_p95_s"])),
        ("Mất gói", f"{_number(loss * 100, 3)}%"),
        ("Hình không đến, bị ngắt", f"{measured['missing']}, {measured['disconnected']}"),
        (
            "Lưu lượng ra, vào",
            f"{_megabits(measured['down_bits_per_second'])}, {_megabits(measured['up_bits_per_second'])}",
        ),
    ]
    if cost is not None:
        rows += [
            ("CPU máy chủ", f"{_number(cost.server, 2)} lõi"),
            ("CPU nút hình ảnh", f"{_number(cost.node, 2)} lõi"),
            ("CPU cả máy, kể cả mô phỏng và việc khác", f"{_number(cost.machine, 2)} trên {cost.cores} lõi"),
        ]
    return rows


def _seconds(value: float | None) -> str:
    return "không đo được" if value is None else f"{_number(value, 2)} giây"


def _megabits(bits: float) -> str:
    return f"{_number(bits / 1e6, 1)} Mbit/s"


def _number(value: float, digits: int = 1) -> str:
    return f"{value:.{digits}f}".replace(".", ",")
