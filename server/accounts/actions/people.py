"""People and their roles."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.sessions import recheck, revoke_all_of
from server.accounts.hooks import led_by
from server.accounts.main_post import retitle
from server.accounts.models import AccessLink, Person, RoleGrant, login_taken
from server.accounts.queries import grants_of, person_full
from server.accounts.queries import person as person_of
from server.accounts.schemas import PersonPatch, PersonWrite, RoleWrite
from server.audit.actions import record
from server.audit.revisions import next_revision
from server.core.actor import Actor, Role
from server.core.errors import Conflict, NotAllowed
from server.core.transaction import Transaction
from server.organisations import queries as organisations

_MAY_BE_EMPTY = ("email", "phone", "login", "sex", "born_on")
_OPENS = frozenset({"email", "login"})
"""Whoever may set these can come in as that person."""


class NeedsHigherAdministrator(NotAllowed):
    code = "needs-higher-administrator"
    vi = (
        "Người này chủ trì, làm thư ký hoặc báo cáo ở cuộc họp của đơn vị khác, nên mật khẩu, địa chỉ và liên kết của"
        " họ do quản trị viên đơn vị ấy cấp. Nhờ quản trị viên cấp trên."
    )
    en = (
        "This person leads or presents meetings of another unit, so an administrator of that unit sets password,"
        " address and links. Ask the administrator above."
    )


async def create_person(tx: Transaction, write: PersonWrite, password_hash: str | None = None) -> Person:
    await require_admin_at(tx.session, tx.actor, write.unit_id)
    await _check_login(tx, write.login, None)
    person = Person(
        **write.model_dump(exclude={"password"}),
        password_hash=password_hash,
    )
    tx.session.add(person)
    await tx.session.flush()
    await record(tx, "person.created", "person", person.id, name=person.full_name, unit_id=person.unit_id)
    return person


async def edit_person(
    tx: Transaction,
    person_id: int,
    patch: PersonPatch,
    password_hash: str | None = None,
    seen: int | None = None,
) -> Person:
    """A new password or disabling ends the person's sessions and links. Who sets a password, a login or the address
    that links go to needs the right over all that the person may do."""
    sent = patch.model_dump(exclude_unset=True, exclude={"password", "disabled"})
    weighs = password_hash is not None or not sent.keys().isdisjoint(_OPENS)
    if weighs:
        person = await require_weight_of(tx, person_id)
    else:
        person = await require_admin_of(tx.session, tx.actor, person_id)
    await next_revision(tx, person, seen, "person.edited", lambda: as_json(tx, person))
    values: dict[str, Any] = {name: value for name, value in sent.items() if value is not None or name in _MAY_BE_EMPTY}
    if "unit_id" in values:
        await require_admin_at(tx.session, tx.actor, values["unit_id"])
    if "login" in values:
        await _check_login(tx, values["login"], person)
    title = values.pop("title", person.title)
    for name, value in values.items():
        setattr(person, name, value)
    if title != person.title:
        await retitle(tx, person, title)
        values["title"] = title
    if password_hash is not None:
        person.password_hash = password_hash
    if patch.disabled is not None:
        if patch.disabled and person.id == tx.actor.person_id:
            raise Conflict("Không tự khóa tài khoản của mình được.", "You cannot disable your own account.")
        person.disabled_at = (person.disabled_at or tx.now) if patch.disabled else None
    if person.dormant_at is not None and (password_hash is not None or patch.disabled is False):
        await reopen(tx, person)
    if password_hash is not None or patch.disabled:
        await revoke_all_of(tx, person.id)
        await tx.session.execute(update(AccessLink).where(AccessLink.person_id == person.id).values(revoked_at=tx.now))
    await tx.session.flush()
    await record(
        tx, "person.edited", "person", person.id, **values, password=bool(password_hash), disabled=patch.disabled
    )
    return person


async def reopen(tx: Transaction, person: Person) -> None:
    """An account that was closed as nobody used it: it counts as used now."""
    person.dormant_at = person.dormancy_warned_at = None
    person.account_since = tx.now
    await record(tx, "account.reopened", "person", person.id)


async def set_roles(tx: Transaction, person_id: int, roles: Sequence[RoleWrite], seen: int | None = None) -> Person:
    """Replaces the person's roles. Every role given or taken away must be over a unit the actor administers."""
    person = await person_of(tx.session, person_id)
    await require_admin_at(tx.session, tx.actor, person.unit_id)
    await next_revision(tx, person, seen, "person.roles-set", lambda: as_json(tx, person))
    wanted = {(role.role, role.unit_id) for role in roles}
    present = {
        (Role(grant.role), grant.unit_id): grant
        for grant in await tx.session.scalars(select(RoleGrant).where(RoleGrant.person_id == person_id))
    }
    added, removed = wanted - present.keys(), present.keys() - wanted
    for _, unit_id in added | removed:
        await require_admin_at(tx.session, tx.actor, unit_id)
    if person_id == tx.actor.person_id and any(role is Role.ADMIN for role, _ in removed):
        raise Conflict(
            "Không tự bỏ vai trò quản trị của mình được. Nhờ quản trị viên khác.",
            "You cannot take the administrator's role from yourself. Ask another administrator.",
        )
    for key in removed:
        await tx.session.delete(present[key])
    tx.session.add_all(RoleGrant(person_id=person_id, role=role, unit_id=unit_id) for role, unit_id in sorted(added))
    await tx.session.flush()
    recheck(tx, [person_id])
    await record(
        tx,
        "person.roles-set",
        "person",
        person_id,
        added=[[role, unit_id] for role, unit_id in sorted(added)],
        removed=[[role, unit_id] for role, unit_id in sorted(removed)],
    )
    return person


async def replace_password(tx: Transaction, person: Person, password_hash: str) -> None:
    """Ends the person's sessions but the one that asks, and every link that opens what the password opens. Links to one
    meeting stay: they open no more than they did."""
    person.password_hash = password_hash
    await revoke_all_of(tx, person.id, keep=tx.actor.session_id)
    await tx.session.execute(
        update(AccessLink)
        .where(AccessLink.person_id == person.id, AccessLink.meeting_id.is_(None), AccessLink.revoked_at.is_(None))
        .values(revoked_at=tx.now)
    )


async def change_own_password(tx: Transaction, password_hash: str) -> None:
    """Of the actor."""
    if tx.actor.person_id is None:
        raise NotAllowed()
    person = await person_of(tx.session, tx.actor.person_id)
    await replace_password(tx, person, password_hash)
    await record(tx, "person.password-changed", "person", person.id)


async def replace_hash(tx: Transaction, person_id: int, before: str, after: str) -> None:
    """The same password under newer parameters; leaves it alone if it was changed meanwhile."""
    await tx.session.execute(
        update(Person).where(Person.id == person_id, Person.password_hash == before).values(password_hash=after)
    )


def may_administer(actor: Actor) -> bool:
    """Anybody at all."""
    return bool(actor.administered)


async def require_admin_of(session: AsyncSession, actor: Actor, person_id: int) -> Person:
    """The administrator's right over a person: over the unit and over every unit where that person has a role, or
    somebody small could sign in as somebody great."""
    if not (actor.system or may_administer(actor)):
        raise NotAllowed()
    person = await person_of(session, person_id)
    await require_admin_at(session, actor, person.unit_id)
    if not actor.system:
        for grant in await grants_of(session, person_id):
            if not actor.has(Role.ADMIN, grant.unit_path):
                raise NotAllowed()
    return person


async def require_weight_of(tx: Transaction, person_id: int) -> Person:
    """The right over everything that a person may do: `require_admin_of`, and over every unit whose meetings the person
    leads or presents in. NeedsHigherAdministrator for the latter."""
    person = await require_admin_of(tx.session, tx.actor, person_id)
    if not tx.actor.system and person_id != tx.actor.person_id:
        for path in await led_by(tx, person_id):
            if not tx.actor.has(Role.ADMIN, path):
                raise NeedsHigherAdministrator()
    return person


async def reach_of(tx: Transaction, person: Person) -> str | None:
    """Path of the highest unit over which the actor administers this person. None: the system's, without bound."""
    if tx.actor.system:
        return None
    unit = await organisations.unit(tx.session, person.unit_id)
    paths = [
        grant.unit_path
        for grant in tx.actor.grants
        if grant.role is Role.ADMIN and unit.path.startswith(grant.unit_path)
    ]
    return min(paths, key=len)


async def as_json(tx: Transaction, person: Person) -> Any:
    """The person now, for the details of `EditedMeanwhile`."""
    return (await person_full(tx.session, tx.actor, person.id)).model_dump(mode="json")


async def require_admin_at(session: AsyncSession, actor: Actor, unit_id: int) -> None:
    """The administrator's right over a unit."""
    unit = await organisations.unit(session, unit_id)
    if not (actor.system or actor.has(Role.ADMIN, unit.path)):
        raise NotAllowed()


async def _check_login(tx: Transaction, login: str | None, own: Person | None) -> None:
    if login is None:
        return
    other = await tx.session.scalar(select(Person).where(Person.login == login))
    if other is not None and other is not own:
        raise login_taken()
