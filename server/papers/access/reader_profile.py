"""What a reader is in a meeting, as far as policies ask: a member or not, in which branch, at which point, in which
role. One value for each, whether it is who asks now, a delegate on the list, or a hall's device."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.accounts.models import Person
from server.core.actor import Actor
from server.meetings.models import AgendaItem, Delegate, Meeting, MemberPoint
from server.meetings.rights import MeetingRights, represents, rights_in, rights_of
from server.organisations.models import BridgePoint, Unit


@dataclass(frozen=True, slots=True)
class ReaderProfile:
    member: bool
    manages: bool = False
    """All papers of the meeting."""
    reads_all: bool = False
    """Whomever they are for, once they are open."""
    person_id: int | None = None
    presents: frozenset[int] = frozenset()
    """Agenda items; their papers the presenter manages."""
    roles: frozenset[str] = frozenset()
    points: frozenset[int] = frozenset()
    """Where the person is expected, and the halls the actor stands for."""
    paths: frozenset[str] = frozenset()
    """Of the person's unit and of the points' units."""

    def manages_papers_of(self, item_id: int | None) -> bool:
        """None: the papers of the whole meeting."""
        return self.manages or (item_id is not None and item_id in self.presents)

    def is_one_of(self, audience: Iterable[Mapping[str, Any]]) -> bool:
        return any(self._is(entry) for entry in audience)

    def _is(self, entry: Mapping[str, Any]) -> bool:
        match entry["kind"]:
            case "unit":
                return any(f"/{entry['id']}/" in path for path in self.paths)
            case "point":
                return entry["id"] in self.points
            case "person":
                return self.person_id is not None and self.person_id == entry["id"]
            case "role":
                return entry["role"] in self.roles
        return False


@dataclass(frozen=True, slots=True)
class _Seat:
    """A place on a meeting's list of delegates."""

    role: str
    point_id: int | None
    path: str | None


async def reader_profiles(session: AsyncSession, meetings: Sequence[Meeting], actor: Actor) -> dict[int, ReaderProfile]:
    """The actor's, by meeting id; meetings that the actor may not see are left out. At most five queries, two for a
    delegate."""
    rights = await rights_in(session, meetings, actor)
    seen = [meeting for meeting in meetings if rights[meeting.id].view]
    # Who manages everything reads everything: nothing more needs to be known.
    asking = [meeting for meeting in seen if not _manages(rights[meeting.id])]
    people = [] if actor.person_id is None else [actor.person_id]
    seated = await _seats(session, [each.id for each in asking], people)
    own_path, seats = seated.get(actor.person_id, _NOWHERE)
    presented = await _presented(session, [each for each in asking if rights[each.id].present], actor)
    halls = await _halls(session, [each for each in asking if rights[each.id].points], actor)
    return {
        meeting.id: ReaderProfile(member=True, manages=True, person_id=actor.person_id)
        if _manages(rights[meeting.id])
        else _profile(
            rights[meeting.id],
            actor.person_id,
            own_path=own_path,
            seat=seats.get(meeting.id),
            presents=presented.get(meeting.id, frozenset()),
            halls=halls.get(meeting.id, {}),
        )
        for meeting in seen
    }


async def profiles_of(session: AsyncSession, meeting: Meeting, actors: Sequence[Actor]) -> list[ReaderProfile | None]:
    """The same of many actors in one meeting, in their order; None for whoever may not see it. Five queries for any
    number of delegates; the few who present or stand for a hall are asked about one by one."""
    rights = await rights_of(session, meeting, actors)
    people = {actor.person_id for actor in actors if actor.person_id is not None}
    seated = await _seats(session, [meeting.id], people)
    found: list[ReaderProfile | None] = []
    for actor, right in zip(actors, rights, strict=True):
        if not right.view:
            found.append(None)
        elif _manages(right) or right.present or right.points:
            found.append((await reader_profiles(session, [meeting], actor)).get(meeting.id))
        else:
            own_path, seats = seated.get(actor.person_id, _NOWHERE)
            seat = seats.get(meeting.id)
            profile = _profile(right, actor.person_id, own_path=own_path, seat=seat, presents=frozenset(), halls={})
            found.append(profile)
    return found


def _manages(rights: MeetingRights) -> bool:
    """Chair and secretary are among these, unless they came by a link."""
    return rights.manage_papers


def _profile(
    rights: MeetingRights,
    person_id: int | None,
    *,
    own_path: str | None,
    seat: _Seat | None,
    presents: frozenset[int],
    halls: Mapping[int, str],
) -> ReaderProfile:
    roles = {name for name, held in (("presenter", presents), ("hall", halls)) if held}
    points = set(halls)
    paths = set(halls.values())
    if own_path is not None:
        paths.add(own_path)
    if seat is not None:
        roles.add(seat.role)
        if seat.point_id is not None and seat.path is not None:
            points.add(seat.point_id)
            paths.add(seat.path)
    return ReaderProfile(
        member=rights.attend,
        reads_all=rights.read_all,
        person_id=person_id,
        presents=presents,
        roles=frozenset(roles),
        points=frozenset(points),
        paths=frozenset(paths),
    )


async def _seats(
    session: AsyncSession, meeting_ids: Collection[int], people: Collection[int]
) -> dict[int | None, tuple[str, dict[int, _Seat]]]:
    """Of each person the path of the own unit, and the places on these meetings' lists of delegates by meeting id."""
    if not people or not meeting_ids:
        return {}
    hall_unit = aliased(Unit)
    on_the_list = and_(
        Delegate.person_id == Person.id, Delegate.removed_at.is_(None), Delegate.meeting_id.in_(meeting_ids)
    )
    rows = await session.execute(
        select(Person.id, Unit.path, Delegate.meeting_id, Delegate.role, Delegate.point_id, hall_unit.path)
        .select_from(Person)
        .join(Unit, Unit.id == Person.unit_id)
        .outerjoin(Delegate, on_the_list)
        .outerjoin(BridgePoint, BridgePoint.id == Delegate.point_id)
        .outerjoin(hall_unit, hall_unit.id == BridgePoint.unit_id)
        .where(Person.id.in_(people))
    )
    found: dict[int | None, tuple[str, dict[int, _Seat]]] = {}
    for person_id, own_path, meeting_id, role, point_id, path in rows:
        _, seats = found.setdefault(person_id, (own_path, {}))
        if meeting_id is not None:
            seats[meeting_id] = _Seat(role, point_id, path)
    return found


_NOWHERE: tuple[None, dict[int, _Seat]] = (None, {})


async def _presented(session: AsyncSession, meetings: Collection[Meeting], actor: Actor) -> dict[int, frozenset[int]]:
    if actor.person_id is None or not meetings:
        return {}
    rows = await session.execute(
        select(AgendaItem.meeting_id, AgendaItem.id).where(
            AgendaItem.meeting_id.in_([meeting.id for meeting in meetings]), AgendaItem.presenter_id == actor.person_id
        )
    )
    found: dict[int, set[int]] = {}
    for meeting_id, item_id in rows:
        found.setdefault(meeting_id, set()).add(item_id)
    return {meeting_id: frozenset(items) for meeting_id, items in found.items()}


async def _halls(session: AsyncSession, meetings: Collection[Meeting], actor: Actor) -> dict[int, dict[int, str]]:
    """The member points whose hall the actor stands for, with their units' paths. An operator may bring every hall in
    but sits in none of them."""
    if not meetings:
        return {}
    conditions = represents(actor)
    if conditions is None:
        return {}
    rows = await session.execute(
        select(MemberPoint.meeting_id, MemberPoint.point_id, Unit.path)
        .join(BridgePoint, BridgePoint.id == MemberPoint.point_id)
        .join(Unit, Unit.id == BridgePoint.unit_id)
        .where(MemberPoint.meeting_id.in_([meeting.id for meeting in meetings]), conditions)
    )
    found: dict[int, dict[int, str]] = {}
    for meeting_id, point_id, path in rows:
        found.setdefault(meeting_id, {})[point_id] = path
    return found


@dataclass(frozen=True, slots=True)
class Reader:
    """A member by name: on the list of delegates, or chair, secretary or presenter beside it."""

    person_id: int
    delegate_id: int | None
    point_id: int | None
    """The hall where a delegate is expected."""
    profile: ReaderProfile


async def readers_by_name(
    session: AsyncSession, meeting: Meeting, named: Collection[int], only: Collection[int] | None = None
) -> list[Reader]:
    """Everybody who takes part by name (`only`: of these people), in two queries. Only people who are `named` by a
    policy have a profile of their own; the others share one with all who sit at the same point in the same role, so
    that twelve thousand are decided by some hundred. What somebody may read by an office of the unit (its organisers)
    does not count."""
    presents: dict[int, set[int]] = {}
    for item_id, person_id in await session.execute(
        select(AgendaItem.id, AgendaItem.presenter_id).where(
            AgendaItem.meeting_id == meeting.id, AgendaItem.presenter_id.is_not(None)
        )
    ):
        presents.setdefault(person_id or 0, set()).add(item_id)
    leads = {person_id for person_id in (meeting.chair_id, meeting.secretary_id) if person_id is not None}
    shared: dict[tuple[object, ...], ReaderProfile] = {}
    found = []
    for person_id, delegate_id, role, point_id, *paths in await session.execute(
        _by_name(meeting, leads | set(presents), only)
    ):
        apart = person_id in named or person_id in leads or person_id in presents
        key = (role, point_id, *paths, person_id if apart else None)
        if key not in shared:
            items = frozenset(presents.get(person_id, ()))
            roles = {"presenter"} if items else set()
            shared[key] = ReaderProfile(
                member=True,
                manages=person_id in leads,
                person_id=person_id if apart else None,
                presents=items,
                roles=frozenset(roles if role is None else roles | {role}),
                points=frozenset() if point_id is None else frozenset({point_id}),
                paths=frozenset(path for path in paths if path is not None),
            )
        found.append(Reader(person_id, delegate_id, point_id, shared[key]))
    return found


def _by_name(meeting: Meeting, beside: Collection[int], only: Collection[int] | None) -> Any:
    """Person, delegate's id, role and point, paths of both units; `beside`: people who need not be on the list."""
    hall_unit = aliased(Unit)
    on_the_list = and_(
        Delegate.person_id == Person.id, Delegate.meeting_id == meeting.id, Delegate.removed_at.is_(None)
    )
    found = (
        select(Person.id, Delegate.id, Delegate.role, Delegate.point_id, Unit.path, hall_unit.path)
        .select_from(Person)
        .join(Unit, Unit.id == Person.unit_id)
        .outerjoin(Delegate, on_the_list)
        .outerjoin(BridgePoint, BridgePoint.id == Delegate.point_id)
        .outerjoin(hall_unit, hall_unit.id == BridgePoint.unit_id)
        .where(or_(Delegate.id.is_not(None), Person.id.in_(beside)))
        .order_by(Delegate.id, Person.id)
    )
    return found if only is None else found.where(Person.id.in_(only))


async def hall_profiles(session: AsyncSession, meeting_id: int) -> dict[int, ReaderProfile]:
    """Of every member point's device."""
    rows = await session.execute(
        select(MemberPoint.point_id, Unit.path)
        .join(BridgePoint, BridgePoint.id == MemberPoint.point_id)
        .join(Unit, Unit.id == BridgePoint.unit_id)
        .where(MemberPoint.meeting_id == meeting_id)
    )
    return {
        point_id: ReaderProfile(
            member=True, roles=frozenset({"hall"}), points=frozenset({point_id}), paths=frozenset({path})
        )
        for point_id, path in rows
    }
