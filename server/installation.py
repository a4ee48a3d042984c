"""What an administrator does at the machine itself: the first account, and the audit log's health."""

import secrets

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select

from server.accounts.actions import people
from server.accounts.password_rules import require_strong
from server.accounts.passwords import Passwords
from server.accounts.schemas import PersonWrite, RoleWrite
from server.audit import queries as audit
from server.audit.anchors import read_heads
from server.core.actor import SYSTEM, Role
from server.core.errors import Conflict, Invalid
from server.core.services import Services
from server.edge.errors import said_of
from server.organisations.actions.units import create_root
from server.organisations.models import Unit
from server.organisations.schemas import Name, UnitCode

_KINDS = ("Tỉnh ", "Thành phố ", "Huyện ", "Xã ", "Phường ")


async def first_administrator(
    services: Services, *, unit: str, code: str | None, name: str, login: str, password: str | None
) -> str:
    """The root unit and its administrator in an empty database. Returns the password, made here if none is given.

    Conflict if there are units already; Invalid for values that the web application would refuse too."""
    password = password or secrets.token_urlsafe(12)
    try:
        unit = TypeAdapter(Name).validate_python(unit)
        code = TypeAdapter(UnitCode | None).validate_python(code)
        person = PersonWrite(unit_id=1, full_name=name, login=login, password=password)
    except ValidationError as error:
        wrong = said_of([{**each, "loc": ("", *each["loc"])} for each in error.errors()])
        vi = "; ".join(f"{field}: {said[0]}" for field, said in wrong.items())
        en = "; ".join(f"{field}: {said[1]}" for field, said in wrong.items())
        raise Invalid(vi, en) from None
    require_strong(password, login, name, field="password")
    hashed = await Passwords(parallel=1).hash(password)
    async with services.transactions(SYSTEM) as tx:
        if await tx.session.scalar(select(Unit.id).limit(1)):
            raise Conflict(
                "Cơ sở dữ liệu đã có đơn vị và quản trị viên. Đăng nhập để thêm người.",
                "The database already has units and an administrator. Sign in to add people.",
            )
        short_name = next((unit.removeprefix(kind) for kind in _KINDS if unit.startswith(kind)), unit)
        root = await create_root(tx, unit, short_name[:60], "province", code)
        admin = await people.create_person(tx, person.model_copy(update={"unit_id": root.id}), hashed)
        await people.set_roles(
            tx, admin.id, [RoleWrite(role=role, unit_id=root.id) for role in (Role.ADMIN, Role.ORGANISER)]
        )
    return password


async def broken_audit_entry(services: Services) -> audit.Broken | None:
    key = services.transactions.audit_key
    async with services.database.read() as session:
        return await audit.first_broken(session, key, read_heads(services.settings, key))
