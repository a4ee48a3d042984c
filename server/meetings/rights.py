"""What an actor may do in a meeting. Everything not granted here is denied."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, bindparam, exists, false, null, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.core.actor import Actor, Role
from server.meetings.capabilities import EVERYTHING, NOTHING, OF_ROLES, Capability, Part, capabilities
from server.meetings.models import AgendaItem, Delegate, Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit

_HALL_ROLES = (Role.TECHNICIAN, Role.HALL_SECRETARY)


@dataclass(frozen=True, slots=True)
class MeetingRights:
    """The capabilities of an actor in one meeting (`capabilities.TABLE` says what each means), and its halls."""

    capabilities: frozenset[Capability] = NOTHING
    points: frozenset[int] = frozenset()
    """Member points (bridge point ids) whose hall the actor may bring in, and whose attendance they may take."""
    signs: frozenset[int] = frozenset()
    """Member points whose secretary the actor is: whose attendance they may sign."""
    delegate_id: int | None = None
    """The actor is on the meeting's list of delegates (`delegates.id`)."""

    def may(self, capability: Capability) -> bool:
        return capability in self.capabilities

    @property
    def view(self) -> bool:
        return Capability.VIEW in self.capabilities

    @property
    def attend(self) -> bool:
        return Capability.ATTEND in self.capabilities

    @property
    def organise(self) -> bool:
        return Capability.ORGANISE in self.capabilities

    @property
    def conduct(self) -> bool:
        return Capability.CONDUCT in self.capabilities

    @property
    def operate(self) -> bool:
        return Capability.OPERATE in self.capabilities

    @property
    def present(self) -> bool:
        return Capability.PRESENT in self.capabilities

    @property
    def oversee(self) -> bool:
        return Capability.OVERSEE in self.capabilities

    @property
    def direct(self) -> bool:
        return Capability.DIRECT in self.capabilities

    @property
    def keep_lists(self) -> bool:
        return Capability.KEEP_LISTS in self.capabilities

    @property
    def manage_papers(self) -> bool:
        return Capability.MANAGE_PAPERS in self.capabilities

    @property
    def read_all(self) -> bool:
        return Capability.READ_ALL in self.capabilities


NONE = MeetingRights()


async def meeting_rights(session: AsyncSession, meeting: Meeting, actor: Actor) -> MeetingRights:
    return (await rights_in(session, [meeting], actor))[meeting.id]


async def rights_in(session: AsyncSession, meetings: Sequence[Meeting], actor: Actor) -> dict[int, MeetingRights]:
    """The actor's rights in each of these meetings, by meeting id, in a fixed number of queries."""
    facts = await _facts(session, [meeting.id for meeting in meetings], actor)
    operated = [each for each, known in facts.items() if actor.system or actor.has(Role.OPERATOR, known.unit_path)]
    all_halls = await _member_points(session, operated, None)
    own = represents(actor)
    halls = {} if own is None else await _member_points(session, facts.keys() - all_halls.keys(), own)
    return {
        meeting.id: _rights(
            meeting,
            actor,
            facts[meeting.id],
            halls=all_halls.get(meeting.id) or halls.get(meeting.id, {}),
        )
        for meeting in meetings
    }


# Made once: to make them takes longer than to ask, and of a crowd they are asked many times a second.
_MEETING = bindparam("meeting_id", type_=Integer())
_PEOPLE = bindparam("people", expanding=True, type_=Integer())
_PRESENTING = select(AgendaItem.presenter_id).where(
    AgendaItem.meeting_id == _MEETING, AgendaItem.presenter_id.in_(_PEOPLE)
)
_stand_in = aliased(Delegate)
_REPRESENTED = exists().where(_stand_in.substitutes_id == Delegate.id, _stand_in.removed_at.is_(None))
_PLACES = select(Delegate.person_id, Delegate.id, _REPRESENTED.label("represented")).where(
    Delegate.meeting_id == _MEETING, Delegate.person_id.in_(_PEOPLE), Delegate.removed_at.is_(None)
)
_HALLS = (
    select(MemberPoint.point_id, Unit.path)
    .join(BridgePoint, BridgePoint.id == MemberPoint.point_id)
    .join(Unit, Unit.id == BridgePoint.unit_id)
    .where(MemberPoint.meeting_id == _MEETING)
)


async def rights_of(session: AsyncSession, meeting: Meeting, actors: Sequence[Actor]) -> list[MeetingRights]:
    """The same for many actors in one meeting, in their order, in a fixed number of queries."""
    unit_path = (await session.scalars(select(Unit.path).where(Unit.id == meeting.unit_id))).one()
    people = {actor.person_id for actor in actors if actor.person_id is not None}
    some = {"meeting_id": meeting.id, "people": people}
    presenters = set(await session.scalars(_PRESENTING, some))
    places = {row.person_id: row for row in await session.execute(_PLACES, some)}
    branches = await _branches(session, meeting.id)
    return [
        _rights(
            meeting,
            actor,
            _Facts(
                unit_path,
                presenting=actor.person_id is not None and actor.person_id in presenters,
                delegate_id=place.id if (place := places.get(actor.person_id)) else None,
                reached=any(grant.unit_path in branches for grant in actor.grants),
                represented=bool(place and place.represented),
            ),
            halls=_represented(actor, branches, unit_path),
        )
        for actor in actors
    ]


_EVERYWHERE = ""


async def _branches(session: AsyncSession, meeting_id: int) -> dict[str, dict[int, str]]:
    """Path of a unit -> the meeting's member points in its branch, with their units' paths; all at `_EVERYWHERE`."""
    members = await session.execute(_HALLS, {"meeting_id": meeting_id})
    branches: dict[str, dict[int, str]] = {_EVERYWHERE: {}}
    for point_id, path in members:
        branches[_EVERYWHERE][point_id] = path
        for end, letter in enumerate(path, start=1):
            if letter == "/":
                branches.setdefault(path[:end], {})[point_id] = path
    return branches


def _represented(actor: Actor, branches: dict[str, dict[int, str]], unit_path: str) -> dict[int, str]:
    """As `represents` says in SQL; all halls for who operates."""
    members = branches[_EVERYWHERE]
    if actor.system or actor.has(Role.OPERATOR, unit_path):
        return members
    found: dict[int, str] = {}
    for grant in actor.grants:
        if grant.role in _HALL_ROLES:
            found |= branches.get(grant.unit_path, {})
    if actor.point_id in members:
        found[actor.point_id] = members[actor.point_id]
    return found


def _rights(meeting: Meeting, actor: Actor, facts: "_Facts", *, halls: Mapping[int, str]) -> MeetingRights:
    """`halls`: the member points that the actor may bring in, with their units' paths."""
    if actor.only_meetings is not None and meeting.id not in actor.only_meetings:
        return NONE
    if actor.system:
        allowed = EVERYTHING
    else:
        allowed = capabilities(
            _parts(meeting, actor, facts, bool(halls)),
            draft=meeting.state == "draft",
            by_link=actor.only_meetings is not None,
            confirmed=actor.only_meetings is not None and meeting.id in actor.confirmed,
        )
    if Capability.VIEW not in allowed:
        return NONE
    return MeetingRights(
        allowed,
        points=frozenset(halls),
        signs=frozenset(point_id for point_id, path in halls.items() if actor.has(Role.HALL_SECRETARY, path)),
        delegate_id=facts.delegate_id,
    )


def _parts(meeting: Meeting, actor: Actor, facts: "_Facts", halls: bool) -> Iterator[Part]:
    for role in (Role.ORGANISER, Role.OPERATOR):
        if actor.has(role, facts.unit_path):
            yield OF_ROLES[role]
    if actor.person_id is not None and (actor.within is None or facts.unit_path.startswith(actor.within)):
        if actor.person_id == meeting.chair_id:
            yield Part.CHAIR
        if actor.person_id == meeting.secretary_id:
            yield Part.SECRETARY
        if facts.presenting:
            yield Part.PRESENTER
    if facts.delegate_id is not None:
        yield Part.REPRESENTED if facts.represented else Part.DELEGATE
    if halls:
        yield Part.HALL
    if facts.reached:
        yield Part.BRANCH


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the rows say of a meeting and the actor."""

    unit_path: str
    presenting: bool
    delegate_id: int | None
    reached: bool
    """It has a member point in a branch where the actor holds any role."""
    represented: bool = False
    """Somebody comes in the delegate's stead."""


_holder = aliased(Unit)
"""The unit that holds the meeting. Made once: an alias costs a millisecond."""


async def _facts(session: AsyncSession, meeting_ids: Collection[int], actor: Actor) -> dict[int, _Facts]:
    """One query: the rights are asked for with every page of every paper."""
    person = actor.person_id
    presenting = exists().where(AgendaItem.meeting_id == Meeting.id, AgendaItem.presenter_id == person)
    place = (
        select(Delegate.id)
        .where(Delegate.meeting_id == Meeting.id, Delegate.person_id == person, Delegate.removed_at.is_(None))
        .scalar_subquery()
    )
    represented = (
        exists()
        .where(Delegate.meeting_id == Meeting.id, Delegate.person_id == person, Delegate.removed_at.is_(None))
        .where(_stand_in.substitutes_id == Delegate.id, _stand_in.removed_at.is_(None))
    )
    in_branch = [Unit.path.startswith(grant.unit_path) for grant in actor.grants]
    reached = (
        exists()
        .where(MemberPoint.meeting_id == Meeting.id, BridgePoint.id == MemberPoint.point_id)
        .where(Unit.id == BridgePoint.unit_id, or_(false(), *in_branch))
    )
    rows = await session.execute(
        select(
            Meeting.id,
            _holder.path,
            presenting if person is not None else false(),
            place if person is not None else null(),
            reached if in_branch else false(),
            represented if person is not None else false(),
        )
        .join(_holder, _holder.id == Meeting.unit_id)
        .where(Meeting.id.in_(meeting_ids))
    )
    return {
        meeting_id: _Facts(path, bool(presenting), delegate_id, bool(reached), bool(represented))
        for meeting_id, path, presenting, delegate_id, reached, represented in rows
    }


def represents(actor: Actor) -> ColumnElement[bool] | None:
    """Whether the actor stands for a hall: its own device, or technician and hall secretary of its branch. A condition
    on `BridgePoint` and its `Unit`; None: for none."""
    conditions = [Unit.path.startswith(grant.unit_path) for grant in actor.grants if grant.role in _HALL_ROLES]
    if actor.point_id is not None:
        conditions.append(BridgePoint.id == actor.point_id)
    return or_(*conditions) if conditions else None


async def _member_points(
    session: AsyncSession, meeting_ids: Collection[int], condition: ColumnElement[bool] | None
) -> dict[int, dict[int, str]]:
    """Member points by meeting, with their units' paths; those that meet the condition, or all of them if None."""
    if not meeting_ids:
        return {}
    statement = (
        select(MemberPoint.meeting_id, MemberPoint.point_id, Unit.path)
        .join(BridgePoint, BridgePoint.id == MemberPoint.point_id)
        .join(Unit, Unit.id == BridgePoint.unit_id)
        .where(MemberPoint.meeting_id.in_(meeting_ids))
    )
    if condition is not None:
        statement = statement.where(condition)
    found: dict[int, dict[int, str]] = {}
    for meeting_id, point_id, path in await session.execute(statement):
        found.setdefault(meeting_id, {})[point_id] = path
    return found
