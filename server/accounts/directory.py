"""People found by words: to choose from, and the administrators' list. Who is probably meant comes first."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person, RoleGrant
from server.accounts.queries import may_choose, may_find_people
from server.accounts.schemas import (
    DirectoryPage,
    DirectoryPerson,
    DirectoryQuery,
    PeopleQuery,
    PersonOut,
    RoleOut,
    State,
)
from server.core.actor import Actor, Role
from server.core.errors import NotAllowed, NotFound
from server.core.fields import folded, spelling
from server.organisations.models import Unit

_LEADERS = ("bi thu", "chu tich", "pho bi thu", "pho chu tich")
"""What the positions of those begin with who are most often named: they lead meetings."""
_OF_HALLS = (Role.TECHNICIAN, Role.HALL_SECRETARY)
_ELSEWHERE = 100
"""Further away than anything below the unit that is near."""


async def find_people(session: AsyncSession, actor: Actor, asked: PeopleQuery) -> list[PersonOut]:
    """Active people of whom every word of `q` begins, or at least is part of, a word of name or position; of the unit's
    branch, if given. An exact name first, then whole words, then who is nearer to the unit `near` (or else to where the
    actor has a role). For organisers and administrators, of their own units: nobody collects the names of others."""
    if not may_find_people(actor):
        raise NotAllowed()
    path, near = await _path(session, asked.unit_id), await _path(session, asked.near)
    wanted = (
        select(Person.id, Person.full_name, Person.title, Person.unit_id, Unit.name.label("unit_name"))
        .join(Unit, Unit.id == Person.unit_id)
        .where(Person.disabled_at.is_(None), may_choose(actor))
        .order_by(*_nearest(folded(asked.q), _own(actor) if near is None else [near]))
        .limit(asked.limit)
    )
    for word in folded(asked.q).split():
        wanted = wanted.where(_within(word))
    if path is not None:
        wanted = wanted.where(Unit.path.startswith(path))
    return [PersonOut(**row) for row in (await session.execute(wanted)).mappings()]


async def directory(session: AsyncSession, actor: Actor, asked: DirectoryQuery) -> DirectoryPage:
    """The people of the branches that the actor administers, locked ones too. By name, or by how well they are meant
    where words are asked for."""
    if not actor.administered:
        raise NotAllowed()
    which = and_(
        _of_branches(actor.administered), Person.anonymised_at.is_(None), *await _filters(session, actor, asked)
    )
    q = folded(asked.q)
    order = _nearest(q, _own(actor)) if q else [Person.search_name, Person.id]
    rows = await session.execute(
        select(Person, Unit.name)
        .join(Unit, Unit.id == Person.unit_id)
        .where(which)
        .order_by(*order)
        .offset(asked.offset)
        .limit(asked.limit)
    )
    found = rows.all()
    total = await session.scalar(_count(which))
    roles = await _roles(session, [person.id for person, _ in found])
    return DirectoryPage(
        people=[
            DirectoryPerson(
                id=person.id,
                full_name=person.full_name,
                title=person.title,
                unit_id=person.unit_id,
                unit_name=unit_name,
                email=person.email,
                phone=person.phone,
                login=person.login,
                state=_state(person),
                signed_in_at=person.signed_in_at,
                roles=roles.get(person.id, []),
            )
            for person, unit_name in found
        ],
        total=total or 0,
    )


async def alike(session: AsyncSession, actor: Actor, person: Person) -> list[PersonOut]:
    """Other records that may be of this person, of those whom the actor administers: the same name, tone marks and all,
    and one more thing that is the same."""
    rows = await session.execute(
        select(Person, Unit.name)
        .join(Unit, Unit.id == Person.unit_id)
        .where(
            _of_branches(actor.administered),
            Person.search_name == person.search_name,
            Person.id != person.id,
            Person.anonymised_at.is_(None),
        )
        .order_by(Person.id)
    )
    return [
        PersonOut(id=other.id, full_name=other.full_name, title=other.title, unit_id=other.unit_id, unit_name=name)
        for other, name in rows
        if spelling(other.full_name) == spelling(person.full_name) and _maybe_one(person, other)
    ]


def _state(person: Person) -> State:
    if person.disabled_at:
        return "locked"
    if person.dormant_at:
        return "dormant"
    return "active" if person.signed_in_at else "never"


def _maybe_one(person: Person, other: Person) -> bool:
    """Two days of birth are two people. Else the unit, the day, the telephone or the address may tell."""
    if person.born_on is not None and other.born_on is not None:
        return person.born_on == other.born_on
    same_phone = bool(person.phone and other.phone) and _digits(person.phone) == _digits(other.phone)
    same_email = bool(person.email and other.email) and (person.email or "").lower() == (other.email or "").lower()
    return person.unit_id == other.unit_id or same_phone or same_email


def _digits(phone: str | None) -> str:
    return "".join(character for character in phone or "" if character.isdigit())


def _count(which: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(Person).join(Unit, Unit.id == Person.unit_id).where(which)


async def _filters(session: AsyncSession, actor: Actor, asked: DirectoryQuery) -> list[ColumnElement[bool]]:
    filters = [or_(_within(word), _by_address(word)) for word in folded(asked.q).split()]
    path = await _path(session, asked.unit_id)
    if path is not None:
        if not actor.has(Role.ADMIN, path):
            raise NotAllowed()
        filters.append(Unit.path.startswith(path))
    if asked.role is not None:
        over = select(Unit.id).where(or_(false(), *(Unit.path.startswith(each) for each in actor.administered)))
        filters.append(
            exists().where(RoleGrant.person_id == Person.id, RoleGrant.role == asked.role, RoleGrant.unit_id.in_(over))
        )
    if asked.state == "locked":
        filters.append(Person.disabled_at.is_not(None))
    elif asked.state is not None:
        filters.append(Person.disabled_at.is_(None))
        filters.append(Person.dormant_at.is_not(None) if asked.state == "dormant" else Person.dormant_at.is_(None))
    if asked.state == "never":
        filters.append(Person.signed_in_at.is_(None))
    elif asked.state == "active":
        filters.append(Person.signed_in_at.is_not(None))
    return filters


def _nearest(q: str, near: Collection[str]) -> list[ColumnElement[Any]]:
    """The order of those who fit: how well the words do, then the way to the units of the paths `near`, then leaders
    before others, and last who only looks after a hall."""
    words = q.split()
    name, both = " " + Person.search_name, " " + Person.search_name + " " + Person.search_title
    begins = [and_(true(), *(text.contains(f" {word}", autoescape=True) for word in words)) for text in (name, both)]
    fit = case((Person.search_name == q, 0), (begins[0], 1), (begins[1], 2), else_=3)
    depth = func.length(Unit.path) - func.length(func.replace(Unit.path, "/", ""))
    way = (
        case(
            *((Unit.path.startswith(path), depth - path.count("/")) for path in sorted(near, key=len, reverse=True)),
            else_=_ELSEWHERE + depth,
        )
        if near
        else depth
    )
    of_a_hall = exists().where(RoleGrant.person_id == Person.id, RoleGrant.role.in_(_OF_HALLS))
    rank = case(
        (or_(*(Person.search_title.startswith(title) for title in _LEADERS)), 0),
        (of_a_hall, 3),
        (Person.search_title != "", 1),
        else_=2,
    )
    return [fit, way, rank, Person.search_name.expression, Person.id.expression]


def _within(word: str) -> ColumnElement[bool]:
    return or_(Person.search_name.contains(word, autoescape=True), Person.search_title.contains(word, autoescape=True))


def _by_address(word: str) -> ColumnElement[bool]:
    """Addresses are kept as they were typed; digits of a telephone number with or without what stands between them."""
    digits: ColumnElement[Any] = Person.phone.expression
    for between in " .-":
        digits = func.replace(digits, between, "")
    number = word.replace(".", "").replace("-", "")
    return or_(
        Person.login.startswith(word, autoescape=True),
        func.lower(Person.email).startswith(word, autoescape=True),
        digits.contains(number, autoescape=True) if number.isdigit() else false(),
    )


def _of_branches(paths: Collection[str]) -> ColumnElement[bool]:
    return or_(false(), *(Unit.path.startswith(path) for path in paths))


def _own(actor: Actor) -> list[str]:
    return sorted({grant.unit_path for grant in actor.grants})


async def _path(session: AsyncSession, unit_id: int | None) -> str | None:
    if unit_id is None:
        return None
    unit = await session.get(Unit, unit_id)
    if unit is None:
        raise NotFound()
    return unit.path


async def _roles(session: AsyncSession, person_ids: list[int]) -> dict[int, list[RoleOut]]:
    rows = await session.execute(
        select(RoleGrant.person_id, RoleGrant.role, Unit.id, Unit.name)
        .join(Unit, Unit.id == RoleGrant.unit_id)
        .where(RoleGrant.person_id.in_(person_ids))
        .order_by(RoleGrant.id)
    )
    roles: dict[int, list[RoleOut]] = {}
    for person_id, role, unit_id, name in rows:
        roles.setdefault(person_id, []).append(RoleOut(role=Role(role), unit_id=unit_id, unit_name=name))
    return roles
