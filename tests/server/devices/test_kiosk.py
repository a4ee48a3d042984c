"""The recipe of a machine that is a hall's screen and nothing else."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server import cli
from server.devices.kiosk.recipe import FLAGS, ServerAddressWrong, origin_of, policies, setup_script
from tests.conftest import Browsers

SERVER = "https://hop.lamdong.example"


def unpacked(folder: Path, server: str = SERVER) -> Path:
    """The files that the script writes."""
    subprocess.run(
        ["sh", "-s"], input=setup_script(server), env=os.environ | {"NHIPCAU_ROOT": str(folder)}, text=True, check=True
    )
    return folder


def test_the_script_writes_what_chromium_and_systemd_read(tmp_path: Path) -> None:
    root = unpacked(tmp_path)
    managed = json.loads((root / "etc/chromium/policies/managed/nhipcau.json").read_text())
    assert managed == policies(SERVER)
    assert managed["VideoCaptureAllowedUrls"] == [SERVER]
    launcher = root / "usr/local/bin/nhipcau-kiosk"
    assert os.access(launcher, os.X_OK)
    subprocess.run(["sh", "-n", launcher], check=True)
    unit = (root / "etc/systemd/system/nhipcau-kiosk.service").read_text()
    assert "ExecStart=/usr/bin/cage -d -s -- /usr/local/bin/nhipcau-kiosk" in unit
    assert "Restart=always" in unit


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    root = unpacked(tmp_path)
    for program in ("usr/bin/cage", "usr/bin/true"):
        (root / program).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("/bin/true", root / program)
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--root={root}", "nhipcau-kiosk.service"],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in said.stderr.splitlines() if "nhipcau-kiosk.service:" in line and "Unknown" in line]
    assert complaints == []


def test_the_launcher_starts_chromium_at_the_hall(tmp_path: Path) -> None:
    """With the flags, a profile of its own, and the hall's page last; what a crash left behind is taken away."""
    root = unpacked(tmp_path, "http://127.0.0.1:9")
    fake = tmp_path / "bin"
    fake.mkdir()
    for name, body in (("curl", "exit 0"), ("chromium", 'printf "%s\\n" "$@"')):
        program = fake / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
    profile = tmp_path / "profile"
    profile.mkdir()
    (profile / "SingletonLock").symlink_to("gone-77")
    said = subprocess.run(
        [root / "usr/local/bin/nhipcau-kiosk", "--ozone-platform=wayland"],
        env={"PATH": f"{fake}:/usr/bin:/bin", "HOME": str(tmp_path), "NHIPCAU_KIOSK_PROFILE": str(profile)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == [
        f"--user-data-dir={profile}",
        *FLAGS,
        "--ozone-platform=wayland",
        "http://127.0.0.1:9/hall",
    ]
    assert list(profile.iterdir()) == []


def test_a_closed_network_without_certificates_has_its_cameras() -> None:
    assert "OverrideSecurityRestrictionsOnInsecureOrigin" not in policies(SERVER)
    assert policies("http://10.0.0.5:8000")["OverrideSecurityRestrictionsOnInsecureOrigin"] == ["http://10.0.0.5:8000"]


@pytest.mark.parametrize(
    "typed", ["hop.tinh.vn", "ftp://hop.tinh.vn", "https://a/b", "https://x:99999", "https://a$(reboot)", "https://a b"]
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ServerAddressWrong):
        origin_of(typed)
    said = CliRunner().invoke(cli.app, ["kiosk", "--server", typed])
    assert said.exit_code == 2
    assert "https://hop.tinh.example" in said.output


def test_the_command_prints_it() -> None:
    said = CliRunner().invoke(cli.app, ["kiosk", "--server", f"{SERVER}/"])
    assert (said.exit_code, said.stdout) == (0, setup_script(SERVER))


async def test_the_server_hands_it_out(browser: Browsers) -> None:
    answer = await (await browser()).get("/api/device/kiosk.sh")
    assert answer.headers["content-type"].startswith("text/x-shellscript")
    assert answer.text.startswith("#!/bin/sh\n")
    assert '"URLBlocklist": [\n    "*"\n  ]' in answer.text
