"""`nhipcau` as a person types it: real processes, real ports."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(var: Path, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NHIPCAU_")}
    return clean | {"NHIPCAU_VAR": str(var), "NHIPCAU_MEDIA_EMBEDDED": "false", "PYTHONPATH": str(ROOT), **more}


def nhipcau(var: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server.cli", *arguments],
        env=environment(var, **more),
        cwd=var,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@contextmanager
def running(var: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address, once it answers; it must end cleanly on SIGTERM."""
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "server.cli", *arguments, "--port", str(port)],
        env=environment(var),
        cwd=var,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until_answering(process, url)
            yield process, url
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def wait_until_answering(process: subprocess.Popen[str], url: str) -> None:
    for _ in range(600):
        assert process.poll() is None, process.stdout and process.stdout.read()
        try:
            with urllib.request.urlopen(f"{url}/api/health", timeout=2) as answer:  # noqa: S310
                assert json.load(answer)["ok"]
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def test_an_empty_installation(tmp_path: Path) -> None:
    made = nhipcau(tmp_path, "init", "--unit", "Tỉnh Lâm Đồng", "--name", "Trần Văn A", "--code", "h36")
    assert made.returncode == 0, made.stderr
    password = made.stdout.strip().rsplit(" ", 1)[-1]
    again = nhipcau(tmp_path, "init", "--unit", "Tỉnh Lâm Đồng", "--name", "Trần Văn A")
    assert again.returncode == 1
    assert "đã có đơn vị" in again.stderr
    assert "Traceback" not in again.stderr
    with running(tmp_path, "serve") as (_, url):
        request = urllib.request.Request(  # noqa: S310
            f"{url}/api/session",
            json.dumps({"login": "quantri", "password": password}).encode(),
            {"X-Nhipcau": "1", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            me = json.load(answer)
    assert me["unit_name"] == "Tỉnh Lâm Đồng"
    assert {role["role"] for role in me["roles"]} == {"admin", "organiser"}
    whole = nhipcau(tmp_path, "audit")
    assert whole.returncode == 0
    with sqlite3.connect(tmp_path / "nhipcau.db") as database:
        database.execute("UPDATE audit_entries SET actor_name = 'x' WHERE id = 2")
    altered = nhipcau(tmp_path, "audit")
    assert (altered.returncode, "mục 2" in altered.stdout) == (1, True)


def test_what_init_refuses_is_said(tmp_path: Path) -> None:
    refused = nhipcau(tmp_path, "init", "--unit", "Tỉnh", "--name", " ", "--login", "Quản Trị")
    assert refused.returncode == 1
    assert "full_name: Không được để trống." in refused.stderr
    assert "login: Tên đăng nhập gồm" in refused.stderr


def test_run_prints_links_and_keeps_the_data(tmp_path: Path) -> None:
    for start in range(2):
        with running(tmp_path, "run", "--halls", "0") as (process, url):
            assert process.stdout is not None
            printed = ""
            while "Ctrl+C" not in printed:
                line = process.stdout.readline()
                assert line, printed
                printed += line
            links = [word for word in printed.split() if word.startswith(f"{url}/join/")]
            assert len(links) == 5
            request = urllib.request.Request(  # noqa: S310
                f"{url}/api/session/link",
                json.dumps({"token": links[1].rsplit("/", 1)[-1]}).encode(),
                {"X-Nhipcau": "1", "Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                assert json.load(answer)["next"] == "/meetings/1/console", start


@pytest.mark.parametrize("taken", ["TCP", "UDP"])
def test_a_port_in_use_is_said_in_one_sentence(tmp_path: Path, taken: str) -> None:
    kind = socket.SOCK_STREAM if taken == "TCP" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if taken == "TCP":
            other.listen()
        port = other.getsockname()[1]
        ports = {"NHIPCAU_PORT": str(port if taken == "TCP" else free_port())}
        ports["NHIPCAU_MEDIA_BIND"] = f"127.0.0.1:{port if taken == 'UDP' else free_port(socket.SOCK_DGRAM)}"
        refused = nhipcau(tmp_path, "serve", NHIPCAU_MEDIA_EMBEDDED="true", **ports)
    assert refused.returncode == 1
    assert f"cổng {taken} {port}" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("setting", "value"),
    [("PORT", "abc"), ("MEDIA_ADVERTISE", "203.0.113.7"), ("VAR", "/proc/nowhere"), ("CONVERSION_ISOLATION", "jail")],
)
def test_a_wrong_setting_is_named(tmp_path: Path, setting: str, value: str) -> None:
    ended = nhipcau(tmp_path, "migrate", **{f"NHIPCAU_{setting}": value})
    assert ended.returncode == 2
    assert f"Thiết lập NHIPCAU_{setting} chưa đúng" in ended.stderr
    assert "Traceback" not in ended.stderr
