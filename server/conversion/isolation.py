"""How a program that opens other people's files is shut in (bubblewrap): it sees the machine's programs and fonts, the
Python it runs on and the code of this server, all read-only, and its own job's folder as `/job`; nothing of `var`, no
network, no processes but its own, and where the server may choose, a user of its own."""

import functools
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import structlog

import server

log = structlog.get_logger(__name__)

Isolation = Literal["bwrap", "network", "none"]
"""bwrap: as said above, or not at all. network: without network, but with the whole file system. none: neither."""

JOB = "/job"
_CODE = "/app"
_OWN_USER = 61_577
"""Where the server is root. Of the range that systemd gives to services for as long as they run (61184 … 65519): no
account has it."""
_CONFIGURATION = (
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/libreoffice",
    "/etc/localtime",
    "/etc/magic",
    "/etc/mime.types",
    "/etc/papersize",
    "/var/cache/fontconfig",
    "/var/lib/libreoffice",
)
_TOP_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_NO_NETWORK = ("unshare", "--net", "--pid", "--fork", "--kill-child=KILL", "--mount-proc")
_WITHOUT_NETWORK: tuple[tuple[str, ...], ...] = (
    ("setpriv", "--pdeathsig", "KILL", *_NO_NETWORK, "--"),
    ("setpriv", "--pdeathsig", "KILL", *_NO_NETWORK, "--user", "--map-root-user", "--"),
)
_NONE: tuple[tuple[str, ...], ...] = (("setpriv", "--pdeathsig", "KILL", "--"), ())
FONTS = Path(__file__).with_name("fonts.conf")


class NotIsolated(Exception):
    """This machine cannot shut the program in as it was told to: a matter of the machine, not of the file."""


@dataclass(frozen=True)
class ShutIn:
    command: tuple[str, ...]
    """What the program is started by."""
    folder: str
    """The job's folder, as the program sees it."""
    environment: dict[str, str]


def shut_in(isolation: Isolation, folder: Path, program: str) -> ShutIn:
    """`program`: the module that is to run. Raises NotIsolated."""
    if isolation != "bwrap":
        outside = Path(server.__file__).parents[1]
        return ShutIn(_first_that_works(isolation), str(folder), _environment(str(folder), str(outside), FONTS))
    way = _bubblewrap()
    if way.own_user:
        _hand_over(folder)
    code = [word for package in {"server", program.partition(".")[0]} for word in _bound(_of_package(package), _CODE)]
    # The user's own programs come last, those that change it before them.
    command = (*way.before, *code, "--bind", str(folder), JOB, "--chdir", JOB, *way.after)
    fonts = Path(_CODE) / FONTS.relative_to(Path(server.__file__).parents[1])
    return ShutIn(command, JOB, _environment(JOB, _CODE, fonts))


@dataclass(frozen=True)
class _Bubblewrap:
    before: tuple[str, ...]
    after: tuple[str, ...]
    own_user: bool


@functools.cache
def _bubblewrap() -> _Bubblewrap:
    """Tried out once."""
    said = "bwrap(1) is not installed"
    for way in _ways() if shutil.which("bwrap") else ():
        tried = subprocess.run(
            [*way.before, *way.after, sys.executable, "-c", "import encodings"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if tried.returncode == 0:
            return way
        said = tried.stderr.decode(errors="replace").strip()
    log.error("conversion-not-isolated", said=said)
    raise NotIsolated(said)


def _ways() -> list[_Bubblewrap]:
    seen = ["bwrap", "--die-with-parent", "--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    seen += ["--unshare-cgroup-try", *_bound(Path("/usr"))]
    for name in _TOP_FOLDERS:
        path = Path("/", name)
        if path.is_symlink():
            seen += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            seen += _bound(path)
    seen += ["--proc", "/proc", "--dev", "/dev"]
    for each in ("/tmp", "/dev/shm"):  # noqa: S108  its own, before what may be installed below
        seen += ["--perms", "1777", "--tmpfs", each]
    prefixes = [Path(each) for each in dict.fromkeys((sys.base_prefix, sys.prefix)) if not each.startswith("/usr/")]
    # Folders that bwrap makes by itself on the way may be closed to the own user.
    ways = [Path(_CODE), *(Path(each).parent for each in _CONFIGURATION), *(each.parent for each in prefixes)]
    for folder in sorted({above for way in ways for above in (way, *way.parents)} - {Path("/")}):
        seen += ["--perms", "0755", "--dir", str(folder)]
    for prefix in prefixes:
        seen += _bound(prefix)
    for each in _CONFIGURATION:
        seen += ["--ro-bind-try", each, each]
    user = str(_OWN_USER)
    nobody = _Bubblewrap((*seen, "--unshare-user", "--disable-userns", "--uid", user, "--gid", user), ("--",), False)
    if os.geteuid() != 0:
        return [nobody]
    kept = ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP")
    becomes = ("setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all")
    return [_Bubblewrap((*seen, *kept), ("--", *becomes, "--"), True), nobody]


def _bound(path: Path, below: str = "") -> list[str]:
    return ["--ro-bind", str(path), f"{below}/{path.name}" if below else str(path)]


@functools.cache
def _of_package(name: str) -> Path:
    found = find_spec(name)
    assert found is not None  # noqa: S101  of this distribution or its tests
    return Path(next(iter(found.submodule_search_locations or ())))


def _hand_over(folder: Path) -> None:
    """What lies in the folder belongs to the program's user from here on."""
    for where, _, files in os.walk(folder):
        for each in (where, *(os.path.join(where, name) for name in files)):
            os.chown(each, _OWN_USER, _OWN_USER, follow_symlinks=False)


def take_back(folder: Path) -> None:
    """What the program left is the server's again: files and folders. Anything else (a link to somewhere) is removed,
    as the server would follow it."""
    root = os.geteuid() == 0
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(where, name)
            kind = os.lstat(path).st_mode
            if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                os.unlink(path)
            elif root:
                os.chown(path, 0, 0, follow_symlinks=False)


@functools.cache
def _first_that_works(isolation: Isolation) -> tuple[str, ...]:
    for way in _WITHOUT_NETWORK if isolation == "network" else _NONE:
        if way and shutil.which(way[0]) is None:
            continue
        if subprocess.run([*way, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0:
            log.warning("conversion-sees-the-machine", isolation=isolation)
            return way
    raise NotIsolated("no network of its own can be made for the program")


def _environment(folder: str, code: str, fonts: Path) -> dict[str, str]:
    nowhere = "http://127.0.0.1:9"
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": code,
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": f"{folder}/home",
        "TMPDIR": f"{folder}/tmp",  # noqa: S108  its own
        "LANG": "C.UTF-8",
        "FONTCONFIG_FILE": str(fonts),
        "OMP_THREAD_LIMIT": "1",  # tesseract's threads only get in each other's way
        "SAL_DISABLE_OPENCL": "1",
        "http_proxy": nowhere,
        "https_proxy": nowhere,
    }
