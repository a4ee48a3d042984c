"""A secret ballot: everything that is kept is read, and nothing of it says who voted how."""

import asyncio
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.audit.models import AuditEntry
from server.backup.keys import gather
from server.ballots.actions import swept
from server.ballots.models import Ballot, SealedVote, SecretChoice, Vote
from server.ballots.sealing import BallotKeys
from server.core.config import Settings
from server.core.services import Services
from server.live.models import MeetingEvent
from tests import builders
from tests.conftest import Browsers
from tests.server.ballots.voting import Voting, code, voting

SECRET = {"title": "Bỏ phiếu kín", "secret": True, "options": ["Đồng ý", "Không đồng ý", "Ý kiến khác"]}
CHOICES = {"Đại Biểu": "010", "An": "100", "Bình": "100", "Chi": "010", "Dũng": "001", "Em": "100"}


async def cast(held: Voting) -> dict[str, str]:
    """One after another, so that each is a transaction of its own: the hardest case. Their codes."""
    codes = {}
    for who, marks in CHOICES.items():
        codes[who] = code()
        await held.voted(who, marks, code=codes[who])
    return codes


def copied(settings: Settings, into: Path) -> Path:
    """The database's file and its journal as they are on the disk now: what a thief or a backup has."""
    name = settings.database.removeprefix("sqlite+aiosqlite:///")
    into.mkdir()
    for end in ("", "-wal", "-shm"):
        if Path(name + end).exists():
            shutil.copy(name + end, into / ("stolen.db" + end))
    return into / "stolen.db"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_neither_file_nor_journal_nor_backup_tells(
    *, services: Services, settings: Settings, province: builders.Province, browser: Browsers, tmp_path: Path
) -> None:
    held = await voting(services, province, browser)
    await held.put(SECRET)
    codes = await cast(held)
    during = copied(settings, tmp_path / "during")
    [key] = (settings.var / "ballot-keys").iterdir()
    secret = key.read_bytes()
    await held.step("close")
    after = copied(settings, tmp_path / "after")
    # While it is open: neither a code nor a choice is to be read anywhere in the stolen bytes.
    stolen = b"".join(each.read_bytes() for each in during.parent.iterdir())
    for each in codes.values():
        assert each.encode() not in stolen
    with sqlite3.connect(during) as database:
        sealed = database.execute("SELECT sealed FROM ballot_sealed_votes").fetchall()
        assert database.execute("SELECT count(*) FROM ballot_choices").fetchone() == (0,)
        votes = database.execute("SELECT marks, at FROM ballot_votes").fetchall()
    assert len({len(each) for (each,) in sealed}) == 1  # one length
    assert len({each for (each,) in sealed}) == len(CHOICES)  # equal choices look different
    assert votes == [(None, None)] * len(CHOICES)
    # The key is gone with the close, and stands nowhere else.
    assert not key.exists()
    assert len(secret) == 32
    assert secret not in stolen + b"".join(each.read_bytes() for each in after.parent.iterdir())
    assert not [each for each in settings.var.rglob("*") if each.is_file() and secret in each.read_bytes()]
    # After the close the journal tells in which transaction choices were written: all of them in the one of the close.
    with sqlite3.connect(after) as database:
        assert database.execute("SELECT count(*) FROM ballot_sealed_votes").fetchone() == (0,)
        assert "rowid" not in {each[1] for each in database.execute("PRAGMA table_info(ballot_choices)")}
        with pytest.raises(sqlite3.OperationalError):
            database.execute("SELECT rowid FROM ballot_choices")


def test_a_backup_does_not_hold_the_key(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, database_url="sqlite+aiosqlite://")
    keys = BallotKeys(tmp_path)
    keys.make(7)
    secret = next((tmp_path / "ballot-keys").iterdir())
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.name not in repr(gather(settings))
    assert not [each for each in ("*.key", "*.secret") if secret.match(each)]


async def test_rows_events_and_audit_say_who_and_never_what(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    """And the order in which choices lie has nothing to do with the one in which they were cast."""
    held = await voting(services, province, browser)
    orders: set[tuple[str, ...]] = set()
    for _ in range(3):
        await held.put(SECRET)
        codes = await cast(held)
        await held.step("close")
        async with services.database.read() as session:
            found = select(SecretChoice).where(SecretChoice.ballot_id == held.ballot_id)
            rows = list(await session.scalars(found))
            assert {each.code: each.marks for each in rows} == {codes[who]: CHOICES[who] for who in codes}
            named = {each: who for who, each in codes.items()}
            orders.add(tuple(named[each.code] for each in rows))
            votes = list(await session.scalars(select(Vote).where(Vote.ballot_id == held.ballot_id)))
            events = list(await session.scalars(select(MeetingEvent)))
            entries = list(await session.scalars(select(AuditEntry)))
        assert {(each.marks, each.at) for each in votes} == {(None, None)}
        told = repr([(each.kind, each.changes) for each in events]) + repr([each.facts for each in entries])
        for each in codes.values():
            assert each not in told
        assert not [
            each for entry in entries if entry.action == "ballot.voted" for each in entry.facts if each == "marks"
        ]
    assert orders - {tuple(CHOICES)}


async def test_answers_and_requests_are_of_one_length(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    held = await voting(services, province, browser)
    await held.put(SECRET)
    key = "0" * 36
    answers = []
    for who, marks in CHOICES.items():
        answers.append(await held.vote(who, marks, key=key, code=code()))
    assert len({len(each.request.content) for each in answers}) == 1
    assert len({len(each.content) for each in answers}) == 1
    assert {each.status_code for each in answers} == {200}


async def test_a_server_that_was_ended_goes_on_and_sweeps(
    services: Services, settings: Settings, province: builders.Province, browser: Browsers
) -> None:
    """The key of an open ballot is found again; one that is left over is destroyed."""
    held = await voting(services, province, browser)
    await held.put(SECRET)
    await cast(held)
    again = BallotKeys(settings.var)
    again.make(held.ballot_id + 1)
    async with services.database.read() as session:
        await swept(session, again)
        assert again.kept() == [held.ballot_id]
        sealed = list(await session.scalars(select(SealedVote.sealed)))
    opened = again.open(held.ballot_id, sealed, 3)
    assert sorted(marks for marks, _ in opened) == sorted(CHOICES.values())


async def test_without_its_key_a_ballot_is_held_again(
    *, services: Services, settings: Settings, province: builders.Province, browser: Browsers
) -> None:
    held = await voting(services, province, browser)
    await held.put(SECRET)
    await cast(held)
    for each in (settings.var / "ballot-keys").iterdir():
        each.unlink()
    held.chair._transport.app.state.services.components.put(BallotKeys(settings.var))  # type: ignore[attr-defined]
    refused = await held.step("close", 409)
    assert refused["code"] == "ballot-key-lost"
    await held.step("void", body={"reason": "Máy chủ được phục hồi"})
    async with services.database.read() as session:
        assert (await session.get_one(Ballot, held.ballot_id)).state == "void"
        assert list(await session.scalars(select(SealedVote))) == []


async def test_a_crowd_at_once_is_counted_to_the_last(
    services: Services, province: builders.Province, browser: Browsers
) -> None:
    held = await voting(services, province, browser)
    await held.put(SECRET)
    answers = await asyncio.gather(*(held.voted(who, marks, code=code()) for who, marks in CHOICES.items()))
    assert max(each["voters"] for each in answers) == len(CHOICES)
    result: dict[str, Any] = (await held.step("close"))["outcome"]
    assert [each["total"] for each in result["options"]] == [
        sum(marks[place] == "1" for marks in CHOICES.values()) for place in range(3)
    ]
