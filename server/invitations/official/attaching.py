"""The files that go with an invitation by e-mail: the letter as PDF, and the meeting for the calendar. Made when it
goes out: none of twelve thousand is kept."""

from collections.abc import Mapping, Sequence
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from server.core.services import Services
from server.invitations.letters import ONLINE_PLACE, Invited, where
from server.invitations.links import occasion_of
from server.invitations.official.actions import letter_of
from server.invitations.official.typeset import Sheet, Text, singles
from server.meetings.calendar import Entry, at_places
from server.meetings.days import hours_of
from server.meetings.models import Meeting
from server.notifications.hooks import Attachment, Files, Recipe
from server.notifications.models import Mail

KIND = "invitation"
PDF_NAME, ICS_NAME = "giay-moi.pdf", "cuoc-hop.ics"


async def attach(services: Services, mails: Sequence[Mail]) -> list[Recipe]:
    """For `MailHooks`. Of a meeting that is gone: nothing."""
    found = []
    for meeting_id in {mail.meeting_id for mail in mails if mail.meeting_id is not None}:
        theirs = [mail for mail in mails if mail.meeting_id == meeting_id]
        about = await services.database.beside(partial(_about, meeting_id=meeting_id))
        if about is not None:
            text, meeting = about
            found.append(_recipe(text, meeting, theirs, services.settings.url))
    return found


async def _about(session: AsyncSession, *, meeting_id: int) -> tuple[Text, Meeting] | None:
    meeting = await session.get(Meeting, meeting_id)
    if meeting is None:
        return None
    letter = await letter_of(session, meeting)
    return Text(await occasion_of(session, meeting), letter.fields, letter.when), meeting


def _recipe(text: Text, meeting: Meeting, mails: Sequence[Mail], url: str) -> Recipe:
    sheets = {mail.id: _sheet(text, mail, url, f"{url}/m/{meeting.public_code}") for mail in mails}
    return Recipe(made, (text, sheets, _entry(text, meeting, url)))


def made(text: Text, sheets: Mapping[int, Sheet], entry: Entry) -> Files:
    """By `Mail.id`. Two milliseconds each."""
    letters = singles(text, list(sheets.values()))
    calendars = at_places(entry, {where(sheet.who) for sheet in sheets.values()})
    return {
        mail_id: [
            Attachment(PDF_NAME, "application/pdf", letter.own, letter.shared),
            Attachment(ICS_NAME, "text/calendar; charset=utf-8; method=PUBLISH", calendars[where(sheet.who)]),
        ]
        for (mail_id, sheet), letter in zip(sheets.items(), letters, strict=True)
    }


def _sheet(text: Text, mail: Mail, url: str, common: str) -> Sheet:
    assert mail.attached is not None  # noqa: S101  only such are asked for
    said = mail.attached
    who = Invited(mail.to_name, said["title"], said["guest"], said["place"])
    return Sheet(who, url + said["path"] if text.fields.personal_code else common)


def _entry(text: Text, meeting: Meeting, url: str) -> Entry:
    """Wherever it is. Without the personal link: calendars are shared."""
    fields = text.fields
    lines = [
        hours_of(meeting.starts_at, meeting.ends_at, meeting.days),
        fields.content,
        f"Chủ trì: {fields.presiding}" if fields.presiding else "",
        text.occasion.contact,
    ]
    if fields.early_minutes:
        lines.append(f"Có mặt trước {fields.early_minutes} phút.")
    return Entry(
        uid=f"meeting-{meeting.public_code}@nhipcau",
        sequence=meeting.version,
        title=meeting.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        location=ONLINE_PLACE,
        description="\n".join(line for line in lines if line),
        url=f"{url}/meetings/{meeting.id}/delegate",
        changed_at=meeting.created_at,
    )
