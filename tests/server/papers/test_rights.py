"""Who may read: every kind of audience, every kind of reader, and what the decision costs."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.accounts.models import Person
from server.core.actor import SYSTEM, Actor, Role
from server.core.errors import DomainError, NotFound
from server.core.services import Services
from server.meetings.models import AgendaItem, Delegate, Meeting
from server.papers.access.grouped_readers import GroupedReaders
from server.papers.access.rights import (
    Locked,
    PaperRights,
    Recalled,
    expected_readers,
    library_rights,
    readable_version,
    readable_versions,
    reading_points,
)
from server.papers.models import Paper
from server.papers.packs.contents import contents
from tests import builders, library
from tests.builders import MORNING, Province
from tests.statements import counted


@dataclass
class World:
    services: Services
    province: Province
    meeting: Meeting
    items: list[AgendaItem]
    guest: Person
    at_duc_trong: Person
    """A delegate of the first commune who is expected in another district's hall."""

    async def actor(self, who: str) -> Actor:
        """By the province's name for it, or "guest", "at_duc_trong"."""
        found = getattr(self, who, None) or getattr(self.province, who)
        if not isinstance(found, Person):
            return builders.device_of(found)
        async with self.services.database.read() as session:
            return await builders.actor_of(session, found)

    async def paper(self, **policy: Any) -> Paper:
        async with self.services.transactions(SYSTEM) as tx:
            made = await library.paper(tx.session, self.meeting, item=self.items[0])
            if policy:
                await library.policy(tx.session, self.meeting, made, **policy)
            return made

    async def rights(self, paper: Paper, who: str) -> PaperRights | None:
        actor = await self.actor(who)
        async with self.services.database.read() as session:
            return (await library_rights(session, self.meeting.id, actor, MORNING)).get(paper.id)

    async def readers(self, paper: Paper) -> set[str]:
        found = set()
        for who in EVERYBODY:
            rights = await self.rights(paper, who)
            found |= {who} if rights is not None and rights.read else set()
            await self.agrees(paper, who, rights)
        assert await self.crowd(paper) == found
        return found

    async def crowd(self, paper: Paper) -> set[str]:
        """Who gets a page when everybody asks at the same moment."""
        assert paper.current_version_id is not None
        readers = GroupedReaders(self.services)
        who = sorted(EVERYBODY)
        actors = [await self.actor(each) for each in who]
        answers = await asyncio.gather(
            *(readers(paper.current_version_id, actor) for actor in actors), return_exceptions=True
        )
        for answer in answers:
            assert isinstance(answer, DomainError) or answer.id == paper.current_version_id, answer
        return {each for each, answer in zip(who, answers, strict=True) if not isinstance(answer, DomainError)}

    async def agrees(self, paper: Paper, who: str, rights: PaperRights | None) -> None:
        """One version, and all versions, say the same as the list."""
        assert paper.current_version_id is not None
        actor = await self.actor(who)
        async with self.services.database.read() as session:
            every = await readable_versions(session, actor, MORNING)
            assert (paper.current_version_id in every) == bool(rights and rights.read), who
            try:
                _, _, single = await readable_version(session, paper.current_version_id, actor, MORNING)
            except DomainError:
                assert rights is None or not rights.read, who
            else:
                assert single == rights, who


MANAGERS = {"organiser", "chair", "secretary"}
HALLS = {"main", "lac_duong_hall", "duc_trong_hall", "da_sar_hall"}
"""The meeting's; `lat_hall`, `hiep_an_hall` are not in it."""
STAFF = {"technician", "hall_secretary", "district_technician"}
DELEGATES = {"delegate", "guest", "at_duc_trong"}
MEMBERS = MANAGERS | HALLS | STAFF | DELEGATES | {"operator", "presenter"}
EVERYBODY = MEMBERS | {"admin", "stranger", "district_organiser", "lat_hall", "hiep_an_hall"}


@pytest.fixture
async def world(services: Services, province: Province) -> World:
    halls = [province.main, province.lac_duong_hall, province.duc_trong_hall, province.da_sar_hall]
    meeting = await builders.conference(services, province, "invited", halls)
    async with services.transactions(SYSTEM) as tx:
        guest = await builders.person(tx.session, province.root, "Khách Mời")
        elsewhere = await builders.person(tx.session, province.lat, "Dự Nơi Khác")
        await library.delegate(tx.session, meeting, province.delegate, province.da_sar_hall)
        await library.delegate(tx.session, meeting, guest, None, "guest")
        await library.delegate(tx.session, meeting, elsewhere, province.duc_trong_hall)
        return World(services, province, meeting, await library.items(tx.session, meeting), guest, elsewhere)


async def test_without_a_policy_every_member_reads_and_nobody_downloads(world: World) -> None:
    paper = await world.paper()
    assert await world.readers(paper) == MEMBERS
    for who in MEMBERS:
        rights = await world.rights(paper, who)
        assert rights is not None
        assert rights.manage == rights.download == (who in MANAGERS), who


# Đạ Sar lies in Lạc Dương; `at_duc_trong` is of Lát, which lies in Lạc Dương too, and is expected in Đức Trọng's hall.
AUDIENCES: list[tuple[Callable[[Province], dict[str, Any]], set[str]]] = [
    (
        lambda p: {"kind": "unit", "id": p.lac_duong.id},
        STAFF | {"lac_duong_hall", "da_sar_hall", "delegate", "at_duc_trong"},
    ),
    (lambda p: {"kind": "unit", "id": p.da_sar.id}, STAFF | {"da_sar_hall", "delegate"}),
    (lambda p: {"kind": "unit", "id": p.duc_trong.id}, {"duc_trong_hall", "at_duc_trong"}),
    (lambda p: {"kind": "unit", "id": p.root.id}, MEMBERS),
    (lambda p: {"kind": "point", "id": p.da_sar_hall.id}, STAFF | {"da_sar_hall", "delegate"}),
    (lambda p: {"kind": "point", "id": p.duc_trong_hall.id}, {"duc_trong_hall", "at_duc_trong"}),
    (lambda p: {"kind": "person", "id": p.delegate.id}, {"delegate"}),
    (lambda p: {"kind": "person", "id": p.stranger.id}, set()),
    (lambda _: {"kind": "role", "role": "delegate"}, {"delegate", "at_duc_trong"}),
    (lambda _: {"kind": "role", "role": "guest"}, {"guest"}),
    (lambda _: {"kind": "role", "role": "presenter"}, {"presenter"}),
    (lambda _: {"kind": "role", "role": "hall"}, HALLS | STAFF),
    (lambda _: {"kind": "role", "role": "chair"}, set()),
    (lambda _: {"kind": "role", "role": "organiser"}, set()),
]


async def test_an_audience_admits_whom_it_names_and_who_manages(world: World) -> None:
    for entry, expected in AUDIENCES:
        named = entry(world.province)
        paper = await world.paper(audience=[named])
        assert await world.readers(paper) == expected | MANAGERS, named
        async with world.services.database.read() as session:
            points = await reading_points(session, paper.id, MORNING)
        assert points == {getattr(world.province, hall).id for hall in expected & HALLS}, named


async def test_several_entries_add_up(world: World) -> None:
    person = {"kind": "person", "id": world.guest.id}
    paper = await world.paper(audience=[person, {"kind": "role", "role": "presenter"}])
    assert await world.readers(paper) == MANAGERS | {"guest", "presenter"}


async def test_a_hidden_paper_is_its_managers(world: World) -> None:
    paper = await world.paper(hidden=True, download=True)
    for who in EVERYBODY:
        assert ((await world.rights(paper, who)) is not None) == (who in MANAGERS), who
    async with world.services.database.read() as session:
        assert await reading_points(session, paper.id, MORNING) == frozenset()


async def test_a_locked_paper_is_listed_and_opens_by_itself(world: World) -> None:
    opens_at = MORNING + timedelta(hours=2)
    paper = await world.paper(opens_at=opens_at, download=True)
    assert paper.current_version_id is not None
    assert await world.rights(paper, "delegate") == PaperRights(listed=True, locked_until=opens_at)
    assert await world.rights(paper, "da_sar_hall") == PaperRights(listed=True, locked_until=opens_at)
    assert await world.rights(paper, "stranger") is None
    assert (await world.rights(paper, "chair")).read  # type: ignore[union-attr]
    actor = await world.actor("delegate")
    async with world.services.database.read() as session:
        with pytest.raises(Locked) as refusal:
            await readable_version(session, paper.current_version_id, actor, opens_at - timedelta(milliseconds=1))
        assert refusal.value.details == {"opens_at": opens_at.isoformat()}
        assert await reading_points(session, paper.id, MORNING) == frozenset()
        _, _, rights = await readable_version(session, paper.current_version_id, actor, opens_at)
        assert rights == PaperRights(listed=True, read=True, download=True)
        assert await reading_points(session, paper.id, opens_at) is None


async def test_recalled_is_said_to_readers_alone(world: World) -> None:
    async with world.services.transactions(SYSTEM) as tx:
        paper = await library.paper(
            tx.session, world.meeting, recalled_at=MORNING, recall_reason="Sai số liệu", item=world.items[0]
        )
        await library.policy(tx.session, world.meeting, paper, audience=[{"kind": "role", "role": "delegate"}])
    assert paper.current_version_id is not None
    assert await world.rights(paper, "delegate") == PaperRights(listed=True)
    assert await world.rights(paper, "guest") is None
    async with world.services.database.read() as session:
        with pytest.raises(Recalled):
            await readable_version(session, paper.current_version_id, await world.actor("delegate"), MORNING)
        with pytest.raises(NotFound):
            await readable_version(session, paper.current_version_id, await world.actor("guest"), MORNING)
        assert await expected_readers(session, world.meeting, MORNING) == {}


async def test_the_paper_s_own_policy_counts_before_its_item_s(world: World) -> None:
    async with world.services.transactions(SYSTEM) as tx:
        inherits = await library.paper(tx.session, world.meeting, item=world.items[0])
        own = await library.paper(tx.session, world.meeting, item=world.items[0])
        other = await library.paper(tx.session, world.meeting, item=world.items[1])
        await library.policy(tx.session, world.meeting, world.items[0], hidden=True)
        await library.policy(tx.session, world.meeting, own, download=True)
    assert await world.rights(inherits, "delegate") is None
    assert await world.rights(own, "delegate") == PaperRights(listed=True, read=True, download=True)
    assert await world.rights(other, "delegate") == PaperRights(listed=True, read=True)


async def test_a_presenter_manages_the_papers_of_the_items_presented(world: World) -> None:
    async with world.services.transactions(SYSTEM) as tx:
        mine = await library.paper(tx.session, world.meeting, item=world.items[-1])
        whole = await library.paper(tx.session, world.meeting)
        for paper in (mine, whole):
            await library.policy(tx.session, world.meeting, paper, hidden=True)
    assert (await world.rights(mine, "presenter")).manage  # type: ignore[union-attr]
    assert await world.rights(whole, "presenter") is None


async def test_nothing_is_there_before_the_first_version_is_ready(world: World) -> None:
    async with world.services.transactions(SYSTEM) as tx:
        paper = await library.paper(tx.session, world.meeting, text=None)
        version = await library.version(tx.session, paper, "chưa xong", state="working")
    assert await world.rights(paper, "delegate") is None
    assert (await world.rights(paper, "organiser")).manage  # type: ignore[union-attr]
    async with world.services.database.read() as session:
        for who in ("delegate", "organiser"):
            with pytest.raises(NotFound):
                await readable_version(session, version.id, await world.actor(who), MORNING)


async def test_a_draft_s_papers_are_its_makers(world: World) -> None:
    paper = await world.paper()
    async with world.services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(Meeting, world.meeting.id)).state = "draft"
    assert await world.readers(paper) == MANAGERS


async def test_who_was_taken_off_the_list_reads_no_more(world: World) -> None:
    paper = await world.paper()
    async with world.services.transactions(SYSTEM) as tx:
        await tx.session.connection()
        (await library.delegate(tx.session, world.meeting, world.province.stranger)).removed_at = MORNING
    assert await world.rights(paper, "stranger") is None


async def test_who_is_expected_to_read(world: World) -> None:
    every = await world.paper()
    some = await world.paper(audience=[{"kind": "point", "id": world.province.da_sar_hall.id}])
    await world.paper(opens_at=MORNING + timedelta(days=1))
    async with world.services.transactions(SYSTEM) as tx:
        chair = await library.delegate(tx.session, world.meeting, world.province.chair, world.province.main)
        expected = await expected_readers(tx.session, world.meeting, MORNING)
        listed = await tx.session.scalars(select(Delegate).where(Delegate.meeting_id == world.meeting.id))
        delegates = {each.person_id: each.id for each in listed}
    mine = delegates[world.province.delegate.id]
    assert expected[every.id] == frozenset(delegates.values())
    assert expected[some.id] == {mine, chair.id}
    assert [len(each) for each in expected.values()] == [4, 2, 1]


@pytest.mark.parametrize(
    ("who", "most"), [("guest", 3), ("delegate", 3), ("da_sar_hall", 4), ("chair", 2), ("technician", 5)]
)
async def test_a_check_costs_few_queries(world: World, who: str, most: int) -> None:
    paper = await world.paper(audience=[{"kind": "unit", "id": world.province.root.id}])
    assert paper.current_version_id is not None
    actor = await world.actor(who)
    async with world.services.database.read() as session:
        await session.connection()
        with counted(world.services) as statements:
            await readable_version(session, paper.current_version_id, actor, MORNING)
    assert len(statements) <= most, statements


async def test_a_page_turned_for_hundreds_costs_some_queries(world: World) -> None:
    """And whoever comes alone is not asked about with the whole meeting."""
    paper = await world.paper(audience=[{"kind": "unit", "id": world.province.root.id}])
    assert paper.current_version_id is not None
    async with world.services.transactions(SYSTEM) as tx:
        people = [await builders.person(tx.session, world.province.da_sar, f"Đại biểu {n}") for n in range(250)]
        for each in people:
            await library.delegate(tx.session, world.meeting, each, world.province.da_sar_hall)
        actors = [await builders.actor_of(tx.session, each) for each in people]
    readers = GroupedReaders(world.services)
    with counted(world.services) as statements:
        await asyncio.gather(*(readers(paper.current_version_id, actor) for actor in actors))
    assert len([each for each in statements if each.startswith("SELECT")]) <= 8, statements
    with counted(world.services) as statements:
        await readers(paper.current_version_id, actors[0])
    assert len([each for each in statements if each.startswith("SELECT")]) <= 3, statements
    async with world.services.transactions(SYSTEM) as tx:
        (await tx.session.merge(paper)).recalled_at = MORNING
    recalled = await asyncio.gather(
        *(readers(paper.current_version_id, actor) for actor in actors), return_exceptions=True
    )
    assert {type(each) for each in recalled} == {Recalled}


async def test_a_library_costs_the_same_however_large(world: World) -> None:
    costs = []
    for size in (2, 40):
        for _ in range(size):
            await world.paper(audience=[{"kind": "unit", "id": world.province.root.id}])
        async with world.services.database.read() as session:
            actor = await world.actor("delegate")
            with counted(world.services) as statements:
                assert await library_rights(session, world.meeting.id, actor, MORNING)
                assert await readable_versions(session, actor, MORNING)
            costs.append(len([each for each in statements if each.startswith("SELECT")]))
    assert costs[0] == costs[1] <= 10


async def test_a_hall_s_print_set_costs_the_same_however_large(world: World) -> None:
    chair, hall = await world.actor("chair"), world.province.lac_duong_hall
    costs = []
    for number in (2, 30):
        for _ in range(number):
            await world.paper(download=True)
            await world.paper(download=True, audience=[{"kind": "point", "id": hall.id}])
            await world.paper(download=True, audience=[{"kind": "point", "id": world.province.main.id}])
        async with world.services.database.read() as session:
            with counted(world.services) as statements:
                wanted = await contents(session, world.meeting.id, chair, MORNING, hall.id)
        costs.append(len(statements))
        assert len(wanted.papers) == 2 * (number if number == 2 else 32)
        assert len(wanted.left_out) == len(wanted.papers) / 2
    assert costs[0] == costs[1] <= 20


async def test_roles_in_another_branch_open_nothing(world: World) -> None:
    paper = await world.paper()
    async with world.services.transactions(SYSTEM) as tx:
        other = await builders.person(tx.session, world.province.hiep_an, "Kỹ Thuật Xã Khác", Role.TECHNICIAN)
        actor = await builders.actor_of(tx.session, other)
    async with world.services.database.read() as session:
        assert await library_rights(session, world.meeting.id, actor, MORNING) == {}
        assert paper.current_version_id is not None
        with pytest.raises(NotFound):
            await readable_version(session, paper.current_version_id, actor, MORNING)
