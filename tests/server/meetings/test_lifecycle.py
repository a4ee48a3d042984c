import asyncio
import itertools

import pytest
from sqlalchemy import select

from server.audit import queries as audit
from server.audit.actions import record
from server.core.actor import SYSTEM, Role
from server.core.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from server.core.services import Services
from server.live.log import append
from server.live.models import MeetingEvent
from server.meetings import agenda, lifecycle
from server.meetings.lifecycle import State, Step, next_state
from server.meetings.live.entities import AgendaItemEntity, MeetingEntity, entities
from server.meetings.models import AgendaItem, AgendaStint, Meeting
from server.meetings.rights import meeting_rights
from tests import builders
from tests.builders import Province
from tests.conftest import Clock

LEGAL = {
    (State.DRAFT, Step.INVITE): State.INVITED,
    (State.INVITED, Step.WITHDRAW): State.DRAFT,
    (State.INVITED, Step.OPEN): State.OPEN,
    (State.INVITED, Step.START): State.RUNNING,
    (State.OPEN, Step.START): State.RUNNING,
    (State.RUNNING, Step.END): State.ENDED,
    (State.ENDED, Step.REOPEN): State.RUNNING,
    (State.RUNNING, Step.RETURN): State.OPEN,
    (State.OPEN, Step.CLOSE): State.INVITED,
    (State.INVITED, Step.POSTPONE): State.POSTPONED,
    (State.OPEN, Step.POSTPONE): State.POSTPONED,
    (State.INVITED, Step.RESCHEDULE): State.INVITED,
    (State.OPEN, Step.RESCHEDULE): State.INVITED,
    (State.POSTPONED, Step.RESCHEDULE): State.INVITED,
    (State.CANCELLED, Step.RESCHEDULE): State.INVITED,
    (State.INVITED, Step.CANCEL): State.CANCELLED,
    (State.OPEN, Step.CANCEL): State.CANCELLED,
    (State.POSTPONED, Step.CANCEL): State.CANCELLED,
}


@pytest.mark.parametrize(("state", "step"), list(itertools.product(State, Step)))
def test_only_these_steps_lead_on(state: State, step: Step) -> None:
    if (state, step) in LEGAL:
        assert next_state(state, step) is LEGAL[state, step]
        return
    with pytest.raises(Conflict) as refusal:
        next_state(state, step)
    assert refusal.value.details == {"state": state}


async def test_the_whole_life(services: Services, province: Province, clock: Clock) -> None:
    meeting = await builders.conference(services, province)
    async with services.transactions(SYSTEM) as tx:
        chair = await builders.actor_of(tx.session, province.chair)
        organiser = await builders.actor_of(tx.session, province.organiser)
    for actor, step in (
        (organiser, lifecycle.invite),
        (organiser, lifecycle.open_halls),
        (chair, lifecycle.start),
        (chair, lifecycle.end),
    ):
        clock.pass_(hours=1)
        async with services.transactions(actor) as tx:
            await step(tx, meeting.id)
    async with services.database.read() as session:
        ended = await session.get_one(Meeting, meeting.id)
        assert ended.state == "ended"
        assert ended.started_at is not None
        assert ended.ended_at is not None
        assert (ended.ended_at - ended.started_at).total_seconds() == 3600
        kinds = (await session.scalars(select(MeetingEvent.kind).order_by(MeetingEvent.seq))).all()
        assert kinds == ["meeting.invited", "meeting.opened", "meeting.started", "meeting.ended"]
        entries = await audit.entries_about(session, "meeting", meeting.id)
        assert [(entry.action, entry.actor_name) for entry in entries][-1] == ("meeting.ended", "Phạm Chủ Trì")


async def test_reopening_needs_a_reason_and_one_day(services: Services, province: Province, clock: Clock) -> None:
    meeting = await builders.conference(services, province, "ended")
    clock.now = meeting.ended_at
    clock.pass_(hours=23)
    async with services.transactions(SYSTEM) as tx:
        with pytest.raises(Invalid) as refusal:
            await lifecycle.reopen(tx, meeting.id, "  ")
        assert "lý do" in refusal.value.details["fields"]["reason"]
        assert (await lifecycle.reopen(tx, meeting.id, "Bấm nhầm")).state == "running"
    async with services.database.read() as session:
        (entry,) = await audit.entries_about(session, "meeting", meeting.id)
        assert entry.facts == {"reason": "Bấm nhầm"}
    async with services.transactions(SYSTEM) as tx:
        await lifecycle.end(tx, meeting.id)
    clock.pass_(hours=24, seconds=1)
    async with services.transactions(SYSTEM) as tx:
        with pytest.raises(Conflict):
            await lifecycle.reopen(tx, meeting.id, "Muộn")


async def agenda_now(services: Services, meeting_id: int) -> tuple[int | None, list[AgendaItemEntity]]:
    async with services.database.read() as session:
        found = await entities(session, meeting_id)
    items = [item for item in found["agenda"].values() if isinstance(item, AgendaItemEntity)]
    meeting = found["meeting"][""]
    assert isinstance(meeting, MeetingEntity)
    return meeting.current_item_id, items


async def test_time_spent_is_the_sum_of_stints(services: Services, province: Province, clock: Clock) -> None:
    meeting = await builders.conference(services, province, "running")
    async with services.database.read() as session:
        chair = await builders.actor_of(session, province.chair)
        first, second, _ = await session.scalars(select(AgendaItem.id).order_by(AgendaItem.position))
    for item, minutes in ((first, 5), (second, 10), (first, 3), (first, 2), (None, 60)):
        async with services.transactions(chair) as tx:
            await agenda.go(tx, meeting.id, item)
        clock.pass_(minutes=minutes)
    current, items = await agenda_now(services, meeting.id)
    assert current is None
    assert [(item.state, item.spent_seconds) for item in items] == [("done", 600), ("done", 600), ("waiting", 0)]
    async with services.transactions(chair) as tx:
        await agenda.go(tx, meeting.id, second)
    began = clock.now
    clock.pass_(minutes=4)
    current, items = await agenda_now(services, meeting.id)
    assert current == second
    assert (items[1].state, items[1].since, items[1].spent_seconds) == ("current", began, 600)
    async with services.transactions(chair) as tx:
        await lifecycle.end(tx, meeting.id)
    current, items = await agenda_now(services, meeting.id)
    assert (current, items[1].state, items[1].spent_seconds) == (None, "done", 840)


async def test_going_to_the_current_item_is_no_event(services: Services, province: Province) -> None:
    meeting = await builders.conference(services, province, "running")
    for _ in range(2):
        async with services.transactions(SYSTEM) as tx:
            item = await tx.session.scalar(select(AgendaItem.id).limit(1))
            await agenda.go(tx, meeting.id, item)
    async with services.database.read() as session:
        assert len((await session.scalars(select(MeetingEvent))).all()) == 1


async def test_writers_of_one_meeting_take_turns(services: Services, province: Province) -> None:
    """Those that lock the meeting and those that only append to its log, without waiting for each other in a ring."""
    meeting = await builders.conference(services, province, "running")
    async with services.database.read() as session:
        items = list(await session.scalars(select(AgendaItem.id)))

    async def move(number: int) -> None:
        async with services.transactions(SYSTEM) as tx:
            await agenda.go(tx, meeting.id, items[number % len(items)])

    async def tell(number: int) -> None:
        async with services.transactions(SYSTEM) as tx:
            await append(tx, meeting.id, "hand.raised", [])
            await record(tx, "hand.raised", "meeting", meeting.id, number=number)

    await asyncio.gather(*(each(number) for number in range(12) for each in (move, tell)))
    async with services.database.read() as session:
        numbers = list(await session.scalars(select(MeetingEvent.seq).order_by(MeetingEvent.seq)))
        assert numbers == list(range(1, len(numbers) + 1))
        assert await audit.first_broken(session, services.transactions.audit_key) is None
        running = await session.scalars(select(AgendaStint).where(AgendaStint.ended_at.is_(None)))
        assert len(running.all()) == 1


@pytest.mark.parametrize(
    ("state", "who", "refusal"),
    [
        ("running", "technician", NotAllowed),
        ("running", "presenter", NotAllowed),
        ("running", "stranger", NotFound),
        ("open", "chair", Conflict),
        ("ended", "chair", Conflict),
    ],
)
async def test_who_moves_the_agenda(
    services: Services, province: Province, state: str, who: str, refusal: type[DomainError]
) -> None:
    meeting = await builders.conference(services, province, state)
    async with services.database.read() as session:
        actor = await builders.actor_of(session, getattr(province, who))
    async with services.transactions(actor) as tx:
        with pytest.raises(refusal):
            await agenda.go(tx, meeting.id, None)


async def test_an_item_of_another_meeting_is_not_found(services: Services, province: Province) -> None:
    meeting = await builders.conference(services, province, "running")
    other = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        foreign = await tx.session.scalar(select(AgendaItem.id).where(AgendaItem.meeting_id == other.id).limit(1))
        with pytest.raises(NotFound):
            await agenda.go(tx, meeting.id, foreign)


async def test_rights_of_everybody(services: Services, province: Province) -> None:
    meeting = await builders.conference(services, province, "running")
    halls = frozenset(hall.id for hall in province.halls)
    own = frozenset({province.da_sar_hall.id})
    branch = own | {province.lac_duong_hall.id, province.lat_hall.id}
    expected = {
        "stranger": (False, False, False, False, False, frozenset()),
        "delegate": (True, False, False, False, False, frozenset()),
        "admin": (True, False, False, False, False, frozenset()),
        "district_organiser": (True, False, False, False, False, frozenset()),
        "technician": (True, False, False, False, False, own),
        "hall_secretary": (True, False, False, False, False, own),
        "district_technician": (True, False, False, False, False, branch),
        "presenter": (True, False, False, False, True, frozenset()),
        "chair": (True, False, True, False, True, frozenset()),
        "secretary": (True, False, True, False, True, frozenset()),
        "operator": (True, False, False, True, True, halls),
        "organiser": (True, True, True, False, True, frozenset()),
    }
    async with services.database.read() as session:
        for who, (view, organise, conduct, operate, present, points) in expected.items():
            rights = await meeting_rights(session, meeting, await builders.actor_of(session, getattr(province, who)))
            seen = (rights.view, rights.organise, rights.conduct, rights.operate, rights.present, rights.points)
            assert seen == (view, organise, conduct, operate, present, points), who
        device = await meeting_rights(session, meeting, builders.device_of(province.da_sar_hall))
        assert (device.view, device.conduct, device.points) == (True, False, own)


async def test_a_creator_without_the_role_plans_nothing(services: Services, province: Province) -> None:
    async with services.transactions(SYSTEM) as tx:
        creator = await builders.person(tx.session, province.lat, "Người Lập")
        meeting = await builders.meeting(tx.session, province.root, province.halls, created_by=creator)
        rights = await meeting_rights(tx.session, meeting, await builders.actor_of(tx.session, creator))
        assert not rights.view
        operator = await builders.person(tx.session, province.lat, "Điều Phối Xã", Role.OPERATOR)
        rights = await meeting_rights(tx.session, meeting, await builders.actor_of(tx.session, operator))
        assert not rights.view
