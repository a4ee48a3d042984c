"""A meeting as a calendar's entry (RFC 5545)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from icalendar import Event

PRODUCT = "-//Nhip Cau//VI"


@dataclass(frozen=True, slots=True)
class Entry:
    uid: str
    """The same for one meeting at all times: a changed one takes the earlier one's place."""
    sequence: int
    """Grows with each change (RFC 5545 section 3.8.7.4)."""
    title: str
    starts_at: datetime
    ends_at: datetime
    location: str
    description: str
    url: str
    changed_at: datetime
    cancelled: bool = False
    reminder: timedelta | None = timedelta(minutes=60)
    organizer: str = ""
    """E-mail address; who is told that an entry is gone goes by it (RFC 5546 section 3.2.5)."""


def event(entry: Entry) -> "Event":
    # A fifth of a second to load, and most processes make no calendar.
    from icalendar import Alarm, Event, vDuration, vText  # noqa: PLC0415

    made = Event()
    made.add("uid", entry.uid)
    made.add("sequence", entry.sequence)
    made.add("dtstamp", entry.changed_at)
    made.add("dtstart", entry.starts_at)
    made.add("dtend", entry.ends_at)
    made.add("summary", entry.title)
    made.add("location", entry.location)
    made.add("description", entry.description)
    made.add("url", entry.url)
    if entry.organizer:
        made.add("organizer", f"mailto:{entry.organizer}")
    made.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    made.add("transp", "OPAQUE")
    if entry.reminder is not None and not entry.cancelled:
        alarm = Alarm()
        alarm.add("action", vText("DISPLAY"))
        alarm.add("description", entry.title)
        alarm.add("trigger", vDuration(-entry.reminder))
        made.add_component(alarm)
    return made


def by_day(entry: Entry, spans: Sequence[tuple[datetime, datetime]]) -> list[Entry]:
    """One entry for each day of a meeting that lasts several: nights stay free, and it does not fill the head of a week
    as one over the whole span does. The first bears the meeting's own UID."""
    if len(spans) < 2:
        return [entry]
    name, _, host = entry.uid.partition("@")
    return [
        replace(
            entry,
            uid=entry.uid if index == 0 else f"{name}-{index + 1}@{host}",
            title=f"{entry.title} ({index + 1}/{len(spans)})",
            starts_at=start,
            ends_at=end,
        )
        for index, (start, end) in enumerate(spans)
    ]


def calendar(*entries: Entry, method: str = "PUBLISH", name: str = "") -> bytes:
    """A file "….ics". "PUBLISH" (RFC 5546 section 3.2.1) asks for no reply by e-mail: replies come by the personal
    link."""
    from icalendar import Calendar  # noqa: PLC0415

    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("method", method)
    if name:
        made.add("x-wr-calname", name)
    for entry in entries:
        made.add_component(event(entry))
    content: bytes = made.to_ical()
    return content


def at_places(entry: Entry, places: Collection[str]) -> dict[str, bytes]:
    """As `calendar` of one meeting that is held at each of these: the files differ in a line."""
    whole, line = calendar(entry), _location(entry.location)
    return {place: whole.replace(line, _location(place), 1) for place in places}


def _location(place: str) -> bytes:
    from icalendar import Parameters, vText  # noqa: PLC0415
    from icalendar.parser import Contentline  # noqa: PLC0415

    line: bytes = Contentline.from_parts("LOCATION", Parameters(), vText(place)).to_ical()
    return line + b"\r\n"
