"""Settings as the commands read them: what is wrong with one is said in two sentences."""

import os
import re
import sys
from pathlib import Path

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from server.core.config import Settings
from server.edge.validation_messages import sentence

_ASSIGNED = re.compile(r"^\s*(?:export\s+)?(NHIPCAU_\w+)\s*=", re.MULTILINE | re.IGNORECASE)
"""In a `.env` file."""


def read_settings(host: str | None = None, port: int | None = None) -> Settings:
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
