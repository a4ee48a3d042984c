"""The README stays true: its configuration table is complete, its commands and files exist."""

import re
from pathlib import Path

from server.core.config import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_every_setting_is_in_the_table() -> None:
    listed = set(re.findall(r"^\| `NHIPCAU_(\w+)` \|", README, re.MULTILINE))
    assert listed == {name.upper() for name in Settings.model_fields}


def test_every_make_target_it_names_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([\w-]+)`", README)) <= targets


def test_every_path_it_names_exists() -> None:
    linked = re.findall(r"\]\(((?!http)[^)#]+)\)", README)
    named = re.findall(r"^\| `((?:server|media|web|tests|docker)[\w./]*)`", README, re.MULTILINE)
    missing = [path for path in (*linked, *named) if not (ROOT / path).exists()]
    assert missing == []
