"""Finding a meeting for somebody, with what that person may do in it."""

from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.errors import NotAllowed, NotFound
from server.core.transaction import Transaction
from server.meetings.models import Meeting
from server.meetings.rights import MeetingRights, meeting_rights


async def visible_meeting(session: AsyncSession, meeting_id: int, actor: Actor) -> tuple[Meeting, MeetingRights]:
    """The meeting and the actor's rights in it. NotFound both for what is not there and for what the actor may not see,
    so that ids tell nothing."""
    return await _visible(session, await session.get(Meeting, meeting_id), actor)


async def overseen_meeting(session: AsyncSession, meeting_id: int, actor: Actor) -> tuple[Meeting, MeetingRights]:
    """The same for whoever organises, conducts or operates; NotAllowed for others who see it."""
    meeting, rights = await visible_meeting(session, meeting_id, actor)
    if not rights.oversee:
        raise NotAllowed()
    return meeting, rights


async def _visible(session: AsyncSession, meeting: Meeting | None, actor: Actor) -> tuple[Meeting, MeetingRights]:
    if meeting is None:
        raise NotFound()
    rights = await meeting_rights(session, meeting, actor)
    if not rights.view:
        raise NotFound()
    return meeting, rights


async def meeting_for_write(tx: Transaction, meeting_id: int) -> tuple[Meeting, MeetingRights]:
    """The same, with the meeting's row locked: see `locked_meeting`."""
    return await _visible(tx.session, await locked_meeting(tx, meeting_id), tx.actor)


async def locked_meeting(tx: Transaction, meeting_id: int) -> Meeting | None:
    """The meeting with its row locked, so that two writers of one meeting take turns. The lock lets rows that only
    refer to the meeting in (events, checks of points): those are written under the lock of its sequence and must not
    wait."""
    return await tx.session.get(Meeting, meeting_id, populate_existing=True, with_for_update={"key_share": True})
