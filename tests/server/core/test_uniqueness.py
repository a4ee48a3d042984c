"""What two make at the same time, and may be there once: the database refuses the second, in the words of its field."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Index, Table, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError

from server.accounts.models import Person, RoleGrant
from server.core.actor import SYSTEM
from server.core.database import Base, ChangedMeanwhile, refusal_of
from server.core.errors import DomainError, Invalid
from server.core.services import Services
from server.core.transaction import Transaction
from server.meetings.models import Delegate, MemberPoint
from server.organisations.actions.units import create_unit
from server.organisations.models import Unit
from server.organisations.schemas import UnitWrite
from server.papers.models import AccessPolicy, Pack, PaperVersion
from tests import builders, library
from tests.builders import Province


async def second_of_two(services: Services, make: Callable[[], Base]) -> DomainError:
    """What the second is told. Neither has seen the other's row: the first commits while the second waits for it."""
    written = asyncio.Event()

    async def first() -> None:
        async with services.transactions(SYSTEM) as tx:
            tx.session.add(make())
            await tx.session.flush()
            written.set()
            await asyncio.sleep(0.1)

    async def second() -> None:
        await written.wait()
        async with services.transactions(SYSTEM) as tx:
            tx.session.add(make())

    _, refused = await asyncio.gather(first(), second(), return_exceptions=True)
    assert isinstance(refused, IntegrityError), refused
    said = refusal_of(refused)
    assert said is not None
    return said


async def test_each_thing_that_may_be_there_once_has_its_own_words(services: Services, province: Province) -> None:
    async with services.transactions(SYSTEM) as tx:
        meeting = await builders.meeting(tx.session, province.root, [province.main])
        paper = await library.paper(tx.session, meeting, "Báo cáo")
    number = iter(range(100))
    root = province.root.id

    def unit() -> Unit:
        return Unit(parent_id=root, path=f"new {next(number)}", name="Sở", short_name="Sở", level="below", code="H36.9")

    def version() -> PaperVersion:
        return PaperVersion(
            paper_id=paper.id,
            number=77,
            file_name="a.pdf",
            size=1,
            sha256="",
            folder=f"{next(number)}",
            created_at=paper.created_at,
        )

    fields: dict[str, Callable[[], Base]] = {
        "login": lambda: Person(unit_id=root, full_name="Hai", search_name="hai", login="hai"),
        "code": unit,
    }
    for field, make in fields.items():
        said = await second_of_two(services, make)
        assert isinstance(said, Invalid)
        assert list(said.details["fields"]) == list(said.details["fields_en"]) == [field]
    codes: dict[str, Callable[[], Base]] = {
        "role-given": lambda: RoleGrant(person_id=province.stranger.id, role="technician", unit_id=root),
        "point-there": lambda: MemberPoint(meeting_id=meeting.id, point_id=province.lat_hall.id),
        "already-listed": lambda: Delegate(
            meeting_id=meeting.id, person_id=province.delegate.id, added_at=builders.MORNING
        ),
        "policy-there": lambda: AccessPolicy(meeting_id=meeting.id, paper_id=paper.id),
        "version-there": version,
        "pack-there": lambda: Pack(meeting_id=meeting.id, content_key="k", created_at=builders.MORNING),
    }
    for code, make in codes.items():
        assert (await second_of_two(services, make)).code == code


async def test_another_fault_of_the_data_is_said_as_before(services: Services, province: Province) -> None:
    with pytest.raises(IntegrityError) as gone:
        async with services.transactions(SYSTEM) as tx:
            tx.session.add(RoleGrant(person_id=10**6, role="technician", unit_id=province.root.id))
    assert isinstance(refusal_of(gone.value), ChangedMeanwhile)


async def test_who_comes_second_by_a_moment_is_told_what_those_are_who_come_later(
    services: Services, province: Province
) -> None:
    """Done again, the action sees the other's row: here with its name."""
    written = asyncio.Event()
    tries = 0

    def wanted(name: str) -> UnitWrite:
        return UnitWrite(parent_id=province.root.id, name=name, short_name=name, level="below", code="H36.8")

    async def first() -> None:
        async with services.transactions(SYSTEM) as tx:
            await create_unit(tx, wanted("Sở Nội vụ"))
            written.set()
            await asyncio.sleep(0.1)

    async def work(tx: Transaction) -> None:
        nonlocal tries
        tries += 1
        # Has looked, and seen nothing: the tree's lock is not what is tried here.
        if tries == 1 and not services.database.is_sqlite:
            tx.session.add(Unit(parent_id=None, path="new", name="B", short_name="B", level="below", code="H36.8"))
            await tx.session.flush()
        await create_unit(tx, wanted("Sở Tài chính"))

    async def second() -> None:
        await written.wait()
        await services.transactions.run(SYSTEM, work)

    _, refused = await asyncio.gather(first(), second(), return_exceptions=True)
    assert isinstance(refused, Invalid)
    assert "Sở Nội vụ" in refused.details["fields"]["code"]
    assert tries == (1 if services.database.is_sqlite else 2)
    async with services.database.read() as session:
        assert list(await session.scalars(select(Unit.name).where(Unit.code == "H36.8"))) == ["Sở Nội vụ"]


NEVER_RACED = {
    "meetings.public_code": "random",
    "sign_in_sessions.token_hash": "random",
    "access_links.token_hash": "random",
    "password_resets.token_hash": "random",
    "access_requests.token_hash": "random",
    "uploads.token": "random",
    "paper_versions.folder": "random",
    "units.path": "ends in the row's own id",
    "device_codes.code_hash": "random",
    "calendar_feeds.token_hash": "random",
    "hall_devices.session_id": "made along with its session",
    "point_group_members.group_id+point_id": "written whole, each once, under its group's revision",
    "audit_entries.position": "given under the chain's lock",
    "idempotent_answers.key_hash+owner": "`answered_once` gives the first one's answer",
    "receipts.person_id+version_id": "inserted where it is not there",
}


def test_no_uniqueness_of_the_models_is_without_words(services: Services) -> None:
    """A new one says what its second is told, or why there is none."""

    def place(table: Table, columns: list[str]) -> str:
        return f"{table.name}.{'+'.join(sorted(columns))}"

    silent = set()
    for table in Base.metadata.tables.values():
        for each in (*table.constraints, *table.indexes):
            if not isinstance(each, UniqueConstraint) and not (isinstance(each, Index) and each.unique):
                continue
            columns = list(each.columns)
            if "refusal" not in each.info and not (len(columns) == 1 and "refusal" in columns[0].info):
                silent.add(place(table, [column.name for column in columns]))
    assert silent == set(NEVER_RACED)
