"""`nhipcau run`: the demo, served, with simulated halls in it and sign-in links on the screen."""

import json
import socket
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack

from server.core.children import supervised
from server.core.config import Settings
from server.core.secrets import write_private
from server.core.services import Services
from server.demo.links import SignInLink, hall_links, visitors_links
from server.demo.load import load, password
from server.main import create_app
from server.serving import serve


async def show(settings: Settings, listener: socket.socket, halls: int) -> None:
    """Until a signal ends it. `halls`: how many halls come in by themselves."""
    app = create_app(settings)
    services: Services = app.state.services
    await load(services)

    async def when_ready(stack: AsyncExitStack) -> None:
        if halls:
            await stack.enter_async_context(await _simulated_halls(services, listener, halls))
        _print_welcome(settings, await visitors_links(services), password(services), halls)

    await serve(app, settings, listener, when_ready)


async def _simulated_halls(services: Services, listener: socket.socket, halls: int):  # type: ignore[no-untyped-def]
    links = services.settings.var / "run" / "halls.jsonl"
    links.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(line, ensure_ascii=False) for line in await hall_links(services, halls)]
    write_private(links, "\n".join(lines) + "\n")
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    command = [sys.executable, "-m", "media.bots.halls", "--server", f"http://{host}:{port}"]
    command += ["--links-file", str(links), "--supervised", "--lively"]
    return supervised("simulated halls", command, services.settings.var / "log" / "halls.log")


def _print_welcome(settings: Settings, links: Sequence[SignInLink], demo_password: str, halls: int) -> None:
    print(f"\n  Nhịp Cầu đang chạy  ·  Nhịp Cầu is running      {settings.url}\n")
    print(f"  Hội nghị đang diễn ra với {halls} điểm cầu mô phỏng. Mở một đường dẫn trong trình duyệt:")
    print(f"  A conference is in progress with {halls} simulated halls. Open a link in a browser:\n")
    for link in links:
        print(f"  {link.vi:<20}{link.en:<14}{link.who}")
        print(f"    {settings.url}{link.path}\n")
    print("  Đăng nhập bằng mật khẩu  ·  Sign in with a password")
    print(f"    tochuc, chutri, dieuphoi, thuky, quantri      {demo_password}\n")
    print(f"  Nhật ký  ·  Logs: {settings.var / 'log'}        Ctrl+C để dừng  ·  to stop\n", flush=True)
