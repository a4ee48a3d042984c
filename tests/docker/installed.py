"""`make test-install`: this machine once more, in a layer over its disk, with a systemd of its own: `make install`, the
service, and `nhipcau doctor` shut in as the unit shuts in. Nothing of it stays. Needs root and systemd-container."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LEFT_ALONE = ("caddy", "janus", "nginx", "prometheus", "prometheus-node-exporter", "postgresql")
"""Services of this machine that the test does not need."""
DOCTOR = "/etc/systemd/system/nhipcau-doctor.service"


def main() -> None:
    if os.geteuid() != 0 or shutil.which("systemd-nspawn") is None:
        sys.exit("test-install needs root and systemd-nspawn (apt-get install systemd-container)")
    with ExitStack() as stack:
        top = stack.enter_context(machine())
        install(top)
        say = stack.enter_context(booted(top))
        say("systemctl", "start", "nhipcau")
        wait_for(lambda: '"node":true' in say("curl", "-s", "http://127.0.0.1:8000/api/health"))
        print("✓ make install; the unit serves, with its media node")
        assert "setup#" in say("journalctl", "-u", "nhipcau", "--no-pager", "-o", "cat")
        say("nhipcau", "init", "--unit", "Tỉnh Thử", "--name", "Nguyễn Văn A")
        unit = (top / "etc/systemd/system/nhipcau.service").read_text()
        alike = unit.replace("nhipcau serve", "nhipcau doctor").replace("Restart=always", "Type=oneshot")
        # It may say that there is no backup yet.
        alike = alike.replace("[Service]", "[Service]\nSuccessExitStatus=1")
        say("tee", DOCTOR, given=alike)
        say("systemctl", "daemon-reload")
        say("systemctl", "start", "nhipcau-doctor")
        told = say("journalctl", "-u", "nhipcau-doctor", "--no-pager", "-o", "cat")
        print(told)
        assert "✓ Papers" in told or "Papers are converted and recognised" in told, "no paper is converted"
        assert "✓ Cơ sở dữ liệu đúng phiên bản" in told
        say("systemctl", "restart", "nhipcau")
        wait_for(lambda: '"node":true' in say("curl", "-s", "http://127.0.0.1:8000/api/health"))
        print("✓ papers are converted under the unit, and it starts again")


@contextmanager
def machine() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="nhipcau-machine-") as folder, ExitStack() as stack:
        mounted(stack, folder, "-t", "tmpfs", "tmpfs")
        upper, work, top = (Path(folder, name) for name in ("upper", "work", "top"))
        for each in (upper, work, top):
            each.mkdir()
        mounted(stack, str(top), "-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={upper},workdir={work}")
        yield top


def mounted(stack: ExitStack, where: str, *words: str) -> None:
    subprocess.run(["mount", *words, where], check=True)
    stack.callback(subprocess.run, ["umount", "--lazy", where], check=False)


def install(top: Path) -> None:
    with ExitStack() as stack:
        # Written to since the layer was laid, maybe: the layer shows it as it was.
        for name in ("dev", "sys", str(ROOT).lstrip("/")):
            mounted(stack, str(top / name), "--bind", f"/{name}")
        mounted(stack, str(top / "proc"), "-t", "proc", "proc")
        command = f"cd {ROOT} && docker/install"
        subprocess.run(["chroot", top, "bash", "-c", command], check=True)
    for name in LEFT_ALONE:
        link = top / "etc/systemd/system" / f"{name}.service"
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")


@contextmanager
def booted(top: Path) -> Iterator[Callable[..., str]]:
    """A function that says what a command inside says."""
    command = ["systemd-nspawn", "--quiet", "--keep-unit", "--register=no", "--private-network", "-D", top, "--boot"]
    # Else it lays its own mounts over /proc, as systemd does to units that ask for it.
    environment = os.environ | {"SYSTEMD_NSPAWN_API_VFS_WRITABLE": "yes"}
    with (top.parent / "boot.log").open("wb") as log:
        nspawn = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        children = Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children")
        wait_for(lambda: children.read_text().strip())
        leader = children.read_text().split()[0]

        def say(*words: str, given: str = "") -> str:
            inside = ["nsenter", "-t", leader, "-m", "-u", "-i", "-n", "-p", "-C", "--"]
            clean = ["env", "-i", f"PATH={PATH}", "LANG=C.UTF-8"]
            return subprocess.run(
                [*inside, *clean, *words], input=given, stdout=subprocess.PIPE, text=True, check=words[0] != "curl"
            ).stdout

        wait_for(lambda: state(leader) in ("running", "degraded"))
        say("ip", "link", "set", "lo", "up")
        yield say
    finally:
        nspawn.send_signal(signal.SIGTERM)
        try:
            nspawn.wait(30)
        except subprocess.TimeoutExpired:
            nspawn.kill()
            nspawn.wait()


def state(leader: str) -> str:
    inside = ["nsenter", "-t", leader, "-m", "-u", "-i", "-n", "-p", "-C", "--"]
    asked = subprocess.run([*inside, "systemctl", "is-system-running"], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def wait_for(true: Callable[[], object], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.3)


if __name__ == "__main__":
    main()
