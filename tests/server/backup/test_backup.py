"""A backup is as good as what comes back of it: everything here is made, taken away, and restored."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from pyrage import x25519
from sqlalchemy import text

from server.audit.actions import record
from server.backup import database
from server.backup.checking import list_backups, verify
from server.backup.contents import INDEX
from server.backup.errors import (
    BackupFailed,
    BackupNotSet,
    BackupOfAnother,
    BackupPlaceAway,
    BackupUnderWay,
    Damaged,
    NoSuchBackup,
    NotEmpty,
    RestoreUnfinished,
    WrongKey,
)
from server.backup.jobs import next_time
from server.backup.keys import SETTINGS
from server.backup.making import make
from server.backup.places import workshop
from server.backup.restoring import Schema, restore
from server.backup.unfinished import marker
from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.services import Services
from server.core.storage import Storage
from server.installation import broken_audit_entry
from server.jobs.models import Job
from server.jobs.workers import Workers
from server.migrations import NewerSchema, require_known, upgrade
from server.serving import prepare
from server.wiring import JOBS, components
from tests import builders, library
from tests.builders import Province
from tests.conftest import Browsers

IDENTITY = x25519.Identity.generate()
SCHEMA = Schema(upgrade, require_known)


def sqlite_only(settings: Settings) -> None:
    if not database.is_sqlite(settings.database):
        pytest.skip("is the same on both databases")


@pytest.fixture
def place(tmp_path: Path, settings: Settings) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    settings.backup_to, settings.backup_key = str(folder), str(IDENTITY.to_public())
    return folder


@pytest.fixture
async def filled(services: Services, place: Path, province: Province) -> Services:
    """People, a meeting, two papers with their files, audit entries, and numbers that were given and are gone."""
    meeting = await builders.conference(services, province, listed=True)
    async with services.transactions(SYSTEM) as tx:
        of = await library.paper(tx.session, meeting)
        gone = await builders.unit(tx.session, "Thôn\twith\\odd\nsigns", province.lat)
        await record(tx, "unit.deleted", "unit", gone.id, name=gone.name)
        await tx.session.delete(gone)
    await services.storage.put("3f2a/original", b"the file" * 1000)
    await services.storage.put("3f2a/pages/1-900.webp", b"\0\1\2")
    await services.storage.put("77bc/original", of.title.encode())
    return services


@pytest.fixture
def elsewhere(
    request: pytest.FixtureRequest, settings: Settings, tmp_path: Path
) -> Iterator[Callable[[str], Settings]]:
    """`elsewhere("a")`: an empty system on a database of the same kind."""
    made = []

    def new(name: str) -> Settings:
        var = tmp_path / name
        var.mkdir()
        if database.is_sqlite(settings.database):
            return Settings(var=var, media_embedded=False, _env_file=None)
        url = request.getfixturevalue("_postgres").server
        made.append(f"restored_{name}_{os.getpid()}")
        _on(url, f"CREATE DATABASE {made[-1]}")
        return Settings(var=var, database_url=url.format(made[-1]), media_embedded=False, _env_file=None)

    yield new
    for name in made:
        _on(request.getfixturevalue("_postgres").server, f"DROP DATABASE {name} WITH (FORCE)")


def _on(url: str, statement: str) -> None:
    with psycopg.connect(url.format("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def tables(settings: Settings) -> dict[str, database.Table]:
    """Of the database, by way of a copy where it is in use."""
    if not database.is_sqlite(settings.database):
        return database.postgresql_tables(settings.database)
    copy = settings.var / "compared.db"
    with sqlite3.connect(database.sqlite_file(settings.database)) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    return database.sqlite_tables(copy)


async def files(settings: Settings) -> dict[str, bytes]:
    storage = Storage(settings)
    found = [entry.key for folder in await storage.folders() for entry in await storage.entries(folder)]
    return {key: await storage.get(key) for key in found}


async def brought_back(settings: Settings, to: Settings, name: str | None = None) -> None:
    assert settings.backup_to is not None
    await restore(to, settings.backup_to, str(IDENTITY), SCHEMA, name=name)


async def test_what_is_restored_is_what_there_was(
    filled: Services, settings: Settings, elsewhere: Callable[[str], Settings], clock: object
) -> None:
    settings.second_factor_key = "kept-in-the-environment"
    made = await make(settings)
    before, papers = tables(settings), await files(settings)
    assert len(papers) == 3
    assert sum(table.rows for table in before.values()) > 50
    to = elsewhere("new")
    with pytest.raises(NoSuchBackup):
        await brought_back(settings, to, "20200101T000000000Z")
    await brought_back(settings, to)
    assert (tables(to), await files(to)) == (before, papers)
    assert (to.var / "audit.key").read_bytes() == (settings.var / "audit.key").read_bytes()
    assert (to.var / "second-factor.key").read_text() == "kept-in-the-environment\n"
    assert (to.var / "audit.key").stat().st_mode & 0o777 == 0o600
    assert "NHIPCAU_SECOND_FACTOR_KEY=kept-in-the-environment" in (to.var / SETTINGS).read_text()
    assert not marker(to).exists()
    prepare(to)
    again = Services.start(to, components())
    try:
        assert await broken_audit_entry(again) is None
        async with again.transactions(SYSTEM) as tx:  # a number that was given before is not given again
            unit = await builders.unit(tx.session, "Thôn mới")
        async with filled.transactions(SYSTEM) as tx:
            assert unit.id >= (await builders.unit(tx.session, "Thôn mới")).id
        # It goes on with the same place, and copies nothing again.
        to.backup_to, to.backup_key = settings.backup_to, settings.backup_key
        more = await make(to)
        assert (more.new_objects, more.index.objects) == (0, made.index.objects)
    finally:
        await again.stop()


async def test_papers_are_copied_once(filled: Services, settings: Settings, place: Path) -> None:
    sqlite_only(settings)

    def objects() -> set[str]:
        return {path.name for path in place.glob("objects/*/*")}

    first = await make(settings)
    lying = objects()
    assert (first.new_objects, len(lying)) == (2, 2)
    (settings.var / "backup" / "remembered.db").unlink()
    await filled.storage.put("same/original", await filled.storage.get("77bc/original"))
    assert ((await make(settings)).new_objects, objects()) == (0, lying)
    await filled.storage.put("3f2a/original", b"another")
    await filled.storage.delete_folder("77bc")
    await filled.storage.delete_folder("same")
    settings.backup_keep = 1
    last = await make(settings)
    assert (last.new_objects, last.pruned, len(objects())) == (1, 2, 1)
    assert [name for name, _ in await list_backups(str(place))] == [last.name]
    assert (await verify(settings, str(place), str(IDENTITY))).manifest is not None
    assert settings.last_backup.stat().st_mode & 0o777 == 0o600


async def test_nobody_who_writes_waits(filled: Services, settings: Settings, place: Path) -> None:
    """Neither does the backup: it has everything that was committed, and nothing that was not."""
    async with filled.transactions(SYSTEM) as tx:
        await tx.session.execute(text("UPDATE units SET name = 'not committed'"))
        made = await make(settings)
    opened = (await verify(settings, str(place), str(IDENTITY), made.name)).manifest
    assert opened is not None
    assert opened.tables["units"] != tables(settings)["units"]
    again = (await verify(settings, str(place), str(IDENTITY), (await make(settings)).name)).manifest
    assert again is not None
    assert again.tables["units"] == tables(settings)["units"]


async def test_a_backup_that_is_not_whole_is_not_restored(
    filled: Services, settings: Settings, place: Path, elsewhere: Callable[[str], Settings]
) -> None:
    sqlite_only(settings)
    made = await make(settings)
    with pytest.raises(WrongKey):
        await verify(settings, str(place), str(x25519.Identity.generate()))
    with pytest.raises(WrongKey):
        await verify(settings, str(place), "no key at all")
    for number, path in enumerate(
        (
            *place.glob("objects/*/*"),
            *(path for path in (place / "backups" / made.name).iterdir() if path.name != INDEX),
        )
    ):
        whole = path.read_bytes()
        for damaged in (whole[:-1], whole[:50] + bytes([whole[50] ^ 1]) + whole[51:]):
            path.write_bytes(damaged)
            for identity in (None, str(IDENTITY)):
                with pytest.raises(Damaged):
                    await verify(settings, str(place), identity)
            to = elsewhere(f"new{number}-{len(damaged)}")
            with pytest.raises(Damaged):
                await brought_back(settings, to)
            assert database.units_in(to.database) is None
            if marker(to).exists():
                with pytest.raises(RestoreUnfinished):
                    prepare(to)
        path.unlink()
        with pytest.raises(Damaged):
            await verify(settings, str(place), None)
        path.write_bytes(whole)
    await brought_back(settings, to)
    assert tables(to) == tables(settings)
    (place / "backups" / made.name / INDEX).write_text("{")
    with pytest.raises(Damaged):
        await verify(settings, str(place), None, made.name)


async def test_only_an_empty_system_that_stands_still_is_restored_into(
    filled: Services, settings: Settings, place: Path, elsewhere: Callable[[str], Settings]
) -> None:
    made = await make(settings)
    with pytest.raises(NotEmpty, match="using this database"):
        await brought_back(settings, settings)
    to = elsewhere("new")
    await brought_back(settings, to)
    with pytest.raises(NotEmpty, match="has units"):
        await brought_back(settings, to)
    stored = elsewhere("stored")
    upgrade(stored.database)  # a server that was started once, and has nothing yet
    await Storage(stored).put("aa/original", b"a")
    with pytest.raises(NotEmpty, match="has files"):
        await brought_back(settings, stored)
    await Storage(stored).delete_folder("aa")
    await brought_back(settings, stored, made.name)
    assert tables(stored) == tables(settings)
    assert (to.var / "backup.secret").exists()


async def test_what_is_not_set_or_not_there_is_said(
    filled: Services, settings: Settings, place: Path, tmp_path: Path, elsewhere: Callable[[str], Settings]
) -> None:
    sqlite_only(settings)
    with pytest.raises(BackupNotSet):
        await make(settings.model_copy(update={"backup_key": None}))
    with pytest.raises(BackupPlaceAway):
        await make(settings.model_copy(update={"backup_to": str(tmp_path / "not-mounted")}))
    with workshop(settings), pytest.raises(BackupUnderWay):
        await make(settings)
    await make(settings)
    other = elsewhere("other")
    upgrade(other.database)
    other.backup_to, other.backup_key = settings.backup_to, settings.backup_key
    with pytest.raises(BackupOfAnother):
        await make(other)
    index = next(place.glob(f"backups/*/{INDEX}"))
    index.write_text(index.read_text().replace('"revision":"', '"revision":"9'))
    with pytest.raises(NewerSchema):
        await brought_back(settings, elsewhere("older"))


@contextmanager
def small_disk(at: Path, kilobytes: int) -> Iterator[None]:
    if os.geteuid() != 0:
        pytest.skip("mounting takes root")
    at.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(at)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(at)], check=True)


async def test_a_full_place_leaves_the_backups_before(filled: Services, settings: Settings, tmp_path: Path) -> None:
    sqlite_only(settings)
    full = tmp_path / "full"
    with small_disk(full, 600):
        settings.backup_to = str(full)
        first = await make(settings)
        await filled.storage.put("9999/original", os.urandom(700_000))
        with pytest.raises(BackupFailed, match="is full"):
            await make(settings)
        assert [name for name, _ in await list_backups(str(full))] == [first.name]
        await verify(settings, str(full), str(IDENTITY))
        await filled.storage.delete_folder("9999")
        assert (await make(settings)).index.objects == first.index.objects
    assert list((settings.var / "backup").glob("work")) == []


async def test_a_full_var_is_an_error_of_the_system(filled: Services, settings: Settings, tmp_path: Path) -> None:
    sqlite_only(settings)
    await filled.storage.put("9999/original", os.urandom(700_000))
    with small_disk(settings.var / "backup", 300), pytest.raises((OSError, BackupFailed), match=r"full|space"):
        await make(settings)
    assert await list_backups(settings.backup_to or "") == []


async def test_the_server_makes_one_each_day(
    filled: Services, settings: Settings, place: Path, province: Province, browser: Browsers
) -> None:
    settings.backup_at = "01:30"
    now = builders.MORNING  # 07:30 in Việt Nam
    assert next_time(settings, now) == now + timedelta(hours=18)
    async with filled.transactions(SYSTEM) as tx:
        tx.session.add(Job(kind="backup", subject="next", data={}, created_at=tx.now, run_at=tx.now))
    workers = Workers(filled, [kind for kind in JOBS if kind.name == "backup"])
    assert await workers.run_due() == 1
    [(name, _)] = await list_backups(str(place))
    assert (await verify(settings, str(place), str(IDENTITY), name)).manifest is not None
    client = await browser(province.admin)
    said = (await client.get("/api/system")).json()["backup"]
    assert (said["to"], said["error"]) == (str(place), "")
    assert said["at"] is not None
    assert said["next_at"] is not None
    shutil.rmtree(place)
    async with filled.transactions(SYSTEM) as tx:
        await tx.session.execute(text("UPDATE jobs SET run_at = created_at WHERE kind = 'backup'"))
    await workers.run_due()
    said = (await client.get("/api/system")).json()["backup"]
    assert "Không có thư mục" in said["error"]
    assert said["at"] is not None
    await workers.stop()


def killed(what: str, settings: Settings) -> list[tuple[int, bool]]:
    """(backups that count, restore unfinished) after each kill."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.server.backup.killed", what],
        input=f"{settings.model_dump_json()}\n{IDENTITY}\n",
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 0, done.stderr
    return [(count, unfinished) for count, unfinished in json.loads(done.stdout)]


async def test_a_backup_that_is_killed_counts_for_nothing(filled: Services, settings: Settings, place: Path) -> None:
    sqlite_only(settings)
    await make(settings)
    await filled.storage.put("5555/original", b"new")
    settings.backup_keep = 1
    after = killed("make", settings)
    assert len(after) > 8
    assert all(count >= 1 for count, _ in after)
    [(name, index)] = await list_backups(str(place))
    assert [folder.name for folder in (place / "backups").iterdir()] == [name]
    assert {path.stem for path in place.glob("objects/*/*")} == set(index.objects)


async def test_a_restore_that_is_killed_goes_on(
    filled: Services, settings: Settings, elsewhere: Callable[[str], Settings]
) -> None:
    await make(settings)
    to = elsewhere("new")
    to.backup_to = settings.backup_to
    after = killed("restore", to)
    assert len(after) >= (5 if database.is_sqlite(to.database) else 2)
    begun = [unfinished for _, unfinished in after].index(True)
    assert all(unfinished for _, unfinished in after[begun:])
    assert (tables(to), await files(to)) == (tables(settings), await files(settings))
    prepare(to)
