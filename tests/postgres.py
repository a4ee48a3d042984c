"""A throw-away PostgreSQL server for the test run, if Debian's is installed."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOM = 4 * 1024**3


def binaries() -> Path | None:
    """The newest version's programs, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _place() -> str:
    """In memory where there is room: six hundred files are copied for each test's database, and on a disk each waits
    for what was written before (0.5 s instead of 0.04)."""
    memory = Path("/dev/shm")  # noqa: S108  (a folder of our own in it)
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM else "/tmp"  # noqa: S108


@contextmanager
def running() -> Iterator[str]:
    """Starts it on a socket of its own; gives a URL with `{}` in place of the database's name."""
    programs = binaries()
    assert programs is not None
    # PostgreSQL refuses to run as root.
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    user = {"user": owner.pw_uid, "group": owner.pw_gid} if owner else {}
    folder = Path(tempfile.mkdtemp(prefix="nhipcau-pg-", dir=_place()))  # socket paths end at 107 characters
    if owner:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = str(folder / "data")

    def run(*command: str) -> None:
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **user)  # type: ignore[call-overload]

    try:
        run(f"{programs}/initdb", "-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        # Statistics of thousands of new rows come within seconds, not within a minute: what plans cost without them is
        # no test's subject, and a list of 12,000 took a minute.
        settings = ("listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=200")
        settings += ("autovacuum_naptime=2",)
        options = " ".join((f"-k {folder}", *(f"-c {each}" for each in settings)))
        run(f"{programs}/pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg://test@/{{}}?host={folder}"
        finally:
            run(f"{programs}/pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
