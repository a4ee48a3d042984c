"""Whom a typed name means: a person who is known already, or a new one."""

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person, RoleGrant
from server.core.database import in_parts
from server.core.fields import folded, spelling


@dataclass(frozen=True)
class Typed:
    """A person as somebody typed them, of the unit whose list it is."""

    unit_id: int
    full_name: str
    title: str = ""
    email: str | None = None
    phone: str | None = None

    @cached_property
    def search_name(self) -> str:
        return folded(self.full_name)[:200]

    @cached_property
    def spelling(self) -> str:
        return spelling(self.full_name)


@dataclass(slots=True)
class Known:
    id: int
    full_name: str
    title: str
    email: str | None
    phone: str | None
    account: bool
    """Signs in by password or has a role: administrators keep such people, lists do not change them."""


class People:
    """The active people of some units by name."""

    def __init__(self) -> None:
        self._by_name: defaultdict[tuple[int, str], list[Known]] = defaultdict(list)

    @classmethod
    async def load(cls, session: AsyncSession, typed: Collection[Typed]) -> "People":
        """Everybody whom one of these might mean."""
        people = cls()
        units, names = {each.unit_id for each in typed}, {each.search_name for each in typed}
        statement = select(
            Person.id,
            Person.unit_id,
            Person.search_name,
            Person.full_name,
            Person.title,
            Person.email,
            Person.phone,
            Person.login.is_not(None) | exists().where(RoleGrant.person_id == Person.id),
        ).where(Person.unit_id.in_(units), Person.disabled_at.is_(None))
        for some in in_parts(sorted(names)):
            rows = await session.execute(statement.where(Person.search_name.in_(some)).order_by(Person.id))
            for person_id, unit_id, search_name, full_name, title, email, phone, account in rows:
                people._by_name[unit_id, search_name].append(
                    Known(person_id, full_name, title, email, phone, bool(account))
                )
        return people

    def find(self, typed: Typed) -> Known | None:
        """Whoever is spelled the same; for a name typed without any diacritics, the only one whom it can mean.
        Namesakes are told apart by e-mail, else by phone, else by title, as far as both sides say them."""
        alike = self._by_name.get((typed.unit_id, typed.search_name), ())
        named = [known for known in alike if spelling(known.full_name) == typed.spelling]
        if not named and typed.full_name.isascii() and len({spelling(known.full_name) for known in alike}) == 1:
            named = list(alike)
        candidates = [known for known in named if _same(typed, known)]
        return max(candidates, key=lambda known: _sureness(typed, known), default=None)

    def add(self, person_id: int, typed: Typed) -> Known:
        known = Known(person_id, typed.full_name, typed.title, typed.email, typed.phone, account=False)
        self._by_name[typed.unit_id, typed.search_name].append(known)
        return known


def _same(typed: Typed, known: Known) -> bool:
    if typed.email and known.email:
        return typed.email.casefold() == known.email.casefold()
    if typed.phone and known.phone:
        return digits(typed.phone) == digits(known.phone)
    if typed.title and known.title:
        return folded(typed.title) == folded(known.title)
    return True


def _sureness(typed: Typed, known: Known) -> int:
    """How much speaks for it: an equal e-mail before an equal phone before an equal title."""
    return (
        4 * (typed.email is not None and known.email is not None)
        + 2 * (typed.phone is not None and known.phone is not None)
        + (folded(typed.title) == folded(known.title))
    )


def digits(phone: str) -> str:
    """The national number: "+84 263 123 456", "0263-123-456" and "263123456" are one. 84 is the country's code only
    before nine digits or more; mobile numbers begin with 84 too."""
    digits = re.sub(r"\D", "", phone)
    if digits.startswith("84") and len(digits) >= 11:
        digits = digits[2:]
    return digits.removeprefix("0")
