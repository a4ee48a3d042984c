"""The organiser's board: who has got, opened and read what, with gaps first. Who is expected to read is decided by
rights as they are now. A few queries of whole sets, whatever the meeting's size; the rest is counting."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.core.actor import Actor
from server.core.database import in_parts
from server.core.errors import NotFound
from server.core.fields import folded
from server.invitations.rights import ListRights, list_rights
from server.meetings.list_figures import lists
from server.meetings.models import Delegate, Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit
from server.organisations.queries import ids_of
from server.papers.access.rights import expected_readers, library_rights
from server.papers.models import Paper, PaperVersion
from server.reading.models import Receipt
from server.reading.receipts.schemas import (
    Board,
    BoardPaper,
    BoardPerson,
    BoardPoint,
    BoardQuery,
    BoardUnit,
    Progress,
)

DELIVERED, OPENED, FINISHED = 1, 2, 4
PAPERS_OF_A_NUMBER = 20
"""Three bits each, of the 63 that both databases count with."""
ONLINE = 0
"""In place of a point's id."""


@dataclass(slots=True)
class Sum:
    """`schemas.Counts` while they are counted."""

    expected: int = 0
    delivered: int = 0
    opened: int = 0
    finished: int = 0

    def add(self, flags: int) -> None:
        self.expected += 1
        self.delivered += flags & DELIVERED
        self.opened += flags >> 1 & 1
        self.finished += flags >> 2

    def include(self, other: "Sum") -> None:
        self.expected += other.expected
        self.delivered += other.delivered
        self.opened += other.opened
        self.finished += other.finished

    @property
    def gaps(self) -> tuple[int, int, int]:
        """Unopened, undelivered, unfinished."""
        return self.expected - self.opened, self.expected - self.delivered, self.expected - self.finished


@dataclass(frozen=True, slots=True)
class ReadPaper:
    id: int
    title: str
    version_id: int
    page_count: int


@dataclass(slots=True)
class Listed:
    """A delegate and what he or she did with the papers to be read."""

    delegate_id: int
    person_id: int
    full_name: str
    search_name: str
    title: str
    point_id: int | None
    papers: dict[int, int] = field(default_factory=dict)
    """Expected: paper id -> DELIVERED | OPENED | FINISHED."""

    def sum(self) -> Sum:
        sum_ = Sum()
        for flags in self.papers.values():
            sum_.add(flags)
        return sum_


@dataclass(frozen=True, slots=True)
class Readings:
    """Everything the board and reminders are made from."""

    meeting: Meeting
    papers: Sequence[ReadPaper]
    people: Sequence[Listed]
    whole: bool
    """Not of some halls only."""
    points: Collection[int]
    """Those halls."""


async def readings(
    session: AsyncSession, meeting_id: int, actor: Actor, now: datetime, paper_id: int | None = None
) -> Readings:
    """For who organises or conducts; for a hall's secretary the hall's people, with the papers that he or she may read
    too. NotFound, NotAllowed for others."""
    meeting, rights = await list_rights(session, meeting_id, actor)
    expected = await expected_readers(session, meeting, now)
    if not rights.everything:
        library = await library_rights(session, meeting_id, actor, now)
        expected = {each: readers for each, readers in expected.items() if each in library and library[each].read}
    if paper_id is not None:
        if paper_id not in expected:
            raise NotFound()
        expected = {paper_id: expected[paper_id]}
    papers = await _papers(session, expected)
    people = await _people(session, meeting_id, rights)
    for paper in papers:
        for delegate_id in expected[paper.id] & people.keys():
            people[delegate_id].papers[paper.id] = 0
    await _fill(session, papers, people)
    return Readings(meeting, papers, list(people.values()), rights.everything, rights.points)


async def _papers(session: AsyncSession, paper_ids: Collection[int]) -> list[ReadPaper]:
    rows = await session.execute(
        select(Paper.id, Paper.title, PaperVersion.id, PaperVersion.page_count)
        .join(PaperVersion, PaperVersion.id == Paper.current_version_id)
        .where(Paper.id.in_(paper_ids))
        .order_by(Paper.position, Paper.id)
    )
    return [ReadPaper(*row) for row in rows]


async def _people(session: AsyncSession, meeting_id: int, rights: ListRights) -> dict[int, Listed]:
    statement = (
        select(Delegate.id, Person.id, Person.full_name, Person.search_name, Person.title, Delegate.point_id)
        .join(Person, Person.id == Delegate.person_id)
        .where(Delegate.meeting_id == meeting_id, Delegate.removed_at.is_(None))
        .order_by(Delegate.position, Delegate.id)
    )
    if not rights.everything:
        statement = statement.where(Delegate.point_id.in_(rights.points))
    return {row[0]: Listed(*row) for row in await session.execute(statement)}


async def _fill(session: AsyncSession, papers: Sequence[ReadPaper], people: Mapping[int, Listed]) -> None:
    """One number comes over for each person, three bits of it a paper: twelve thousand rows instead of a hundred and
    twenty thousand."""
    listed = {each.person_id: each.papers for each in people.values()}
    for some in in_parts(papers, PAPERS_OF_A_NUMBER):
        place = {paper.version_id: 1 << 3 * index for index, paper in enumerate(some)}
        done: ColumnElement[int] = (
            case((Receipt.delivered_at.is_not(None), DELIVERED), else_=0)
            + case((Receipt.opened_at.is_not(None), OPENED), else_=0)
            + case((Receipt.seen_count >= PaperVersion.page_count, FINISHED), else_=0)
        )
        rows = await session.execute(
            select(
                Receipt.person_id,
                cast(
                    func.sum(
                        done * case({v: literal(bit, BigInteger) for v, bit in place.items()}, value=Receipt.version_id)
                    ),
                    BigInteger,
                ),
            )
            .join(PaperVersion, PaperVersion.id == Receipt.version_id)
            .where(Receipt.version_id.in_(place))
            .group_by(Receipt.person_id)
        )
        for person_id, number in rows:
            expected = listed.get(person_id, {})
            for index, paper in enumerate(some):
                if paper.id in expected:
                    expected[paper.id] = number >> 3 * index & 7


@dataclass(frozen=True, slots=True)
class _Counted:
    papers: Mapping[int, Sum]
    points: Mapping[int, Sum]
    """By point id, or ONLINE."""
    heads: Mapping[int, int]
    """People by point."""
    chosen: Sequence[tuple[Listed, Sum]]
    """Who was asked for; gaps first."""


async def board(session: AsyncSession, meeting_id: int, actor: Actor, now: datetime, asked: BoardQuery) -> Board:
    """Half a second for a province: for `Database.beside`."""
    found = await readings(session, meeting_id, actor, now, asked.paper_id)
    counted = _count(found, asked)
    units, points = await _places(session, found, counted)
    members = await lists(session, meeting_id, None if found.whole else found.points)
    return Board(
        as_of=now,
        lists=members.figures(),
        papers=[
            BoardPaper(
                paper_id=paper.id, title=paper.title, version_id=paper.version_id, **asdict(counted.papers[paper.id])
            )
            for paper in found.papers
        ],
        units=units,
        points=points,
        people=await _page(session, found.papers, counted.chosen[asked.offset : asked.offset + asked.limit]),
        people_total=len(counted.chosen),
    )


def _count(found: Readings, asked: BoardQuery) -> _Counted:
    papers = {paper.id: Sum() for paper in found.papers}
    points: defaultdict[int, Sum] = defaultdict(Sum)
    heads: Counter[int] = Counter()
    chosen = []
    for person in found.people:
        sum_ = person.sum()
        place = person.point_id or ONLINE
        points[place].include(sum_)
        heads[place] += 1
        for paper_id, flags in person.papers.items():
            papers[paper_id].add(flags)
        if _is_asked_for(person, asked):
            chosen.append((person, sum_))
    chosen.sort(key=lambda each: each[1].gaps, reverse=True)
    return _Counted(papers, points, heads, chosen)


def _is_asked_for(person: Listed, asked: BoardQuery) -> bool:
    if asked.point_id is not None and (person.point_id or ONLINE) != asked.point_id:
        return False
    if asked.paper_id is not None and not person.papers:
        return False
    return all(word in person.search_name for word in folded(asked.q).split())


async def _places(
    session: AsyncSession, found: Readings, counted: _Counted
) -> tuple[list[BoardUnit], list[BoardPoint]]:
    member = select(MemberPoint.point_id).where(MemberPoint.meeting_id == found.meeting.id)
    of_interest = BridgePoint.id.in_(counted.points)
    rows = await session.execute(
        select(BridgePoint.id, BridgePoint.name, Unit.id, Unit.path)
        .join(Unit, Unit.id == BridgePoint.unit_id)
        .where(of_interest | BridgePoint.id.in_(member) if found.whole else of_interest)
        .order_by(BridgePoint.position, BridgePoint.id)
    )
    places = rows.all()
    points = [
        BoardPoint(
            point_id=point_id,
            name=name,
            unit_id=unit_id,
            people=counted.heads.get(point_id, 0),
            **asdict(counted.points.get(point_id, Sum())),
        )
        for point_id, name, unit_id, _ in places
    ]
    if ONLINE in counted.points:
        online, people = asdict(counted.points[ONLINE]), counted.heads[ONLINE]
        points.append(BoardPoint(point_id=None, name="Trực tuyến", unit_id=None, people=people, **online))
    points.sort(key=lambda point: (point.opened - point.expected) / max(1, point.expected))
    sums = [(path, counted.points.get(point_id, Sum())) for point_id, _, _, path in places]
    return await _units(session, sums), points


async def _units(session: AsyncSession, points: Sequence[tuple[str, Sum]]) -> list[BoardUnit]:
    """The points' units and all above them, in tree order."""
    sums: defaultdict[int, Sum] = defaultdict(Sum)
    for path, sum_ in points:
        for unit_id in ids_of(path):
            sums[unit_id].include(sum_)
    units = {unit.id: unit for unit in await session.scalars(select(Unit).where(Unit.id.in_(sums)))}
    ordered = sorted(units.values(), key=lambda unit: [(units[each].position, each) for each in ids_of(unit.path)])
    return [
        BoardUnit(
            unit_id=unit.id,
            parent_id=unit.parent_id,
            name=unit.name,
            depth=len(ids_of(unit.path)) - 1,
            **asdict(sums[unit.id]),
        )
        for unit in ordered
    ]


async def _page(
    session: AsyncSession, papers: Sequence[ReadPaper], people: Sequence[tuple[Listed, Sum]]
) -> list[BoardPerson]:
    """With times and pages seen, which only the people shown are asked for."""
    versions = {paper.version_id: paper.id for paper in papers}
    rows = await session.execute(
        select(Receipt.person_id, Receipt.version_id, Receipt.seen_count, Receipt.last_at, Receipt.delivered_at).where(
            Receipt.version_id.in_(versions), Receipt.person_id.in_([person.person_id for person, _ in people])
        )
    )
    details = {
        (person_id, versions[version_id]): (seen, last_at or delivered_at)
        for person_id, version_id, seen, last_at, delivered_at in rows
    }
    return [
        BoardPerson(
            delegate_id=person.delegate_id,
            person_id=person.person_id,
            full_name=person.full_name,
            title=person.title,
            point_id=person.point_id,
            last_at=max((each.last_at for each in progress.values() if each.last_at is not None), default=None),
            papers=progress,
            **asdict(sum_),
        )
        for person, sum_ in people
        for progress in [dict(_progress(person, papers, details))]
    ]


def _progress(
    person: Listed, papers: Sequence[ReadPaper], details: Mapping[tuple[int, int], tuple[int, datetime | None]]
) -> Iterator[tuple[str, Progress]]:
    for paper in papers:
        flags = person.papers.get(paper.id)
        if flags is None:
            continue
        seen, last_at = details.get((person.person_id, paper.id), (0, None))
        yield (
            str(paper.id),
            Progress(
                delivered=bool(flags & DELIVERED),
                opened=bool(flags & OPENED),
                seen=seen,
                pages=paper.page_count,
                last_at=last_at,
            ),
        )
