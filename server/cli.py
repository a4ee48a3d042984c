"""The command line: `nhipcau …`."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer
import uvloop
from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import DBAPIError

from server.backup.errors import BackupNotSet
from server.conference.secret import NODE_NAME, NodeSecret
from server.core import logs
from server.core.clock import VIETNAM
from server.core.config import Settings
from server.core.errors import DomainError
from server.core.services import Services
from server.demo.links import SIMULATED, visitors_links
from server.demo.load import load, password
from server.devices.kiosk.recipe import ServerAddressWrong, setup_script
from server.doctor import examine
from server.edge.validation_messages import sentence
from server.installation import bring_back, broken_audit_entry, first_administrator
from server.main import create_app
from server.migrations import require_known, require_newest, upgrade
from server.notifications.bounces import MOST_BYTES, take_in
from server.rehearsing.command import CannotRehearse, rehearse_here, rehearse_there, serve_stage
from server.serving import listen, prepare, prepare_to_serve
from server.serving import serve as serve_app
from server.showcase import show
from server.start_faults import fault_of
from server.system.first_start import new_link
from server.wiring import components

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Nhịp Cầu: hội nghị trực tuyến nhiều điểm cầu.")

_ASSIGNED = re.compile(r"^\s*(?:export\s+)?(NHIPCAU_\w+)\s*=", re.MULTILINE | re.IGNORECASE)
"""In a `.env` file."""

Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on.")]


@app.command()
def serve(host: Host = None, port: Port = None) -> None:
    """Serve, for production. An empty database is made ready; an older one wants `nhipcau migrate` first."""
    settings = _settings(host, port)
    logs.configure(as_json=settings.log_json)
    with _plainly(settings):
        listener = listen(settings)
        prepare_to_serve(settings)
        app = create_app(settings)

        async def when_ready(_stack: AsyncExitStack) -> None:
            _print_way_in(settings, await new_link(app.state.services))

        _until_stopped(serve_app(app, settings, listener, when_ready))


def _print_way_in(settings: Settings, setup: str | None) -> None:
    print(f"\n  Nhịp Cầu đang chạy  ·  Nhịp Cầu is running      {settings.url}")
    if setup is None:
        print("  Đăng nhập tại địa chỉ này.  ·  Sign in at this address.\n", flush=True)
        return
    print("\n  Hệ thống còn trống. Mở liên kết sau để lập đơn vị gốc và quản trị viên (dùng một lần):")
    print("  The system is empty. Open this link, once, to make the root unit and the administrator:\n")
    print(f"    {settings.url}{setup}\n")
    print("  Từ máy khác: thay phần đầu bằng địa chỉ vào được máy chủ này.")
    print("  From another computer: put an address that reaches this server in front.\n", flush=True)


@app.command()
def run(
    host: Host = None,
    port: Port = None,
    halls: Annotated[int, typer.Option(min=0, max=len(SIMULATED), help="Simulated halls.")] = 8,
) -> None:
    """A look at everything: the demo province with a conference in progress, and sign-in links."""
    settings = seen_by_every_browser(_settings(host, port))
    logs.configure(as_json=settings.log_json, file=settings.var / "log" / "server.log")
    with _plainly(settings):
        listener = listen(settings)
        prepare(settings)
        _until_stopped(show(settings, listener, halls))


@app.command()
def openapi() -> None:
    """Print the OpenAPI document (HTTP and live channel); the web's types are made from it."""
    settings = _settings()
    with _plainly(settings):
        print(json.dumps(create_app(settings).openapi(), ensure_ascii=False, indent=1))


@app.command()
def demo() -> None:
    """Load the demo province into an empty database, and print fresh sign-in links."""
    settings = _settings()
    logs.configure(as_json=settings.log_json)

    async def work(services: Services) -> None:
        await load(services)
        for link in await visitors_links(services):
            print(f"{link.vi:<20}{link.en:<14}{link.who}\n  {settings.url}{link.path}")
        print(f"tochuc, chutri, dieuphoi, thuky, quantri: {password(services)}")

    with _plainly(settings):
        prepare(settings)
        asyncio.run(_with_services(settings, work))


@app.command()
def init(
    unit: Annotated[str, typer.Option(help="The root unit's full name: “Tỉnh Lâm Đồng”.")],
    name: Annotated[str, typer.Option(help="The first administrator's full name.")],
    login: Annotated[str, typer.Option(help="The first administrator's login.")] = "quantri",
    code: Annotated[str | None, typer.Option(help="The root unit's code: H36.")] = None,
    password_file: Annotated[
        typer.FileText | None, typer.Option(help="File with the password ('-': standard input). Default: one is made.")
    ] = None,
) -> None:
    """Make the root unit and the first administrator in an empty database."""
    settings = _settings()
    logs.configure(as_json=settings.log_json)
    given = password_file.read().strip() if password_file else None

    async def work(services: Services) -> None:
        made = await first_administrator(services, unit=unit, code=code, name=name, login=login, password=given)
        print(f"Đã tạo đơn vị gốc “{unit}” và quản trị viên “{login}”.  ·  Root unit and administrator made.")
        if given is None:
            print(f"Mật khẩu  ·  Password: {made}")

    with _plainly(settings):
        prepare(settings)
        asyncio.run(_with_services(settings, work))


@app.command("way-back")
def way_back(
    login: Annotated[str, typer.Argument(help="The administrator's login.")],
    new_password: Annotated[bool, typer.Option("--new-password", help="Make a new password, too.")] = False,
) -> None:
    """Let an administrator in who lost the second factor, when no other can help; the audit log says so."""
    settings = _settings()

    async def work(services: Services) -> None:
        made = await bring_back(services, login, new_password=new_password)
        print(
            f"“{login}” đăng nhập lại được bằng mật khẩu; bật lại xác thực hai bước ngay.  ·  "
            f"“{login}” signs in with the password again; set a second factor at once."
        )
        if made is not None:
            print(f"Mật khẩu  ·  Password: {made}")

    with _plainly(settings):
        require_newest(settings.database)
        asyncio.run(_with_services(settings, work))


@app.command()
def migrate() -> None:
    """Bring the database up to date, and end; servers of the version before go on meanwhile. Back up first."""
    settings = _settings()
    with _plainly(settings):
        prepare(settings)
    print("Cơ sở dữ liệu đã đúng phiên bản.  ·  The database is up to date.")


@app.command()
def audit() -> None:
    """Check that the audit log's chain is whole."""
    settings = _settings()

    async def work(services: Services) -> None:
        broken = await broken_audit_entry(services)
        if broken is not None and broken.missing:
            print(
                f"Nhật ký kiểm toán bị cắt: mục {broken.entry} không còn.  ·  "
                f"The audit log was cut: entry {broken.entry} is gone."
            )
            raise typer.Exit(1)
        if broken is not None:
            print(
                f"Nhật ký kiểm toán bị sửa từ mục {broken.entry}.  ·  "
                f"The audit log was altered at entry {broken.entry}."
            )
            raise typer.Exit(1)
        print("Nhật ký kiểm toán nguyên vẹn.  ·  The audit log is whole.")

    with _plainly(settings):
        require_newest(settings.database)
        asyncio.run(_with_services(settings, work))


@app.command()
def doctor() -> None:
    """Say what is wrong with this installation, in sentences; the papers' trial takes up to a minute."""
    settings = _settings()
    logs.configure(as_json=settings.log_json)
    bad = False

    async def work(services: Services) -> None:
        nonlocal bad
        async for found in examine(services):
            bad = bad or found.grade == "bad"
            print(f"{_MARKS[found.grade]} {found.vi}\n  {found.en}", flush=True)

    with _plainly(settings):
        asyncio.run(_with_services(settings, work))
    if bad:
        raise typer.Exit(1)


_MARKS = {"good": "✓", "warning": "!", "bad": "✗"}

backups = typer.Typer(help="Make, list and check backups; the key that opens them.")
app.add_typer(backups, name="backup")

Place = Annotated[str | None, typer.Option("--from", help="Folder (whole path) or s3://… Default: NHIPCAU_BACKUP_TO.")]
Which = Annotated[str | None, typer.Option("--backup", help="Name, as `nhipcau backup list` says it. Default: newest.")]
KEY_HELP = "File with the key that opens backups (`nhipcau backup key` made it)."


@backups.callback(invoke_without_command=True)
def backup(context: typer.Context) -> None:
    """Back up everything to NHIPCAU_BACKUP_TO, while the system runs."""
    if context.invoked_subcommand is not None:
        return
    settings = _settings()
    with _plainly(settings):
        require_newest(settings.database)
        made = asyncio.run(_backup_ways().make(settings, _say_both))
    papers = sum(folder.bytes for folder in made.index.objects.values())
    print(
        f"Đã sao lưu: {made.name} ({made.new_objects} gói tài liệu mới, tổng {papers:,} byte; {made.seconds:.1f} giây)."
        f"  ·  Backed up: {made.name} ({made.new_objects} new folders of papers, {papers:,} bytes in all)."
    )


@backups.command("key")
def backup_key(
    file: Annotated[Path, typer.Argument(help="New file for the key. Keep it away from this machine.")],
) -> None:
    """Make the key that opens backups, into a file to keep elsewhere; print its public half, for NHIPCAU_BACKUP_KEY."""
    identity = _backup_ways().new_identity()
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(f"# public key: {identity.to_public()}\n{identity}\n")
    except OSError as error:
        print(f"Không tạo được {file}: {error.strerror}\nCannot make {file}: {error.strerror}", file=sys.stderr)
        raise typer.Exit(1) from None
    print(f"NHIPCAU_BACKUP_KEY={identity.to_public()}")
    print(
        f"Cất {file} ở nơi khác (hai bản, ngoài máy này): mất tệp này thì không mở được bản sao lưu nào.\n"
        f"Keep {file} elsewhere (two copies, not on this machine): without it no backup can be opened.",
        file=sys.stderr,
    )


@backups.command("list")
def backup_list(place: Place = None) -> None:
    """List the backups that are at the place, the oldest first."""
    settings = _settings()
    with _plainly(settings):
        for name, index in asyncio.run(_backup_ways().list_backups(_place(settings, place))):
            held = sum(each.bytes for each in (*index.parts.values(), *index.objects.values()))
            at = index.at.astimezone(VIETNAM)
            print(f"{name}  {at:%d/%m/%Y %H:%M}  {held:>15,} byte  phiên bản {index.version} ({index.revision})")


@backups.command("verify")
def backup_verify(
    place: Place = None,
    which: Which = None,
    key: Annotated[
        typer.FileText | None, typer.Option(help=f"{KEY_HELP} Without it: that every file is whole.")
    ] = None,
) -> None:
    """Read a whole backup: each file as it was written; with the key, that it opens and the database is sound."""
    settings = _settings()
    identity = key.read() if key else None
    with _plainly(settings):
        checked = asyncio.run(_backup_ways().verify(settings, _place(settings, place), identity, which, _say_both))
    print(f"Bản sao lưu {checked.name} nguyên vẹn ({checked.bytes:,} byte).  ·  The backup is whole.")
    if checked.manifest is None:
        print("Chưa mở thử: thêm --key.  ·  It was not opened: add --key.")


@app.command("restore")
def restore_command(
    key: Annotated[typer.FileText, typer.Option(help=KEY_HELP)],
    place: Place = None,
    which: Which = None,
) -> None:
    """Restore a backup into an empty system, which must not be running."""
    settings = _settings()
    identity = key.read()
    with _plainly(settings):
        done = asyncio.run(
            _backup_ways().restore(
                settings,
                _place(settings, place),
                identity,
                _backup_ways().Schema(upgrade, require_known),
                name=which,
                say=_say_both,
            )
        )
    rows = sum(table.rows for table in done.manifest.tables.values())
    files = sum(folder.files for folder in done.manifest.papers.values())
    print(
        f"Đã khôi phục {done.name}: {rows:,} dòng dữ liệu, {files:,} tệp tài liệu; đã đối chiếu mã kiểm tra.\n"
        f"Restored {done.name}: {rows:,} rows, {files:,} files of papers; all digests agree.\n"
        f"Các thiết lập lúc sao lưu  ·  The settings of then: {settings.var / _backup_ways().SETTINGS}"
    )
    for name in done.other_keys:
        print(
            f"{name} khác khóa trong bản sao lưu: đặt lại như {_backup_ways().SETTINGS}, hoặc bỏ thiết lập này.\n"
            f"{name} is not the key of the backup: set it as {_backup_ways().SETTINGS} says, or take it out.",
            file=sys.stderr,
        )


def _backup_ways() -> ModuleType:
    """What seals and opens is loaded by the commands that do it."""
    return import_module("server.backup.ways")


def _say_both(vi: str, en: str) -> None:
    print(f"{vi}  ·  {en}", file=sys.stderr)


def _place(settings: Settings, given: str | None) -> str:
    """BackupNotSet; a relative folder is one of here."""
    place = given if given is None or "://" in given else str(Path(given).absolute())
    if (place := place or settings.backup_to) is None:
        raise BackupNotSet()
    return place


@app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def node(context: typer.Context) -> None:
    """Run a media node on this machine (`nhipcau node --help` lists its options)."""
    os.execv(sys.executable, [sys.executable, "-m", "media.node", *context.args])  # noqa: S606


@app.command("node-token")
def node_token(name: Annotated[str, typer.Argument(help="As the node is called; letters, digits, . _ -")]) -> None:
    """Print the token of a media node on another machine, for its secret file."""
    if NODE_NAME.fullmatch(name) is None:
        print("Tên gồm chữ không dấu, số, dấu chấm, gạch.  ·  A name has letters, digits, . _ -", file=sys.stderr)
        raise typer.Exit(2)
    settings = _settings()
    with _plainly(settings):
        print(NodeSecret(settings).token(name))


@app.command()
def kiosk(
    server: Annotated[
        str | None, typer.Option(help="As halls type it: https://hop.tinh.example. Default: this one.")
    ] = None,
) -> None:
    """Print the script that turns a fresh Debian 12 machine into a hall's screen (pipe it into `sudo sh`)."""
    try:
        print(setup_script(server or _settings().url), end="")
    except ServerAddressWrong as error:
        print(f"{error.vi}\n{error.en}", file=sys.stderr)
        raise typer.Exit(2) from None


@app.command()
def rehearse(  # noqa: PLR0917 - options, all of them given by name
    halls: Annotated[int, typer.Option(min=2, max=1000, help="Simulated halls, the main point among them.")] = 161,
    server: Annotated[
        str | None, typer.Option(help="A server that `--serve` runs on another machine: tries the line, too.")
    ] = None,
    serve: Annotated[
        str | None, typer.Option(help="Only serve, at this machine's address, for halls on another one.")
    ] = None,
    plan: Annotated[Path, typer.Option(help="File that `--serve` writes and `--server` reads.")] = Path("plan.json"),
    ports: Annotated[tuple[int, int], typer.Option(help="With `--serve`: HTTP (TCP) and media (UDP).")] = (8100, 7100),
    join_seconds: Annotated[float, typer.Option(min=1, max=600, help="Over which halls come in.")] = 60,
    calls: Annotated[int, typer.Option(min=1, max=200, help="Points that are called in turn.")] = 15,
) -> None:
    """Say whether this machine and its line carry a conference, by simulated halls; the installation is not touched."""
    try:
        if serve is not None:
            work = serve_stage(halls, serve, ports, plan)
        elif server is not None:
            work = rehearse_there(server, plan, join_seconds, calls)
        else:
            work = rehearse_here(halls, join_seconds, calls)
        raise typer.Exit(asyncio.run(work))
    except CannotRehearse as error:
        print(f"{error}", file=sys.stderr)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        print()


@app.command()
def bounce() -> None:
    """Read one returned e-mail from standard input, and note on whose invitation it was (for a mail server's pipe)."""
    settings = _settings()
    # What can be mended is tried again by the mail server (sysexits.h: EX_TEMPFAIL).
    try:
        with _plainly(settings):
            require_newest(settings.database)
            content = sys.stdin.buffer.read(MOST_BYTES)
            asyncio.run(_with_services(settings, lambda services: take_in(services, content)))
    except typer.Exit:
        raise typer.Exit(75) from None


def _settings(host: str | None = None, port: int | None = None) -> Settings:
    """From the environment and the options; makes the folder of everything that is written, for its owner alone."""
    given = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    try:
        settings = Settings.model_validate(Settings().model_dump() | given)
    except ValidationError as error:
        for each in error.errors():
            name = "_".join(str(part) for part in each["loc"][:1]).upper()
            vi, en = sentence(dict(each))
            allowed = f" ({each['ctx']['expected']})" if each["type"] == "literal_error" else ""
            _say_wrong(f"NHIPCAU_{name.removeprefix('NHIPCAU_')}", vi + allowed, en + allowed)
        raise typer.Exit(2) from None
    except SettingsError as error:  # a list that is no JSON
        field = re.search(r'field "(\w+)"', str(error))
        _say_wrong(
            f"NHIPCAU_{field[1].upper()}" if field is not None else "NHIPCAU_MEDIA_ADVERTISE",
            f'cần một danh sách JSON, ví dụ ["203.0.113.7"] ({error.__cause__ or error})',
            f'write a JSON list, for example ["203.0.113.7"] ({error.__cause__ or error})',
        )
        raise typer.Exit(2) from None
    except (UnicodeDecodeError, OSError) as error:
        _say_wrong(f"“{Path('.env').resolve()}”", f"không đọc được ({error})", f"cannot be read ({error})")
        raise typer.Exit(2) from None
    _name_unknown()
    os.umask(0o077)
    if len(settings.var.resolve().parts) <= 2:  # "var" of a program started in "/": nobody else could read it any more
        _say_wrong(
            "NHIPCAU_VAR",
            f"{settings.var.resolve()} là thư mục của cả máy; chọn một thư mục riêng",
            f"{settings.var.resolve()} belongs to the whole machine; choose a folder for this alone",
        )
        raise typer.Exit(2)
    try:
        settings.var.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        _say_wrong("NHIPCAU_VAR", *(f"{settings.var}: {error.strerror}",) * 2)
        raise typer.Exit(2) from None
    if settings.var.stat().st_uid == os.geteuid():  # a folder that was made beforehand is open to all, as a rule
        settings.var.chmod(0o700)
    return settings


def _say_wrong(setting: str, vi: str, en: str) -> None:
    print(f"Thiết lập {setting} chưa đúng: {vi}\nThe setting {setting} is not right: {en}", file=sys.stderr)


def _name_unknown() -> None:
    """A name that was mistyped would have no effect, silently."""
    file = Path(".env")
    given = {*os.environ, *(_ASSIGNED.findall(file.read_text()) if file.is_file() else ())}
    known = {f"NHIPCAU_{name.upper()}" for name in Settings.model_fields}
    for name in sorted(each for each in given if each.upper().startswith("NHIPCAU_") and each.upper() not in known):
        print(f"Không có thiết lập {name}; bỏ qua.\nThere is no setting {name}; it has no effect.", file=sys.stderr)


def seen_by_every_browser(settings: Settings) -> Settings:
    """Firefox looks for media on no loopback address: on this machine alone, the node is reached by its own address,
    too."""
    if settings.media_bind is None and settings.host in ("127.0.0.1", "localhost"):
        return settings.model_copy(update={"media_bind": "0.0.0.0:7000"})
    return settings


@contextmanager
def _plainly(settings: Settings) -> Iterator[None]:
    """What a person can mend is said in two sentences, not in a stack trace."""
    try:
        yield
    except (DomainError, DBAPIError, OSError) as error:
        if (fault := fault_of(error, settings)) is None:
            raise
        print(f"{fault.vi}\n{fault.en}", file=sys.stderr)
        raise typer.Exit(1) from None


def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work)
    except KeyboardInterrupt:
        print()


async def _with_services(settings: Settings, work: Any) -> None:
    services = Services.start(settings, components())
    try:
        await work(services)
    finally:
        await services.stop()


if __name__ == "__main__":
    app()
