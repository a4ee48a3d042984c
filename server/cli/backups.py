"""`nhipcau backup` with its commands, and `nhipcau restore`."""

import asyncio
import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from server.backup.errors import BackupNotSet
from server.cli.running import plainly
from server.cli.settings import read_settings
from server.core.clock import VIETNAM
from server.core.config import Settings
from server.migrations import require_known, require_newest, upgrade

backups = typer.Typer(help="Make, list and check backups; the key that opens them.")

Place = Annotated[str | None, typer.Option("--from", help="Folder (whole path) or s3://… Default: NHIPCAU_BACKUP_TO.")]
Which = Annotated[str | None, typer.Option("--backup", help="Name, as `nhipcau backup list` says it. Default: newest.")]
KEY_HELP = "File with the key that opens backups (`nhipcau backup key` made it)."


@backups.callback(invoke_without_command=True)
def backup(context: typer.Context) -> None:
    """Back up everything to NHIPCAU_BACKUP_TO, while the system runs."""
    if context.invoked_subcommand is not None:
        return
    settings = read_settings()
    with plainly(settings):
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
    settings = read_settings()
    with plainly(settings):
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
    settings = read_settings()
    identity = key.read() if key else None
    with plainly(settings):
        checked = asyncio.run(_backup_ways().verify(settings, _place(settings, place), identity, which, _say_both))
    print(f"Bản sao lưu {checked.name} nguyên vẹn ({checked.bytes:,} byte).  ·  The backup is whole.")
    if checked.manifest is None:
        print("Chưa mở thử: thêm --key.  ·  It was not opened: add --key.")


def restore(
    key: Annotated[typer.FileText, typer.Option(help=KEY_HELP)],
    place: Place = None,
    which: Which = None,
) -> None:
    """Restore a backup into an empty system, which must not be running."""
    settings = read_settings()
    identity = key.read()
    with plainly(settings):
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
