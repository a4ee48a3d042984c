"""Writing the log of people, many requests in one transaction: read once, judged one by one, written in one go, told in
one event.

Each request succeeds or fails for itself. Who writes stands on the entry; the transaction carries requests of many.
"""

from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.attendance.models import PersonCheck
from server.attendance.people import roster
from server.attendance.people.errors import NotOnList, NotOnThisList, TooEarly, TooLate
from server.attendance.people.events import tell
from server.attendance.people.roster import Listed
from server.attendance.people.status import AttendanceStatus, Count, Entry, How, Kind, status_of
from server.attendance.people.totals import Turnout, begun_at
from server.attendance.people.totals_cache import TotalsCache
from server.audit.actions import record
from server.core.actor import Actor
from server.core.errors import DomainError, NotAllowed, NotFound
from server.core.transaction import Transaction
from server.meetings.access import locked_meeting
from server.meetings.models import Meeting
from server.meetings.rights import MeetingRights, rights_of
from server.organisations.models import BridgePoint


@dataclass(frozen=True, slots=True)
class CheckInRequest:
    """Somebody wants these delegates noted."""

    actor: Actor
    at: datetime
    kind: Kind
    how: How
    point_id: int | None = None
    """Whose list is taken, or whose screen was scanned; None: online."""
    delegate_ids: tuple[int, ...] | None = None
    """None: the actor's own place on the list."""
    code: str | None = None
    """The meeting's public code, where that is how they came."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that was granted."""

    people: list[Listed]
    """Those named, and those whose place they take."""
    changed: bool
    """False: everything was so already, and nothing was written."""
    halls: dict[int, str]
    """Names of the points that these people have to do with."""
    count: Count
    """Of the request's hall."""


@dataclass(slots=True)
class _Group:
    """What one transaction has read, and what it is going to write."""

    meeting: Meeting
    turnout: Turnout
    """Follows what is noted."""
    people: dict[int, Listed]
    new: list[dict[str, object]] = field(default_factory=list)
    touched: set[int | None] = field(default_factory=set)
    sealed: list[list[object]] = field(default_factory=list)
    """For the audit log: who noted what of whom."""


async def take(tx: Transaction, meeting_id: int, requests: Sequence[CheckInRequest]) -> list[Taken | DomainError]:
    """An answer to each request, in their order. Only what is wrong with the database itself is raised."""
    meeting = await locked_meeting(tx, meeting_id)
    if meeting is None:
        return [NotFound() for _ in requests]
    rights = await rights_of(tx.session, meeting, [request.actor for request in requests])
    wanted = {
        delegate_id
        for request, own in zip(requests, rights, strict=True)
        for delegate_id in (request.delegate_ids or (own.delegate_id,))
        if delegate_id is not None
    }
    memory = tx.components[TotalsCache]
    group = _Group(meeting, await memory.recall(tx, meeting), await roster.named(tx.session, meeting, wanted))
    granted: list[list[Listed] | DomainError] = []
    changed: list[bool] = []
    for request, own in zip(requests, rights, strict=True):
        before = len(group.new)
        try:
            # As they stand now: a later request of the group may be about the same people.
            granted.append([copy(each) for each in _grant(group, request, own)])
        except DomainError as error:
            granted.append(error)
        changed.append(len(group.new) > before)
    counted = await _write(tx, group)
    await memory.keep(tx, meeting, counted)
    concerned = [each for people in granted if not isinstance(people, DomainError) for each in people]
    halls = await names(tx.session, roster.points_of(concerned))
    return [
        people
        if isinstance(people, DomainError)
        else Taken(people, told, halls, counted.points.get(request.point_id, Count()))
        for request, people, told in zip(requests, granted, changed, strict=True)
    ]


async def names(session: AsyncSession, point_ids: Collection[int]) -> dict[int, str]:
    rows = await session.execute(select(BridgePoint.id, BridgePoint.name).where(BridgePoint.id.in_(point_ids)))
    return dict(rows.all())


async def _write(tx: Transaction, group: _Group) -> Turnout:
    if not group.new:
        return group.turnout
    await tx.session.execute(insert(PersonCheck), group.new)
    await record(tx, "people.checked", "meeting", group.meeting.id, entries=group.sealed)
    # Halls beside the members are listed only as long as somebody has to do with them: they are counted anew.
    known = group.touched <= group.turnout.members | {None}
    if known:
        group.turnout.recount(group.touched)
    return await tell(tx, group.meeting, "people.checked", group.touched, now=group.turnout if known else None)


def _grant(group: _Group, request: CheckInRequest, rights: MeetingRights) -> list[Listed]:
    """Notes what the request wants in the group. Returns whom it concerns. Raises what is wrong with it, and then has
    noted nothing."""
    if not rights.view or request.code not in (None, group.meeting.public_code):
        raise NotFound()
    people = _own(group, request, rights) if request.delegate_ids is None else _of_list(group, request, rights)
    for person in people:
        _note(group, request, person)
    return [*people, *(each.stands_for for each in people if each.stands_for is not None)]


def _own(group: _Group, request: CheckInRequest, rights: MeetingRights) -> list[Listed]:
    """The actor himself, by the code on a hall's screen or from afar."""
    person = group.people.get(rights.delegate_id) if rights.delegate_id is not None else None
    if person is None:
        raise NotOnList()
    if request.kind == "out" and person.status.state != "online":
        return [person]
    if group.meeting.state == "ended":
        raise TooLate()
    if (
        group.meeting.state == "draft"
        or group.meeting.state in ("postponed", "cancelled")
        or (request.point_id is None and group.meeting.state == "invited")
    ):
        raise TooEarly()
    if request.point_id is not None and request.point_id not in group.turnout.members:
        raise NotFound()
    return [person]


def _of_list(group: _Group, request: CheckInRequest, rights: MeetingRights) -> list[Listed]:
    """Delegates named by who takes a hall's attendance."""
    point_id = request.point_id
    runs = rights.oversee
    if not (runs or point_id in rights.points):
        raise NotAllowed()
    excused = point_id is None and request.kind in ("leave", "leave-withdrawn")
    if point_id not in group.turnout.members and not excused:
        raise NotFound()
    if group.meeting.state in ("draft", "postponed", "cancelled"):
        raise TooEarly()
    assert request.delegate_ids is not None  # noqa: S101
    people = [group.people.get(delegate_id) for delegate_id in dict.fromkeys(request.delegate_ids)]
    known = [each for each in people if each is not None and not each.removed and _concerns(each, request, runs=runs)]
    if len(known) < len(people):
        ids = {each.delegate_id for each in known}
        raise NotOnThisList(delegate_ids=[each for each in request.delegate_ids if each not in ids])
    return known


def _concerns(person: Listed, request: CheckInRequest, *, runs: bool) -> bool:
    """A hall takes its own list, and lets visitors go; who runs the meeting notes anybody anywhere."""
    visits = person.status.point_id == request.point_id and request.kind in ("in", "out")
    return runs or person.point_id == request.point_id or visits


def _note(group: _Group, request: CheckInRequest, person: Listed) -> None:
    """Adds the entry that the request asks for, unless everything is so already."""
    number = max((entry.id for entry in person.entries), default=0) + 1
    name = request.actor.name[:200]
    where = person.status.point_id if request.kind == "out" else request.point_id
    entry = Entry(number, request.kind, request.how, request.at, where, request.reason, name)
    if _says_nothing_new(person, entry):
        return
    before = person.status
    after = status_of([*person.entries, entry], begun_at(group.meeting))
    if (after.state, after.point_id, after.reason) == (before.state, before.point_id, before.reason):
        return
    _count(group.turnout, person, -1)
    person.entries.append(entry)
    person.status = after
    _count(group.turnout, person, 1)
    group.touched |= {person.point_id, *_places(before, after), *_homes(person)}
    group.new.append(
        {
            "meeting_id": group.meeting.id,
            "delegate_id": person.delegate_id,
            "point_id": entry.point_id,
            "kind": entry.kind,
            "how": entry.how,
            "reason": entry.reason,
            "at": entry.at,
            "by_id": request.actor.person_id,
            "by_name": entry.by_name,
        }
    )
    by = request.actor.person_id or f"point-{request.actor.point_id}"
    group.sealed.append([person.delegate_id, entry.kind, entry.how, entry.point_id, by])


def _count(turnout: Turnout, person: Listed, people: int) -> None:
    """Whoever this person stands for counts differently with them."""
    for each in (person, person.stands_for):
        if each is not None and not each.removed:
            turnout.add(each.tally(people))


def _says_nothing_new(person: Listed, entry: Entry) -> bool:
    """Going out without being in, and withdrawing a leave that does not stand."""
    match entry.kind:
        case "out":
            takes_back = entry.how == "by-hand" and person.status.state == "left"
            return not (person.status.attending or takes_back)
        case "leave-withdrawn":
            return person.status.state != "leave"
    return False


def _places(*standings: AttendanceStatus) -> Iterable[int]:
    return (each.point_id for each in standings if each.point_id is not None)


def _homes(person: Listed) -> Iterable[int | None]:
    """The halls of those whose figures change with this person's."""
    return (each.point_id for each in (person.stands_for, person.substitute) if each is not None)
