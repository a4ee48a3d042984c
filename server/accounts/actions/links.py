"""Personal links, which sign a person or a hall's device in without a password."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.people import reach_of, reopen, require_weight_of
from server.accounts.actions.sessions import end_sessions_of, recheck
from server.accounts.models import AccessLink
from server.accounts.tokens import new_token, token_hash
from server.audit.actions import record
from server.core.actor import Actor, Role
from server.core.database import in_parts
from server.core.errors import NotAllowed, NotFound
from server.core.transaction import Transaction
from server.notifications.actions import notify
from server.organisations import queries as organisations

LONGEST_OF_PEOPLE = timedelta(days=7)
"""Of a link that opens all a person may do: it is there to come in once, and set a password."""
HALL_STAFF = (Role.ADMIN, Role.ORGANISER, Role.OPERATOR, Role.TECHNICIAN)


@dataclass(frozen=True, slots=True)
class Made:
    """A link that was just made: its path is kept nowhere."""

    id: int
    path: str


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
    over all that person may do, and never carries more than that one could give; the person is told of it. A hall's
    needs a role with its unit."""
    within: str | None = None
    if person_id is not None:
        person = await require_weight_of(tx, person_id)
        within = await reach_of(tx, person)
        if person.dormant_at is not None:
            await reopen(tx, person)
        days = min(days, LONGEST_OF_PEOPLE.days)
    elif point_id is not None:
        await require_hall(tx.session, tx.actor, point_id)
    owner = AccessLink.person_id == person_id if person_id is not None else AccessLink.point_id == point_id
    await tx.session.execute(delete(AccessLink).where(AccessLink.expires_at <= tx.now))
    if replace:
        await tx.session.execute(
            update(AccessLink).where(owner, AccessLink.revoked_at.is_(None)).values(revoked_at=tx.now)
        )
        await end_sessions_of(tx, person_id=person_id, point_id=point_id)
    token = new_token()
    link = AccessLink(
        token_hash=token_hash(token),
        person_id=person_id,
        point_id=point_id if person_id is None else None,
        within=within,
        next_path=next_path,
        created_at=tx.now,
        expires_at=tx.now + timedelta(days=days),
    )
    tx.session.add(link)
    await tx.session.flush()
    await record(tx, "link.created", "link", link.id, person_id=person_id, point_id=point_id, replaced=replace)
    if person_id is not None and person_id != tx.actor.person_id:
        await notify(tx, {person_id}, "account.link-made", data={"by": tx.actor.name}, path="/account", replace=False)
    return f"/join/{token}", link.expires_at


async def require_hall(session: AsyncSession, actor: Actor, point_id: int) -> None:
    """The right over the devices of a hall: a role with its unit."""
    point = await organisations.point(session, point_id)
    if point.closed_at is not None:
        raise NotFound()
    unit = await organisations.unit(session, point.unit_id)
    if not actor.system and not any(actor.has(role, unit.path) for role in HALL_STAFF):
        raise NotAllowed()


async def make_bound_links(
    tx: Transaction,
    meeting_id: int,
    person_ids: Sequence[int],
    *,
    next_path: str,
    expires_at: datetime,
    short: bool = False,
) -> dict[int, Made]:
    """Personal links that open this meeting and nothing else, by person. Earlier ones stay valid: an older e-mail must
    not be a trap. Whether the actor may is decided by whoever knows the meeting. `short`: as `new_token`."""
    await tx.session.execute(delete(AccessLink).where(AccessLink.expires_at <= tx.now))
    tokens = {person_id: new_token(short=short) for person_id in person_ids}
    made: dict[int, Made] = {}
    for some in in_parts(tokens):
        # Not in the order of the parameters, which SQLite gives only one row at a time.
        rows = await tx.session.execute(
            insert(AccessLink).returning(AccessLink.token_hash, AccessLink.id),
            [
                {
                    "token_hash": token_hash(tokens[person_id]),
                    "person_id": person_id,
                    "meeting_id": meeting_id,
                    "next_path": next_path,
                    "created_at": tx.now,
                    "expires_at": expires_at,
                }
                for person_id in some
            ],
        )
        ids: dict[str, int] = dict(rows.all())
        for person_id in some:
            made[person_id] = Made(ids[token_hash(tokens[person_id])], f"/join/{tokens[person_id]}")
    return made


async def revoke_bound_links(tx: Transaction, meeting_id: int, person_ids: Collection[int]) -> int:
    """Ends these people's links to the meeting, and with them what their sessions reached by those. Returns how many
    links ended. Open sockets close within a second."""
    ended = 0
    for some in in_parts(person_ids):
        result = await tx.session.execute(
            update(AccessLink)
            .where(AccessLink.meeting_id == meeting_id, AccessLink.person_id.in_(some), AccessLink.revoked_at.is_(None))
            .values(revoked_at=tx.now)
            .execution_options(synchronize_session=False)
            .returning(AccessLink.id)
        )
        ended += len(result.all())
    recheck(tx, person_ids)
    return ended


async def prolong_bound_links(tx: Transaction, meeting_id: int, person_ids: Collection[int], until: datetime) -> None:
    """Of these people's links to the meeting none that is still good ends before that."""
    for some in in_parts(person_ids):
        await tx.session.execute(
            update(AccessLink)
            .where(AccessLink.meeting_id == meeting_id, AccessLink.person_id.in_(some), AccessLink.revoked_at.is_(None))
            .where(AccessLink.expires_at > tx.now, AccessLink.expires_at < until)
            .values(expires_at=until)
            .execution_options(synchronize_session=False)
        )


async def mark_opened(tx: Transaction, link_id: int) -> None:
    await tx.session.execute(
        update(AccessLink).where(AccessLink.id == link_id, AccessLink.opened_at.is_(None)).values(opened_at=tx.now)
    )
