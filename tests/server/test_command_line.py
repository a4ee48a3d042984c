"""`nhipcau` as a person types it: real processes, real ports."""

import errno
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from server import cli
from server.core.config import Settings
from server.edge.validation_messages import sentence
from server.migrations import blocking_engine, upgrade
from server.notifications.envelopes import mark_of
from server.start_faults import fault_of

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


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the program is started from, and writes to."""
    for name in [name for name in os.environ if name.startswith("NHIPCAU_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NHIPCAU_VAR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(code: int, *arguments: str, **settings: str) -> str:
    """What it says on its standard error. Without a process of its own: it ends with this code, and no stack trace."""
    umask = os.umask(0o022)
    ended = CliRunner().invoke(cli.app, arguments, env={f"NHIPCAU_{name}": value for name, value in settings.items()})
    os.umask(umask)
    assert ended.exit_code == code, ended.output
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended.stderr


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("PORT", "abc"),
        ("MEDIA_ADVERTISE", "203.0.113.7"),
        ("MEDIA_TCP_ADVERTISE", "203.0.113.7"),
        ("TURN_URLS", '["turn.lamdong.example"]'),
        ("VAR", "/proc/nowhere"),
        ("CONVERSION_ISOLATION", "jail"),
        ("DATABASE_URL", "mysql://here/x"),
    ],
)
def test_a_wrong_setting_is_named(here: Path, setting: str, value: str) -> None:
    assert f"Thiết lập NHIPCAU_{setting} chưa đúng" in told(2, "migrate", **{setting: value})


def test_a_relay_without_its_secret_is_named(here: Path) -> None:
    relay = '["turn:turn.lamdong.example"]'
    said = told(2, "migrate", TURN_URLS=relay, TURN_SECRET="")
    assert "Thiết lập NHIPCAU_TURN_SECRET chưa đúng" in said


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("database_url", "here", "postgresql+psycopg://u:p@db/nhipcau"),
        ("database_url", "postgresql://u@db/nhipcau", "sqlite+aiosqlite:////srv/x.db"),
        ("public_url", "hop.lamdong.example", "https://hop.lamdong.example:8443"),
        ("trusted_proxies", "proxy.lan", "10.0.0.0/8, ::1"),
        ("media_bind", "7000", "[::]:7000"),
        ("media_tcp_bind", "443", "off"),
        ("login_attempts", "ten", "10/minute"),
        ("storage_url", "ftp://files/x", "s3://bucket/prefix"),
        ("clamd", "clamd", "tcp:127.0.0.1:3310"),
        ("trust_roots", "/nowhere", "/"),
        ("backup_to", "backups", "s3://bucket/prefix"),
        ("backup_key", "age1x", "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"),
        ("backup_at", "25:00", "01:30"),
        ("smtp_url", "https://mail", "smtps://u:p@mail:465"),
        ("bounce_imap_url", "imap.example", "imaps://tra-ve:mat-khau@mail.example/INBOX"),
        ("bounce_address", "Trả về <a@b.example>", "tra-ve@hop.example"),
        ("sms_url", "https://user:password@gateway/send", "https://gateway/send?unit=1"),
    ],
)
def test_every_setting_is_looked_at_when_the_program_starts(name: str, wrong: str, right: str) -> None:
    assert getattr(Settings(**{name: right}, _env_file=None), name) is not None
    with pytest.raises(ValidationError) as refused:
        Settings(**{name: wrong}, _env_file=None)
    [error] = refused.value.errors()
    vi, en = sentence(dict(error))
    assert error["loc"] == (name,)
    assert vi != en
    assert not vi.startswith("Giá trị chưa đúng")


def test_a_name_that_was_mistyped_is_told_of(here: Path) -> None:
    (here / ".env").write_text("NHIPCAU_LOG_JSON=true\nNHIPCAU_LOGJSON=true\n")
    said = told(0, "node-token", "a", PROT="9000")
    assert re.findall(r"Không có thiết lập (\w+);", said) == ["NHIPCAU_LOGJSON", "NHIPCAU_PROT"]
    (here / ".env").write_bytes(b"\xff\xfe")
    assert ".env” chưa đúng" in told(2, "node-token", "a")


@pytest.mark.parametrize("command", ["migrate", "audit"])
def test_a_database_that_is_away_is_said_in_one_sentence(here: Path, command: str) -> None:
    said = told(1, command, DATABASE_URL=f"postgresql+psycopg://nhipcau:geheim@127.0.0.1:{free_port()}/nhipcau")
    assert "Không vào được cơ sở dữ liệu PostgreSQL" in said
    assert "NHIPCAU_DATABASE_URL" in said
    assert "geheim" not in said


def test_a_server_whose_database_is_away_ends_with_that_sentence(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://127.0.0.1:{free_port()}/nhipcau"
    ended = nhipcau(tmp_path, "serve", NHIPCAU_DATABASE_URL=url, NHIPCAU_PORT=str(free_port()))
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False)
    assert "Không vào được cơ sở dữ liệu PostgreSQL" in ended.stderr


def test_what_is_in_the_folder_and_cannot_be_used_is_named(here: Path) -> None:
    """A database of a newer program, one that is none, a key that is cut off, a folder of somebody else."""
    upgrade(f"sqlite+aiosqlite:///{here / 'nhipcau.db'}")
    with sqlite3.connect(here / "nhipcau.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    for command in ("migrate", "audit"):
        assert "mới hơn chương trình" in told(1, command)
    (here / "nhipcau.db").write_text("no database at all")
    assert "không phải cơ sở dữ liệu" in told(1, "migrate")
    (here / "nhipcau.db").unlink()
    (here / "audit.key").write_text("cut")
    assert f"Tệp khóa {here / 'audit.key'} không dùng được" in told(1, "init", "--unit", "A", "--name", "B")
    (here / "audit.key").unlink()
    for leftover in here.glob("nhipcau.db*"):
        leftover.unlink()
    (here / "nhipcau.db").mkdir()
    assert f"Không ghi được {here / 'nhipcau.db'}" in told(1, "migrate")


def test_a_mail_server_pipes_what_comes_back(here: Path) -> None:
    environment = {"NHIPCAU_VAR": str(here), "NHIPCAU_AUDIT_KEY": "khoa"}
    settings = Settings(_env_file=None, var=here)
    mark = mark_of(b"khoa", 7)
    notification = f"To: tra-ve+{mark}@hop.example\n" + (
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mail.example\n\n"
        "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
    )

    def piped(code: int) -> None:
        umask = os.umask(0o022)
        ended = CliRunner().invoke(cli.app, ["bounce"], input=notification.encode(), env=environment)
        os.umask(umask)
        assert ended.exit_code == code, ended.output

    # The database is not there yet: the mail server keeps it and tries again (EX_TEMPFAIL).
    piped(75)
    upgrade(settings.database)
    with closing(sqlite3.connect(here / "nhipcau.db")) as database, database:
        database.execute(
            "INSERT INTO mails"
            " (id, kind, to_address, to_name, subject, text, secret, state, attempts, error, created_at)"
            " VALUES (7, 'a.b', 'a@b.example', 'A', 'B', 'C', 0, 'sent', 1, '', '2026-11-20 00:00:00')"
        )
    piped(0)
    with closing(sqlite3.connect(here / "nhipcau.db")) as database:
        assert database.execute("SELECT state, error FROM mails").fetchall() == [("bounced", "5.1.1")]


def test_a_full_disk_is_said_in_one_sentence(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, _env_file=None)
    engine = blocking_engine(settings.database)
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=2")
        connection.exec_driver_sql("CREATE TABLE filler (text)")
        with pytest.raises(DBAPIError) as full:
            connection.exec_driver_sql("INSERT INTO filler VALUES (zeroblob(100000))")
    engine.dispose()
    for error in (full.value, OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "log"))):
        fault = fault_of(error, settings)
        assert fault is not None
        assert "Đĩa đã đầy" in fault.vi
        assert str(tmp_path) in fault.en
    assert fault_of(OSError(errno.EINVAL, "Invalid argument"), settings) is None


def test_a_system_is_backed_up_and_restored(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    key, place, new = here / "kept" / "backup.key", here / "backups", tmp_path_factory.mktemp("new")
    assert "Chưa có" not in told(0, "init", "--unit", "Tỉnh Lâm Đồng", "--name", "Trần Văn A")
    assert "Chưa đặt nơi sao lưu" in told(1, "backup")
    assert "Không tạo được" in told(1, "backup", "key", str(key))
    key.parent.mkdir()
    told(0, "backup", "key", str(key))
    assert "File exists" in told(1, "backup", "key", str(key))
    public = key.read_text().splitlines()[0].removeprefix("# public key: ")
    to = {"BACKUP_TO": str(place), "BACKUP_KEY": public}
    assert "Không có thư mục" in told(1, "backup", **to)
    place.mkdir()
    told(0, "backup", **to)
    told(0, "backup", "list", **to)
    for opened in ((), ("--key", str(key))):
        told(0, "backup", "verify", "--from", str(place), *opened)
    back = ("restore", "--from", "backups", "--key", str(key))
    assert "còn trống" in told(1, *back)
    told(0, *back, VAR=str(new))
    assert (new / "audit.key").read_bytes() == (here / "audit.key").read_bytes()
    told(0, "audit", VAR=str(new))
