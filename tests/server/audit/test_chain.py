import asyncio
from datetime import timedelta, timezone

import pytest
from sqlalchemy import select, text

from server.audit import queries
from server.audit.actions import UNCHAINED, chained_hash, record
from server.audit.chaining import Chaining
from server.audit.models import AuditEntry
from server.core.actor import SYSTEM, Actor
from server.core.services import Services
from tests import postgres
from tests.builders import MORNING


async def test_entries_are_chained_and_attributed(services: Services) -> None:
    async with services.transactions(Actor(person_id=7, name="Nguyễn Văn A")) as tx:
        await record(tx, "meeting.created", "meeting", 1, title="Họp", at=MORNING)
        await record(tx, "meeting.invited", "meeting", 1)
    async with services.transactions(SYSTEM) as tx:
        await record(tx, "meeting.opened", "meeting", 1)
    async with services.database.read() as session:
        entries = await queries.entries_about(session, "meeting", 1)
        assert [entry.action for entry in entries] == ["meeting.created", "meeting.invited", "meeting.opened"]
        assert (entries[0].actor_person_id, entries[0].actor_name) == (7, "Nguyễn Văn A")
        assert entries[0].facts == {"title": "Họp", "at": str(MORNING)}
        assert len({entry.hash for entry in entries}) == 3
        assert await queries.first_broken(session, services.transactions.audit_key) is None


async def test_a_time_told_in_another_zone_is_the_same_time(services: Services) -> None:
    async with services.transactions(SYSTEM) as tx:
        tx.now = MORNING.astimezone(timezone(timedelta(hours=7)))
        await record(tx, "meeting.created", "meeting", 1)
    async with services.database.read() as session:
        assert await queries.first_broken(session, services.transactions.audit_key) is None


async def test_what_is_rolled_back_leaves_no_entry(services: Services) -> None:
    try:
        async with services.transactions(SYSTEM) as tx:
            await record(tx, "meeting.created", "meeting", 1)
            raise LookupError
    except LookupError:
        pass
    async with services.database.read() as session:
        assert await queries.entries_about(session, "meeting", 1) == []


async def test_an_altered_entry_is_found(services: Services) -> None:
    for number in range(4):
        async with services.transactions(SYSTEM) as tx:
            await record(tx, "meeting.edited", "meeting", number)
    await Chaining(services).chain()
    async with services.transactions(SYSTEM) as tx:
        second = (await tx.session.scalars(select(AuditEntry.id).order_by(AuditEntry.id))).all()[1]
        await tx.session.execute(
            text("UPDATE audit_entries SET actor_name = 'someone else' WHERE id = :id"), {"id": second}
        )
    async with services.database.read() as session:
        assert await queries.first_broken(session, services.transactions.audit_key) == queries.Broken(
            second, missing=False
        )


async def test_a_missing_entry_is_found(services: Services) -> None:
    for number in range(3):
        async with services.transactions(SYSTEM) as tx:
            await record(tx, "meeting.edited", "meeting", number)
    await Chaining(services).chain()
    async with services.transactions(SYSTEM) as tx:
        ids = (await tx.session.scalars(select(AuditEntry.id).order_by(AuditEntry.id))).all()
        await tx.session.execute(text("DELETE FROM audit_entries WHERE id = :id"), {"id": ids[1]})
    async with services.database.read() as session:
        assert await queries.first_broken(session, services.transactions.audit_key) == queries.Broken(
            ids[2], missing=False
        )


async def test_writers_at_the_same_time_make_one_chain(services: Services) -> None:
    async def write(number: int) -> None:
        async with services.transactions(SYSTEM) as tx:
            await record(tx, "a", "thing", number)
            await asyncio.sleep(0)
            await record(tx, "b", "thing", number)

    await asyncio.gather(*(write(number) for number in range(20)))
    await asyncio.gather(*(Chaining(services).chain() for _ in range(4)))
    await Chaining(services).chain()
    async with services.database.read() as session:
        assert await queries.first_broken(session, services.transactions.audit_key) is None
        assert len((await session.scalars(select(AuditEntry.id))).all()) == 40


ON_POSTGRESQL = pytest.mark.parametrize(
    "database",
    [pytest.param("postgresql", marks=pytest.mark.skipif(postgres.binaries() is None, reason="no PostgreSQL here"))],
    indirect=True,
)
"""SQLite has one writer, who chains at once."""


async def positions(services: Services) -> list[int | None]:
    async with services.database.read() as session:
        return list(await session.scalars(select(AuditEntry.position).order_by(AuditEntry.id)))


@ON_POSTGRESQL
async def test_no_writer_waits_for_the_commit_of_another(services: Services) -> None:
    """The disk's turn in a commit is milliseconds, and was everybody's."""

    async def meanwhile() -> None:
        async with asyncio.timeout(10), services.transactions(SYSTEM) as other:
            await record(other, "b", "thing", 2)

    async with services.transactions(SYSTEM) as tx:
        await record(tx, "a", "thing", 1)
        tx.before_commit(meanwhile)
    assert await positions(services) == [None, None]
    await Chaining(services).chain()
    assert await positions(services) == [1, 2]
    async with services.database.read() as session:
        assert await queries.first_broken(session, services.transactions.audit_key) is None


@ON_POSTGRESQL
async def test_an_entry_altered_before_it_is_chained_is_found(services: Services) -> None:
    for number in range(3):
        async with services.transactions(SYSTEM) as tx:
            await record(tx, "a", "thing", number)
    async with services.transactions(SYSTEM) as tx:
        second = (await tx.session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()[1]
        second.actor_name = "somebody else"
    await Chaining(services).chain()
    assert await positions(services) == [1, None, 2]
    async with services.transactions(SYSTEM) as tx:
        await record(tx, "a", "thing", 4)
    await Chaining(services).chain()
    async with services.database.read() as session:
        assert await queries.first_broken(session, services.transactions.audit_key) == queries.Broken(
            second.id, missing=False
        )


@ON_POSTGRESQL
async def test_entries_cannot_be_taken_off_the_chain_to_be_altered(services: Services) -> None:
    for number in range(3):
        async with services.transactions(SYSTEM) as tx:
            await record(tx, "a", "thing", number)
    await Chaining(services).chain()
    async with services.transactions(SYSTEM) as tx:
        last = (await tx.session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()[-1]
        last.position, last.actor_name = None, "somebody else"
        last.hash = chained_hash(UNCHAINED, last, b"a guess")
    async with services.database.read() as session:
        assert await queries.first_broken(session, services.transactions.audit_key) == queries.Broken(
            last.id, missing=False
        )
