"""What an administrator does at the machine itself: the first account, the way back to it, the audit log's health."""

import secrets

from pydantic import ValidationError
from sqlalchemy import select

from server.accounts.actions.second_factor import bring_person_back
from server.accounts.models import Person, RoleGrant
from server.accounts.password_rules import require_strong
from server.accounts.passwords import Passwords
from server.audit import queries as audit
from server.audit.anchors import read_heads
from server.core.actor import SYSTEM, Role
from server.core.errors import Invalid, NotFound
from server.core.services import Services
from server.edge.errors import said_of
from server.system.first_start import begin
from server.system.schemas import FirstStart


async def first_administrator(
    services: Services, *, unit: str, code: str | None, name: str, login: str, password: str | None
) -> str:
    """The root unit and its administrator in an empty database. Returns the password, made here if none is given.

    Conflict if there are units already; Invalid for values that the web application would refuse too."""
    password = password or secrets.token_urlsafe(12)
    try:
        write = FirstStart(unit_name=unit, unit_code=code, full_name=name, login=login, password=password)
    except ValidationError as error:
        wrong = said_of([{**each, "loc": ("", *each["loc"])} for each in error.errors()])
        vi = "; ".join(f"{field}: {said[0]}" for field, said in wrong.items())
        en = "; ".join(f"{field}: {said[1]}" for field, said in wrong.items())
        raise Invalid(vi, en) from None
    require_strong(password, login, name, field="password")
    hashed = await Passwords(parallel=1).hash(password)
    async with services.transactions(SYSTEM) as tx:
        await begin(tx, write, hashed)
    return password


async def bring_back(services: Services, login: str, *, new_password: bool) -> str | None:
    """An administrator who lost the second factor, and whom nobody else can help: the second factor ends, the account
    is open, and all sessions are over. Returns the password that was made, if one was asked for. NotFound for whoever
    is no administrator."""
    async with services.database.read() as session:
        person = await session.scalar(
            select(Person)
            .join(RoleGrant, RoleGrant.person_id == Person.id)
            .where(Person.login == login.casefold(), RoleGrant.role == Role.ADMIN, Person.anonymised_at.is_(None))
            .limit(1)
        )
    if person is None:
        raise NotFound(
            f"Không có quản trị viên nào có tên đăng nhập “{login}”.", f"No administrator has the login “{login}”."
        )
    password = secrets.token_urlsafe(12) if new_password else None
    hashed = await Passwords(parallel=1).hash(password) if password else None
    async with services.transactions(SYSTEM) as tx:
        await bring_person_back(tx, person.id, hashed)
    return password


async def broken_audit_entry(services: Services) -> audit.Broken | None:
    key = services.transactions.audit_key
    async with services.database.read() as session:
        return await audit.first_broken(session, key, read_heads(services.settings, key))
