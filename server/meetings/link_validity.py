"""How long personal links to a meeting are good."""

from datetime import datetime, timedelta

from server.meetings.models import Meeting

VALID_AFTER = timedelta(days=14)
"""After the meeting's planned end: conclusions and papers are read for some days."""


def valid_until(meeting: Meeting, now: datetime) -> datetime:
    return max(meeting.ends_at, now) + VALID_AFTER
