"""The calendar file of an e-mail that says what has become of a meeting: it takes the place of the entry that came with
the invitation, or takes it away (RFC 5546 sections 3.2.1 and 3.2.5). Made when it goes out, as the meeting is then."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from email.utils import parseaddr

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.services import Services
from server.meetings.calendar import Entry, calendar
from server.meetings.days import hours_of
from server.meetings.models import Delegate, Meeting
from server.notifications.hooks import Attachment, Files, Recipe
from server.notifications.models import Mail
from server.organisations.models import BridgePoint, Unit

KIND = "announcement"
NAME = "cuoc-hop.ics"
_OFF = ("postponed", "cancelled")


async def attach(services: Services, mails: Sequence[Mail]) -> list[Recipe]:
    """For `MailHooks`. Of a meeting that is gone: nothing."""
    settings = services.settings
    organizer = parseaddr(settings.mail_from)[1]
    entries: dict[int, Entry] = {}
    async with services.database.read() as session:
        for meeting_id in {mail.meeting_id for mail in mails if mail.meeting_id is not None}:
            meeting = await session.get(Meeting, meeting_id)
            if meeting is None:
                continue
            theirs = [mail for mail in mails if mail.meeting_id == meeting_id]
            places = await _places(session, meeting, [mail.person_id for mail in theirs])
            unit = await session.get_one(Unit, meeting.unit_id)
            about = _entry(meeting, unit.name, settings.url, organizer)
            entries |= {
                mail.id: replace(about, location=places[mail.person_id], changed_at=mail.created_at) for mail in theirs
            }
    return [Recipe(made, (entries,))] if entries else []


def made(entries: Mapping[int, Entry]) -> Files:
    """By `Mail.id`."""
    files: Files = {}
    for mail_id, entry in entries.items():
        method = "CANCEL" if entry.cancelled else "PUBLISH"
        content = calendar(entry, method=method)
        files[mail_id] = [Attachment(NAME, f"text/calendar; charset=utf-8; method={method}", content)]
    return files


def _entry(meeting: Meeting, unit_name: str, url: str, organizer: str) -> Entry:
    """Without the personal link: calendars are shared."""
    return Entry(
        uid=f"meeting-{meeting.public_code}@nhipcau",
        sequence=meeting.version,
        title=meeting.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        location="",
        description=f"{unit_name}\n{hours_of(meeting.starts_at, meeting.ends_at, meeting.days)}".strip(),
        url=f"{url}/meetings/{meeting.id}/delegate",
        changed_at=meeting.created_at,
        cancelled=meeting.state in _OFF,
        organizer=organizer,
    )


async def _places(session: AsyncSession, meeting: Meeting, people: Sequence[int | None]) -> dict[int | None, str]:
    """Where each of these is expected; who stands on no list: at the main point."""
    main = await session.get_one(BridgePoint, meeting.main_point_id)
    places: dict[int | None, str] = dict.fromkeys(people, f"Điểm cầu chính: {main.name}")
    rows = await session.execute(
        select(Delegate.person_id, BridgePoint.name)
        .outerjoin(BridgePoint, BridgePoint.id == Delegate.point_id)
        .where(
            Delegate.meeting_id == meeting.id,
            Delegate.removed_at.is_(None),
            Delegate.person_id.in_(set(people) - {None}),
        )
    )
    for person_id, name in rows:
        places[person_id] = f"Điểm cầu {name}" if name else "Dự trực tuyến, qua liên kết dự họp riêng"
    return places
