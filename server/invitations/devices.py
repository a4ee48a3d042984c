"""The devices of who leads a meeting and came by a personal link. A link may have been passed on, so it reads and takes
part; it leads once somebody who keeps the meeting's lists has confirmed the very device."""

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.sessions import recheck
from server.accounts.models import AccessLink, Person, RoleGrant, SessionLink, SignInSession
from server.audit.actions import record
from server.core.actor import Actor, Role
from server.core.database import in_parts
from server.core.errors import NotAllowed, NotFound
from server.core.transaction import Transaction
from server.invitations.rights import list_for_write, list_rights
from server.invitations.schemas import LeadingDevice
from server.meetings.models import Meeting
from server.notifications.actions import notify
from server.organisations.models import Unit


async def leading(session: AsyncSession, meeting_id: int, actor: Actor) -> list[LeadingDevice]:
    """The chair's and the secretary's, the newest first. NotAllowed for a hall's secretary."""
    meeting, rights = await list_rights(session, meeting_id, actor)
    if not rights.everything:
        raise NotAllowed()
    rows = await session.execute(
        select(SignInSession, SessionLink.confirmed_at, Person.full_name)
        .join(SessionLink, SessionLink.session_id == SignInSession.id)
        .join(AccessLink, AccessLink.id == SessionLink.link_id)
        .join(Person, Person.id == SignInSession.person_id)
        .where(*_open(meeting))
        .order_by(SignInSession.id.desc())
    )
    found: dict[int, LeadingDevice] = {}
    for opened, confirmed_at, full_name in rows:
        device = found.setdefault(
            opened.id,
            LeadingDevice(
                session_id=opened.id,
                full_name=full_name,
                part="chair" if opened.person_id == meeting.chair_id else "secretary",
                user_agent=opened.user_agent,
                address=opened.address,
                created_at=opened.created_at,
                last_seen_at=opened.last_seen_at,
                confirmed=False,
            ),
        )
        device.confirmed = device.confirmed or confirmed_at is not None
    return list(found.values())


async def confirm(tx: Transaction, meeting_id: int, session_id: int) -> None:
    """This device leads the meeting from now on."""
    meeting, link_ids = await _of_leader(tx, meeting_id, session_id)
    for some in in_parts(link_ids):
        await tx.session.execute(
            update(SessionLink)
            .where(SessionLink.session_id == session_id, SessionLink.link_id.in_(some))
            .values(confirmed_at=tx.now)
            .execution_options(synchronize_session=False)
        )
    opened = await tx.session.get_one(SignInSession, session_id)
    await record(tx, "device.confirmed", "session", session_id, meeting_id=meeting.id, person_id=opened.person_id)
    recheck(tx, [opened.person_id] if opened.person_id is not None else [])


async def turn_out(tx: Transaction, meeting_id: int, session_id: int) -> None:
    """Ends the device's session, confirmed or not."""
    meeting, _ = await _of_leader(tx, meeting_id, session_id)
    opened = await tx.session.get_one(SignInSession, session_id)
    opened.revoked_at = tx.now
    await record(tx, "session.revoked", "session", session_id, meeting_id=meeting.id, person_id=opened.person_id)
    recheck(tx, [opened.person_id] if opened.person_id is not None else [])


async def came_by_link(tx: Transaction, link: AccessLink) -> None:
    """Whoever came leads the meeting: those who confirm devices are told."""
    meeting = await tx.session.get(Meeting, link.meeting_id) if link.meeting_id is not None else None
    if meeting is None or link.person_id not in (meeting.chair_id, meeting.secretary_id):
        return
    person = await tx.session.get_one(Person, link.person_id)
    await notify(
        tx,
        await _confirmers(tx.session, meeting),
        "device.asks",
        data={"full_name": person.full_name, "title": meeting.title},
        path=f"/meetings/{meeting.id}/delegates",
        meeting_id=meeting.id,
        replace=True,
    )


def _open(meeting: Meeting) -> tuple[ColumnElement[bool], ...]:
    return (
        AccessLink.meeting_id == meeting.id,
        AccessLink.revoked_at.is_(None),
        SignInSession.scoped.is_(True),
        SignInSession.revoked_at.is_(None),
        SignInSession.person_id.in_([meeting.chair_id or 0, meeting.secretary_id or 0]),
    )


async def _of_leader(tx: Transaction, meeting_id: int, session_id: int) -> tuple[Meeting, list[int]]:
    """An open session of chair or secretary, and its links to the meeting."""
    meeting, rights = await list_for_write(tx, meeting_id)
    if not rights.everything:
        raise NotAllowed()
    link_ids = await tx.session.scalars(
        select(AccessLink.id)
        .join(SessionLink, SessionLink.link_id == AccessLink.id)
        .join(SignInSession, SignInSession.id == SessionLink.session_id)
        .where(SignInSession.id == session_id, *_open(meeting))
    )
    found = list(link_ids)
    if not found:
        raise NotFound()
    return meeting, found


async def _confirmers(session: AsyncSession, meeting: Meeting) -> set[int]:
    """Organisers of the meeting's unit."""
    unit = await session.get_one(Unit, meeting.unit_id)
    above = [int(part) for part in unit.path.strip("/").split("/")]
    found = await session.scalars(
        select(RoleGrant.person_id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == Role.ORGANISER, RoleGrant.unit_id.in_(above), Person.disabled_at.is_(None))
    )
    return set(found)
