"""The README stays true: its configuration table is complete, its commands and files exist."""

import importlib
import re
from pathlib import Path

import pytest

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


def journeys() -> list[str]:
    """What the journeys name: functions and commands."""
    [told] = re.findall(r"### Six journeys\n(.*?)\n### ", README, re.DOTALL)
    return sorted(set(re.findall(r"`([a-z_]+(?:\.\w+)+)`", told)))


@pytest.mark.parametrize("name", journeys())
def test_every_function_of_its_journeys_exists(name: str) -> None:
    if name.count(".") == 1 and (name in live_commands()):
        return
    root = "" if name.startswith("media.") else "server."
    path, found = name.split("."), None
    for length in range(len(path), 0, -1):
        try:
            found = importlib.import_module(root + ".".join(path[:length]))
        except ModuleNotFoundError:
            continue
        for attribute in path[length:]:
            found = getattr(found, attribute)
        break
    assert found is not None, name


def live_commands() -> set[str]:
    sources = (ROOT / "server").rglob("live/*.py")
    return {name for source in sources for name in re.findall(r'"(\w+\.\w+)"', source.read_text())}


def test_its_journeys_are_short() -> None:
    """A dozen steps each: whoever follows one holds it in the head."""
    [told] = re.findall(r"### Six journeys\n(.*?)\n### ", README, re.DOTALL)
    steps = [len(re.findall(r"`[a-z_]+(?:\.\w+)+`", journey)) for journey in re.split(r"\n\d\. ", told)[1:]]
    assert len(steps) == 6
    assert max(steps) <= 12
