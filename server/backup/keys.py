"""The keys of an installation, without which its database is worth little: the audit log's, of authenticator apps, of
codes and nodes; and the settings that were given."""

import json
from pathlib import Path

from server.core.config import Settings
from server.core.secrets import write_private

SETTINGS = "settings-of-backup.env"
_OF_SETTINGS = {
    "audit.key": "audit_key",
    "second-factor.key": "second_factor_key",
    "media.secret": "media_secret",
}
"""Key files that a setting takes the place of."""
_OTHERS = ("audit.head", "demo-password", "log/audit-heads.log")


def gather(settings: Settings) -> dict[str, str]:
    """Path below `var` -> content."""
    found = {path.name: path.read_text("ascii") for each in ("*.key", "*.secret") for path in settings.var.glob(each)}
    for name in _OTHERS:
        if (path := settings.var / name).is_file():
            found[name] = path.read_text("ascii")
    for name, setting in _OF_SETTINGS.items():
        if given := getattr(settings, setting):
            found[name] = given + "\n"
    found[SETTINGS] = "".join(_given(settings))
    return found


def _given(settings: Settings) -> list[str]:
    lines = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if value != field.get_default(call_default_factory=True):
            text = json.dumps(value) if isinstance(value, tuple | bool) else str(value)
            lines.append(f"NHIPCAU_{name.upper()}={text}\n")
    return lines


def put_back(settings: Settings, kept: dict[str, str]) -> list[str]:
    """Settings of the new system that differ from the key that was backed up."""
    for name, content in kept.items():
        path = settings.var / Path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, content)
    return [
        f"NHIPCAU_{setting.upper()}"
        for name, setting in _OF_SETTINGS.items()
        if (given := getattr(settings, setting)) and name in kept and given != kept[name].strip()
    ]
