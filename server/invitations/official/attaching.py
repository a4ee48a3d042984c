"""The files that go with an invitation by e-mail: the letter as PDF, and the meeting for the calendar. Made when it
goes out: none of twelve thousand is kept."""

import asyncio
from collections.abc import Sequence
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from server.core.services import Services
from server.invitations.letters import Invited, where
from server.invitations.links import occasion_of
from server.invitations.official.actions import letter_of
from server.invitations.official.typeset import Sheet, Text, apart, typeset
from server.meetings.calendar import Entry, calendar
from server.meetings.models import Meeting
from server.notifications.hooks import Attachment
from server.notifications.models import Mail

KIND = "invitation"
PDF_NAME, ICS_NAME = "giay-moi.pdf", "cuoc-hop.ics"


async def attach(services: Services, mails: Sequence[Mail]) -> dict[int, list[Attachment]]:
    """For `MailHooks`. Of a meeting that is gone: nothing."""
    found: dict[int, list[Attachment]] = {mail.id: [] for mail in mails}
    for meeting_id in {mail.meeting_id for mail in mails if mail.meeting_id is not None}:
        theirs = [mail for mail in mails if mail.meeting_id == meeting_id]
        about = await services.database.beside(partial(_about, meeting_id=meeting_id))
        if about is not None:
            text, meeting = about
            found |= await asyncio.to_thread(_made, text, meeting, theirs, services.settings.url)
    return found


async def _about(session: AsyncSession, *, meeting_id: int) -> tuple[Text, Meeting] | None:
    meeting = await session.get(Meeting, meeting_id)
    if meeting is None:
        return None
    letter = await letter_of(session, meeting)
    return Text(await occasion_of(session, meeting), letter.fields, letter.when), meeting


def _made(text: Text, meeting: Meeting, mails: Sequence[Mail], url: str) -> dict[int, list[Attachment]]:
    sheets = [_sheet(text, mail, url, f"{url}/m/{meeting.public_code}") for mail in mails]
    letters = apart(typeset(text, sheets))
    entries = {place: calendar(_entry(text, meeting, place, url)) for place in {where(sheet.who) for sheet in sheets}}
    return {
        mail.id: [
            Attachment(PDF_NAME, "application/pdf", pdf),
            Attachment(ICS_NAME, "text/calendar; charset=utf-8; method=PUBLISH", entries[where(sheet.who)]),
        ]
        for mail, sheet, pdf in zip(mails, sheets, letters, strict=True)
    }


def _sheet(text: Text, mail: Mail, url: str, common: str) -> Sheet:
    assert mail.attached is not None  # noqa: S101  only such are asked for
    said = mail.attached
    who = Invited(mail.to_name, said["title"], said["guest"], said["place"])
    return Sheet(who, url + said["path"] if text.fields.personal_code else common)


def _entry(text: Text, meeting: Meeting, place: str, url: str) -> Entry:
    """Without the personal link: calendars are shared."""
    fields = text.fields
    lines = [fields.content, f"Chủ trì: {fields.presiding}" if fields.presiding else "", text.occasion.contact]
    if fields.early_minutes:
        lines.append(f"Có mặt trước {fields.early_minutes} phút.")
    return Entry(
        uid=f"meeting-{meeting.public_code}@nhipcau",
        sequence=meeting.version,
        title=meeting.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        location=place,
        description="\n".join(line for line in lines if line),
        url=f"{url}/meetings/{meeting.id}/delegate",
        changed_at=meeting.created_at,
    )
