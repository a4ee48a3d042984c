"""Working on a meeting's letter."""

from sqlalchemy.ext.asyncio import AsyncSession

from server.audit.actions import record
from server.audit.revisions import next_revision
from server.core.actor import Actor
from server.core.errors import NotAllowed
from server.core.transaction import Transaction
from server.invitations.official.form import proposed, when
from server.invitations.official.models import InvitationLetter
from server.invitations.official.schemas import LetterFields, LetterOut
from server.invitations.rights import list_for_write, list_rights
from server.meetings.models import Meeting


async def letter(session: AsyncSession, meeting_id: int, actor: Actor) -> LetterOut:
    """For who keeps the lists."""
    meeting, rights = await list_rights(session, meeting_id, actor)
    if not rights.everything:
        raise NotAllowed()
    return await letter_of(session, meeting)


async def letter_of(session: AsyncSession, meeting: Meeting) -> LetterOut:
    """As somebody left it, else as proposed."""
    row = await session.get(InvitationLetter, meeting.id)
    fields = LetterFields.model_validate(row.fields) if row is not None else await proposed(session, meeting)
    return LetterOut(fields=fields, revision=row.revision if row is not None else 0, when=when(meeting))


async def save(tx: Transaction, meeting_id: int, fields: LetterFields, seen: int | None) -> LetterOut:
    """EditedMeanwhile if somebody else has saved since."""
    meeting, rights = await list_for_write(tx, meeting_id)
    if not rights.everything:
        raise NotAllowed()
    row = await tx.session.get(InvitationLetter, meeting_id, populate_existing=True)
    kept = fields.model_dump(mode="json")
    if row is None:
        row = InvitationLetter(meeting_id=meeting_id, fields=kept, edited_at=tx.now, revision=1)
        tx.session.add(row)
    else:
        now = LetterOut(fields=LetterFields.model_validate(row.fields), revision=row.revision, when=when(meeting))

        async def current() -> object:
            return now.model_dump(mode="json")

        await next_revision(tx, row, seen or None, "letter.edited", current)
        row.fields, row.edited_at = kept, tx.now
    await tx.session.flush()
    await record(tx, "letter.edited", "letter", meeting_id, meeting_id=meeting_id)
    return await letter_of(tx.session, meeting)
