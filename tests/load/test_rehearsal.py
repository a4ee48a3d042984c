"""The command as somebody types it: a server of its own, simulated halls, and a verdict on the screen."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from media.bots.light.generator import PROGRAM


@pytest.mark.skipif(not PROGRAM.is_file(), reason="make .make/loadgen builds it")
async def test_halls_rehearse_and_the_installation_is_left_alone(tmp_path: Path) -> None:
    var = tmp_path / "var"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server.cli", "rehearse"),
        *("--halls", "4", "--join-seconds", "1", "--calls", "2"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ | {"NHIPCAU_VAR": str(var), "NHIPCAU_DATABASE_URL": "sqlite:////nowhere/at/all"},
    )
    said, _ = await asyncio.wait_for(process.communicate(), 150)
    text = said.decode()
    assert "Điểm cầu vào được" in text, text
    assert "4 trên 4" in text
    assert "Sức máy chủ còn gấp" in text
    assert any(grade in text for grade in ("ĐẠT: tải được hội nghị 4 điểm cầu", "SÁT GIỚI HẠN")), text
    assert process.returncode == 0
    assert not var.exists()


async def test_a_plan_that_is_missing_is_said(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server.cli", "rehearse", "--server", "http://127.0.0.1:9"),
        *("--plan", str(tmp_path / "none.json")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert "rehearse --serve" in said.decode()
