"""Commands that serve, and what they serve: `serve`, `run`, `openapi`, `migrate`."""

import json
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from server.cli.running import plainly, until_stopped
from server.cli.settings import read_settings, seen_by_every_browser
from server.core import logs
from server.core.config import Settings
from server.demo.links import SIMULATED
from server.main import create_app
from server.serving import listen, prepare, prepare_to_serve
from server.serving import serve as serve_app
from server.showcase import show
from server.system.first_start import new_link

Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on.")]


def serve(host: Host = None, port: Port = None) -> None:
    """Serve, for production. An empty database is made ready; an older one wants `nhipcau migrate` first."""
    settings = read_settings(host, port)
    logs.configure(as_json=settings.log_json)
    with plainly(settings):
        listener = listen(settings)
        prepare_to_serve(settings)
        app = create_app(settings)

        async def when_ready(_stack: AsyncExitStack) -> None:
            _print_way_in(settings, await new_link(app.state.services))

        until_stopped(serve_app(app, settings, listener, when_ready))


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


def run(
    host: Host = None,
    port: Port = None,
    halls: Annotated[int, typer.Option(min=0, max=len(SIMULATED), help="Simulated halls.")] = 8,
) -> None:
    """A look at everything: the demo province with a conference in progress, and sign-in links."""
    settings = seen_by_every_browser(read_settings(host, port))
    logs.configure(as_json=settings.log_json, file=settings.var / "log" / "server.log")
    with plainly(settings):
        listener = listen(settings)
        prepare(settings)
        until_stopped(show(settings, listener, halls))


def openapi() -> None:
    """Print the OpenAPI document (HTTP and live channel); the web's types are made from it."""
    settings = read_settings()
    with plainly(settings):
        print(json.dumps(create_app(settings).openapi(), ensure_ascii=False, indent=1))


def migrate() -> None:
    """Bring the database up to date, and end; servers of the version before go on meanwhile. Back up first."""
    settings = read_settings()
    with plainly(settings):
        prepare(settings)
    print("Cơ sở dữ liệu đã đúng phiên bản.  ·  The database is up to date.")
