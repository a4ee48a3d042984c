"""Records that may be of one person, over everybody whom one administers: they come of lists that were typed twice."""

from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.accounts.models import Person
from server.accounts.schemas import Duplicate, DuplicatePerson, DuplicatesPage, DuplicatesQuery
from server.core.actor import Actor, Role
from server.core.errors import NotAllowed, NotFound
from server.organisations.models import Unit

_One, _Other = aliased(Person), aliased(Person)
_FACTS = ("id", "full_name", "title", "unit_id", "email", "phone", "login", "born_on")


async def duplicates(session: AsyncSession, actor: Actor, asked: DuplicatesQuery) -> DuplicatesPage:
    """Pairs of one name, diacritics aside, with the same day of birth, telephone or address, or of one unit and spelled
    alike; never of two days of birth. By name; in each the record that was there first comes first."""
    paths = list(actor.administered)
    if not paths:
        raise NotAllowed()
    if asked.unit_id is not None:
        unit = await session.get(Unit, asked.unit_id)
        if unit is None:
            raise NotFound()
        if not actor.has(Role.ADMIN, unit.path):
            raise NotAllowed()
        paths = [unit.path]
    own = select(Unit.id).where(or_(*(Unit.path.startswith(path) for path in paths)))
    signs = {
        "born": _One.born_on == _Other.born_on,
        "phone": and_(_digits(_One.phone) == _digits(_Other.phone), _digits(_One.phone) != ""),
        "email": func.lower(_One.email) == func.lower(_Other.email),
        "unit": and_(_One.unit_id == _Other.unit_id, _One.full_name == _Other.full_name),
    }
    pairs = and_(
        _One.search_name == _Other.search_name,
        _One.id < _Other.id,
        _One.unit_id.in_(own),
        _Other.unit_id.in_(own),
        _One.anonymised_at.is_(None),
        _Other.anonymised_at.is_(None),
        or_(_One.born_on.is_(None), _Other.born_on.is_(None), _One.born_on == _Other.born_on),
        or_(*signs.values()),
    )
    one_unit, other_unit = aliased(Unit), aliased(Unit)
    columns = [
        *(getattr(who, fact).label(f"{name}_{fact}") for name, who in _WHO for fact in _FACTS),
        one_unit.name.label("one_unit_name"),
        other_unit.name.label("other_unit_name"),
        *(case((sign, literal(True)), else_=literal(False)).label(name) for name, sign in signs.items()),
    ]
    rows = await session.execute(
        select(*columns)
        .select_from(_One)
        .join(_Other, pairs)
        .join(one_unit, one_unit.id == _One.unit_id)
        .join(other_unit, other_unit.id == _Other.unit_id)
        .order_by(_One.search_name, _One.id, _Other.id)
        .offset(asked.offset)
        .limit(asked.limit)
    )
    total = await session.scalar(select(func.count()).select_from(_One).join(_Other, pairs))
    return DuplicatesPage(
        pairs=[
            Duplicate(
                one=_person(row, "one"),
                other=_person(row, "other"),
                same=[name for name in signs if row._mapping[name]],
            )
            for row in rows
        ],
        total=total or 0,
    )


_WHO = (("one", _One), ("other", _Other))


def _person(row: Row[Any], name: str) -> DuplicatePerson:
    facts = {fact: row._mapping[f"{name}_{fact}"] for fact in (*_FACTS, "unit_name")}
    return DuplicatePerson(**facts)


def _digits(phone: Any) -> ColumnElement[str]:
    """Without what stands between them, however somebody likes to write it."""
    digits: ColumnElement[str] = func.coalesce(phone, "")
    for between in " .-()":
        digits = func.replace(digits, between, "")
    return digits
