"""What an administrator does at the machine: the demo province, the first account, the way back, the audit log, the
installation's health, returned e-mails."""

import asyncio
import sys
from typing import Annotated

import typer

from server.cli.running import plainly, with_services
from server.cli.settings import read_settings
from server.core import logs
from server.core.services import Services
from server.demo.links import visitors_links
from server.demo.load import load, password
from server.doctor import examine
from server.installation import bring_back, broken_audit_entry, first_administrator
from server.migrations import require_newest
from server.notifications.bounces import MOST_BYTES, take_in
from server.serving import prepare

_MARKS = {"good": "✓", "warning": "!", "bad": "✗"}


def demo() -> None:
    """Load the demo province into an empty database, and print fresh sign-in links."""
    settings = read_settings()
    logs.configure(as_json=settings.log_json)

    async def work(services: Services) -> None:
        await load(services)
        for link in await visitors_links(services):
            print(f"{link.vi:<20}{link.en:<14}{link.who}\n  {settings.url}{link.path}")
        print(f"tochuc, chutri, dieuphoi, thuky, quantri: {password(services)}")

    with plainly(settings):
        prepare(settings)
        asyncio.run(with_services(settings, work))


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
    settings = read_settings()
    logs.configure(as_json=settings.log_json)
    given = password_file.read().strip() if password_file else None

    async def work(services: Services) -> None:
        made = await first_administrator(services, unit=unit, code=code, name=name, login=login, password=given)
        print(f"Đã tạo đơn vị gốc “{unit}” và quản trị viên “{login}”.  ·  Root unit and administrator made.")
        if given is None:
            print(f"Mật khẩu  ·  Password: {made}")

    with plainly(settings):
        prepare(settings)
        asyncio.run(with_services(settings, work))


def way_back(
    login: Annotated[str, typer.Argument(help="The administrator's login.")],
    new_password: Annotated[bool, typer.Option("--new-password", help="Make a new password, too.")] = False,
) -> None:
    """Let an administrator in who lost the second factor, when no other can help; the audit log says so."""
    settings = read_settings()

    async def work(services: Services) -> None:
        made = await bring_back(services, login, new_password=new_password)
        print(
            f"“{login}” đăng nhập lại được bằng mật khẩu; bật lại xác thực hai bước ngay.  ·  "
            f"“{login}” signs in with the password again; set a second factor at once."
        )
        if made is not None:
            print(f"Mật khẩu  ·  Password: {made}")

    with plainly(settings):
        require_newest(settings.database)
        asyncio.run(with_services(settings, work))


def audit() -> None:
    """Check that the audit log's chain is whole."""
    settings = read_settings()

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

    with plainly(settings):
        require_newest(settings.database)
        asyncio.run(with_services(settings, work))


def doctor() -> None:
    """Say what is wrong with this installation, in sentences; the papers' trial takes up to a minute."""
    settings = read_settings()
    logs.configure(as_json=settings.log_json)
    bad = False

    async def work(services: Services) -> None:
        nonlocal bad
        async for found in examine(services):
            bad = bad or found.grade == "bad"
            print(f"{_MARKS[found.grade]} {found.vi}\n  {found.en}", flush=True)

    with plainly(settings):
        asyncio.run(with_services(settings, work))
    if bad:
        raise typer.Exit(1)


def bounce() -> None:
    """Read one returned e-mail from standard input, and note on whose invitation it was (for a mail server's pipe)."""
    settings = read_settings()
    # What can be mended is tried again by the mail server (sysexits.h: EX_TEMPFAIL).
    try:
        with plainly(settings):
            require_newest(settings.database)
            content = sys.stdin.buffer.read(MOST_BYTES)
            asyncio.run(with_services(settings, lambda services: take_in(services, content)))
    except typer.Exit:
        raise typer.Exit(75) from None
