"""What a conversion that was taken over can see and leave behind: nothing of the machine but programs and fonts."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from server.conversion import isolation, sandbox
from tests import papers
from tests.server.conversion.converting import made

MISBEHAVING = "tests.server.conversion.misbehaving"
VIETNAMESE = (
    "ĂÂĐÊÔƠƯăâđêôơưẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹĩũ"
)


async def test_it_sees_its_own_folder_and_nothing_else(tmp_path: Path) -> None:
    secret = papers.file(tmp_path, "nhipcau.db", b"everything")
    with pytest.raises(sandbox.ConversionFailed) as failed:
        await made(tmp_path / "job", b"x", f"look {secret}", program=MISBEHAVING)
    lines = str(failed.value).splitlines()
    seen = json.loads(next(line[line.index("{") :] for line in lines if "{" in line))
    assert seen["there"] is False
    assert set(seen["top"]) & {"srv", "mnt", "boot", "opt", "sys", "run"} == set()
    assert seen["user"] == 61_577
    assert seen["processes"] <= 5
    assert seen["writable"] == []
    assert seen["interfaces"] == ["lo"]
    assert seen["capabilities"] == ["CapEff:\t0000000000000000"]
    if os.geteuid() == 0:  # a user of its own, for the machine as well
        assert (tmp_path / "job" / "started").stat().st_uid == 0, "what it left is the server's again"


async def test_a_link_that_it_leaves_is_not_followed(tmp_path: Path) -> None:
    secret = papers.file(tmp_path, "nhipcau.db", b"everything")
    left = await made(tmp_path / "job", b"x", f"link {secret}", program=MISBEHAVING)
    assert not os.path.lexists(left.result / "reading.pdf")
    assert not os.path.lexists(left.folder / "report.json")


async def test_without_bubblewrap_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    isolation._bubblewrap.cache_clear()
    try:
        with pytest.raises(isolation.NotIsolated):
            await made(tmp_path / "job", papers.pdf(), "a.pdf")
    finally:
        isolation._bubblewrap.cache_clear()
    assert not (tmp_path / "job" / "result").exists()


@pytest.mark.parametrize(
    "family",
    [
        "Cambria",
        "Arial Narrow",
        "Palatino Linotype",
        "Bookman Old Style",
        "Century Schoolbook",
        "Times New Roman",
        "Calibri",
        "Fanout New",
        ".VnTime",
        "Segoe UI",
        "Helvetica",
    ],
)
@pytest.mark.parametrize("style", ["regular", "bold", "italic"])
def test_every_stand_in_has_every_vietnamese_letter(family: str, style: str) -> None:
    found = subprocess.run(
        ["fc-match", "-f", "%{file}", f"{family}:style={style}"],
        env={**os.environ, "FONTCONFIG_FILE": str(isolation.FONTS)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    missing = [letter for letter in VIETNAMESE if ord(letter) not in TTFont(found, lazy=True).getBestCmap()]
    assert missing == [], found
