"""Personal links, which sign a person or a hall's device in without a password."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update

from server.accounts.actions.people import require_admin_of
from server.accounts.models import AccessLink
from server.accounts.tokens import new_token, token_hash
from server.audit.actions import record
from server.core.actor import Role
from server.core.errors import NotAllowed, NotFound
from server.core.transaction import Transaction
from server.organisations import queries as organisations

_HALL_STAFF = (Role.ADMIN, Role.ORGANISER, Role.OPERATOR, Role.TECHNICIAN)


async def create_link(
    tx: Transaction,
    *,
    person_id: int | None = None,
    point_id: int | None = None,
    next_path: str = "/",
    days: int = 30,
    replace: bool = False,
) -> tuple[str, datetime]:
    """Returns the link's path, "/join/<token>", and when it expires. A person's link needs the administrator's right
    over that person; a hall's, a role with its unit."""
    if person_id is not None:
        await require_admin_of(tx, person_id)
    elif point_id is not None:
        await _require_hall(tx, point_id)
    owner = AccessLink.person_id == person_id if person_id is not None else AccessLink.point_id == point_id
    await tx.session.execute(delete(AccessLink).where(AccessLink.expires_at <= tx.now))
    if replace:
        await tx.session.execute(update(AccessLink).where(owner).values(revoked_at=tx.now))
    token = new_token()
    link = AccessLink(
        token_hash=token_hash(token),
        person_id=person_id,
        point_id=point_id if person_id is None else None,
        next_path=next_path,
        created_at=tx.now,
        expires_at=tx.now + timedelta(days=days),
    )
    tx.session.add(link)
    await tx.session.flush()
    await record(tx, "link.created", "link", link.id, person_id=person_id, point_id=point_id, replaced=replace)
    return f"/join/{token}", link.expires_at


async def _require_hall(tx: Transaction, point_id: int) -> None:
    point = await organisations.point(tx.session, point_id)
    if point.closed_at is not None:
        raise NotFound()
    unit = await organisations.unit(tx.session, point.unit_id)
    if not tx.actor.system and not any(tx.actor.has(role, unit.path) for role in _HALL_STAFF):
        raise NotAllowed()
