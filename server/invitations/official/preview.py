"""One letter to look at before many are made."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.core.actor import Actor
from server.core.config import Settings
from server.core.errors import NotAllowed
from server.invitations.entry_codes import url_of
from server.invitations.letters import Invited, place
from server.invitations.links import occasion_of
from server.invitations.official.form import when
from server.invitations.official.schemas import LetterFields
from server.invitations.official.typeset import Sheet, Text
from server.invitations.rights import list_rights
from server.meetings.models import Delegate
from server.organisations.models import BridgePoint, Unit

_NOBODY = Invited("Nguyễn Văn A", "chức vụ, đơn vị công tác", guest=False, place="Điểm cầu của đại biểu")
"""Where the list is empty still."""


async def of(
    session: AsyncSession, settings: Settings, meeting_id: int, actor: Actor, fields: LetterFields
) -> tuple[Text, list[Sheet]]:
    meeting, rights = await list_rights(session, meeting_id, actor)
    if not rights.everything:
        raise NotAllowed()
    first = (
        await session.execute(
            select(Person.full_name, Person.title, Delegate.role, BridgePoint.name, Unit.name)
            .join(Person, Person.id == Delegate.person_id)
            .outerjoin(BridgePoint, BridgePoint.id == Delegate.point_id)
            .outerjoin(Unit, Unit.id == BridgePoint.unit_id)
            .where(Delegate.meeting_id == meeting_id, Delegate.removed_at.is_(None))
            .order_by(Delegate.point_id, Delegate.position, Delegate.id)
            .limit(1)
        )
    ).first()
    who = Invited(first[0], first[1], first[2] == "guest", place(first[3], first[4])) if first else _NOBODY
    text = Text(await occasion_of(session, meeting), fields, when(meeting))
    return text, [Sheet(who, url_of(settings, meeting))]
