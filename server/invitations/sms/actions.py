"""Sending: at once to a few, by a job to many."""

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.links import make_bound_links
from server.audit.actions import record
from server.core.actor import Actor
from server.core.config import Settings
from server.core.database import in_parts
from server.core.errors import Conflict, NotAllowed
from server.core.services import Services
from server.core.transaction import Transaction
from server.invitations.links import AT_ONCE, Listed, listed, may_make, occasion_of, path_of
from server.invitations.replies.queries import silent_ids
from server.invitations.rights import list_rights
from server.invitations.sms.schemas import SmsPreview, SmsQueued, SmsWrite, Unreached
from server.invitations.sms.wording import Wording
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.parts import JobLost, note_progress
from server.jobs.workers import JobKind
from server.meetings.link_validity import valid_until
from server.meetings.models import Meeting
from server.notifications.sms.actions import Text, send_texts
from server.notifications.sms.gateway import is_real
from server.notifications.sms.lengths import MOST_PARTS, length_of
from server.notifications.sms.numbers import mobile_of

JOB = "sms.invite"
KINDS = {"invitation": "link.personal", "reminder": "reply.reminder"}
"""As `TextMessage.kind`."""
NAMED = 6
_LINK = "/join/" + "x" * 22
"""As long as one that is made (`accounts.tokens`)."""


class NobodyWithNumber(Conflict):
    code = "nobody-with-number"
    vi = "Trong những người này chưa ai có số di động. Bổ sung số điện thoại rồi gửi lại."
    en = "None of these people has a mobile number. Add numbers, then send again."


class TextTooLong(Conflict):
    code = "text-too-long"
    vi = f"Tin dài quá {MOST_PARTS} phần nên nhà mạng không nhận. Viết ngắn hơn, hoặc chọn không dấu."
    en = f"The message has more than {MOST_PARTS} parts, which networks refuse. Shorten it, or leave the marks out."


async def preview(services: Services, actor: Actor, meeting_id: int, write: SmsWrite) -> SmsPreview:
    """What would go out, to whom, and how much of it; of a draft, too. NotAllowed, Invalid."""
    wording = Wording(write.kind, write.text, write.accents)
    wording.check()

    async def work(session: AsyncSession) -> SmsPreview:
        meeting, rights = await list_rights(session, meeting_id, actor)
        if not rights.everything:
            raise NotAllowed()
        rows = await _meant(session, await listed(session, meeting_id, write.delegate_ids), meeting_id, write)
        occasion = await occasion_of(session, meeting)
        reached = [row for row in rows if mobile_of(row.phone)]
        without = [row for row in rows if not mobile_of(row.phone)]
        texts = [wording.of(occasion, row.who, services.settings.url + _LINK) for row in reached]
        lengths = [length_of(text) for text in texts]
        longest = max(range(len(texts)), key=lambda place: lengths[place].letters, default=None)
        length = length_of("") if longest is None else lengths[longest]
        return SmsPreview(
            text=wording.template,
            to_name="" if longest is None else reached[longest].who.full_name,
            sample="" if longest is None else texts[longest],
            encoding=length.encoding,
            letters=length.letters,
            parts=length.parts,
            people=len(reached),
            messages=sum(each.parts for each in lengths),
            without_number=len(without),
            unreached=[_unreached(row) for row in without[:NAMED]],
            gateway=is_real(services.settings),
        )

    return await services.database.beside(work)


def _unreached(row: Listed) -> Unreached:
    return Unreached(
        delegate_id=row.delegate_id, full_name=row.who.full_name, point_name=row.who.place, phone=row.phone or ""
    )


async def send(services: Services, actor: Actor, meeting_id: int, write: SmsWrite) -> SmsQueued:
    """To everybody meant who has a mobile number, each with a link of their own. NobodyWithNumber, TextTooLong."""
    counted = await preview(services, actor, meeting_id, write)
    if not counted.people:
        raise NobodyWithNumber()
    if counted.parts > MOST_PARTS:
        raise TextTooLong()
    async with services.transactions(actor) as tx:
        await may_make(tx.session, meeting_id, actor, [])
        data = {"meeting_id": meeting_id, "asked": write.model_dump(), "after": 0}
        await enqueue(tx, JOB, {**data, "by": {"person_id": actor.person_id, "name": actor.name}})
        await record(
            tx,
            "sms.asked",
            "meeting",
            meeting_id,
            kind=write.kind,
            people=counted.people,
            messages=counted.messages,
        )
    return SmsQueued(people=counted.people, messages=counted.messages)


async def carry_out(services: Services, job: Job) -> None:
    """`JOB`. Whether the actor may was decided when it was asked for; who was taken off the list meanwhile, or has
    answered, gets nothing."""
    data = job.data
    meeting_id, write = data["meeting_id"], SmsWrite.model_validate(data["asked"])
    by = Actor(person_id=data["by"]["person_id"], name=data["by"]["name"])

    async def meant(session: AsyncSession) -> list[Listed]:
        return await _meant(session, await listed(session, meeting_id, write.delegate_ids), meeting_id, write)

    rows = await services.database.beside(meant)
    left = sorted((row for row in rows if row.delegate_id > data["after"]), key=lambda row: row.delegate_id)
    wording = Wording(write.kind, write.text, write.accents)
    try:
        for some in in_parts(left, AT_ONCE):
            async with services.transactions(by) as tx:
                meeting = await tx.session.get(Meeting, meeting_id)
                if meeting is None or meeting.state == "draft":
                    return
                await text_some(tx, services.settings, meeting, some, wording)
                await note_progress(tx, job, after=some[-1].delegate_id)
    except JobLost:
        return


sms_invite_job = JobKind(JOB, carry_out, first_pause=5.0)


async def text_some(
    tx: Transaction, settings: Settings, meeting: Meeting, rows: Sequence[Listed], wording: Wording
) -> None:
    """A message to each of these who has a mobile number."""
    numbers = {row.person_id: number for row in rows if (number := mobile_of(row.phone))}
    if not numbers:
        return
    until = valid_until(meeting, tx.now)
    links = await make_bound_links(
        tx, meeting.id, list(numbers), next_path=path_of(meeting.id), expires_at=until, short=True
    )
    occasion = await occasion_of(tx.session, meeting)
    texts = [
        Text(
            kind=KINDS[wording.kind],
            to_number=numbers[row.person_id],
            to_name=row.who.full_name,
            text=wording.of(occasion, row.who, settings.url + links[row.person_id].path),
            meeting_id=meeting.id,
            person_id=row.person_id,
            secret=True,
        )
        for row in rows
        if row.person_id in numbers
    ]
    await send_texts(tx, texts)


async def _meant(session: AsyncSession, rows: Collection[Listed], meeting_id: int, write: SmsWrite) -> list[Listed]:
    silent = await silent_ids(session, meeting_id) if write.kind == "reminder" else None
    return [
        row for row in rows if (silent is None or row.delegate_id in silent) and not (write.without_email and row.email)
    ]
