"""The command itself: a stage, simulated halls as a process of their own, and what came of it on the screen."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from server.core.secrets import write_private
from server.rehearsing.stage import NotReady, Stage, program_environment, stage
from server.rehearsing.verdict import Cost, figures, judge

_GENERATOR = Path(__file__).parents[2] / "media/core/target/release/loadgen"
_STATUS = {"carries": 0, "tight": 0, "fails": 1}


class CannotRehearse(RuntimeError):
    """Said in two languages, with what to do."""


def _require_generator() -> None:
    if not _GENERATOR.is_file():
        raise CannotRehearse(
            "Chưa dựng bộ mô phỏng điểm cầu. Chạy `make .make/loadgen` (vài phút, cần cargo), rồi chạy lại.\n"
            "The simulator of halls is not built. Run `make .make/loadgen` (some minutes, needs cargo), then again."
        )


def _read_plan(plan: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(plan.read_text()))
    except (OSError, ValueError) as error:
        raise CannotRehearse(
            f"Không đọc được tệp {plan} ({error}). Lấy tệp mà `nhipcau rehearse --serve` đã ghi ra.\n"
            f"The file {plan} cannot be read ({error}). Take the one that `nhipcau rehearse --serve` has written."
        ) from None


async def rehearse_here(halls: int, join_seconds: float, calls: int) -> int:
    """Server, media node and halls on this machine. Returns the exit status."""
    _require_generator()
    with tempfile.TemporaryDirectory(prefix="nhipcau-rehearse-") as folder:
        print(f"Đang dựng máy chủ riêng cho buổi diễn tập với {halls} điểm cầu mô phỏng…", flush=True)
        try:
            async with stage(Path(folder), halls, "127.0.0.1", None) as made:
                measured = await _halls(made.url, made.plan, join_seconds, calls)
                return _say(measured, _cost(made, measured)) if measured else 2
        except NotReady as error:
            print(f"Máy chủ diễn tập không khởi động được:\n{error}", file=sys.stderr)
            return 2


async def serve_stage(halls: int, host: str, ports: tuple[int, int], plan: Path) -> int:
    """The server alone, for halls on another machine, until Ctrl+C; `plan` is what they need."""
    with tempfile.TemporaryDirectory(prefix="nhipcau-rehearse-") as folder:
        async with stage(Path(folder), halls, host, ports) as made:
            write_private(plan, json.dumps(made.plan) + "\n")
            print(f"Máy chủ diễn tập đang chạy ở {made.url} (UDP {ports[1]}).")
            print(f"Chép tệp {plan} sang máy khác rồi chạy ở đó:")
            print(f"  nhipcau rehearse --server {made.url} --plan {plan.name}")
            print("Ctrl+C để dừng và xem máy này đã dùng bao nhiêu CPU.", flush=True)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                busiest = _busiest(made)
                print(f"\nLúc bận nhất: máy chủ {busiest[0]:.2f} lõi, nút hình ảnh {busiest[1]:.2f} lõi.")
                raise
    return 0


async def rehearse_there(server: str, plan: Path, join_seconds: float, calls: int) -> int:
    """Halls here, the server elsewhere: its line is tried, too."""
    _require_generator()
    measured = await _halls(server.rstrip("/"), _read_plan(plan), join_seconds, calls)
    return _say(measured, None) if measured else 2


def _busiest(made: Stage, seconds: int = 10) -> tuple[float, float]:
    spent = made.spent
    pairs = zip(spent, spent[seconds:], strict=False)
    rates = [((b.server - a.server) / (b.at - a.at), (b.node - a.node) / (b.at - a.at)) for a, b in pairs]
    return max(rates, key=sum, default=(0.0, 0.0))


def _cost(made: Stage, measured: Mapping[str, Any]) -> Cost:
    server, node, machine = made.cores(measured["marks"]["joined"], measured["marks"]["ended"])
    return Cost(server, node, machine, os.cpu_count() or 1)


async def _halls(server: str, plan: Mapping[str, Any], join_seconds: float, calls: int) -> dict[str, Any] | None:
    """What they measured; None if they could not run, which they have said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "media.bots.rehearsal", "--server", server),
        *("--join-seconds", str(join_seconds), "--calls", str(calls)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=program_environment(),
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a process was asked for with pipes")
    process.stdin.write(json.dumps(plan).encode() + b"\n")
    process.stdin.close()
    result: dict[str, Any] | None = None
    try:
        async for raw in process.stdout:
            line = json.loads(raw)
            if "result" in line:
                result = line["result"]
            else:
                _progress(line)
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    print(flush=True)
    return result


def _progress(line: Mapping[str, Any]) -> None:
    words = {"joining": "Các điểm cầu đang vào", "calling": "Mời phát biểu lần lượt"}[line["phase"]]
    end = "" if sys.stdout.isatty() else "\n"
    if sys.stdout.isatty() or line["done"] in (1, line["of"]):
        print(f"\r{words}: {line['done']}/{line['of']}   ", end=end, flush=True)


def _say(measured: Mapping[str, Any], cost: Cost | None) -> int:
    rows = figures(measured, cost)
    width = max(len(name) for name, _ in rows)
    print()
    for name, value in rows:
        print(f"  {name:<{width}}  {value}")
    verdict = judge(measured, cost)
    print()
    for line in verdict.lines:
        print(f"  {line}")
    print(flush=True)
    return _STATUS[verdict.grade]
