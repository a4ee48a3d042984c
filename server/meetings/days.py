"""The days of a meeting that lasts several, each with its own hours by the clock on the wall, and when the items of the
agenda come. Days are counted from the first: put off to another week, a meeting keeps its days."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from server.core.clock import VIETNAM

MOST_DAYS = 15
WallTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""By the clock on the wall."""


class MeetingDay(BaseModel):
    model_config = ConfigDict(extra="forbid")

    after: Annotated[int, Field(ge=0, lt=MOST_DAYS)]
    """Days after the first one; the first itself: 0."""
    start: WallTime
    end: WallTime


class Placed(Protocol):
    day: Any
    """Place of its day among the meeting's, from 0."""
    minutes: Any


def fitted(days: Sequence[MeetingDay], starts_at: datetime, ends_at: datetime) -> list[MeetingDay]:
    """The days as start and end have them: the first begins with the meeting, the last is the one on which it ends.
    None where it ends on the day on which it starts."""
    last = (_wall(ends_at).date() - _wall(starts_at).date()).days
    if last <= 0 or not days:
        return []
    first = days[0].model_copy(update={"after": 0, "start": f"{_wall(starts_at):%H:%M}"})
    between = [day for day in days[1:] if 0 < day.after < last]
    ending = next((day for day in days if day.after == last), days[-1])
    return [first, *between, ending.model_copy(update={"after": last, "end": f"{_wall(ends_at):%H:%M}"})]


def days_wrong(days: Sequence[MeetingDay]) -> dict[str, tuple[str, str]]:
    wrong: dict[str, tuple[str, str]] = {}
    for index, day in enumerate(days):
        if day.end <= day.start:
            wrong[f"days.{index}.end"] = ("Giờ kết thúc phải sau giờ bắt đầu.", "The end must come after the start.")
        if index > 0 and day.after <= days[index - 1].after:
            wrong[f"days.{index}.after"] = (
                "Các ngày phải khác nhau và theo thứ tự.",
                "Days must differ and stand in their order.",
            )
    return wrong


def spans(starts_at: datetime, ends_at: datetime, days: Sequence[MeetingDay]) -> list[tuple[datetime, datetime]]:
    """From when to when it is held, day by day; the whole of a meeting without days of its own."""
    if not days:
        return [(starts_at, ends_at)]
    first = _wall(starts_at).date()
    return [(_on(first, day.after, day.start), _on(first, day.after, day.end)) for day in days]


def beginnings(starts_at: datetime, days: Sequence[MeetingDay], items: Sequence[Placed]) -> list[datetime]:
    """When each item begins if all keep to their minutes. Items stand in their order."""
    starts = [start for start, _ in spans(starts_at, starts_at, days)]
    spent: dict[int, timedelta] = {}
    found = []
    for item in items:
        day = min(item.day, len(starts) - 1)
        found.append(starts[day] + spent.get(day, timedelta()))
        spent[day] = spent.get(day, timedelta()) + timedelta(minutes=item.minutes)
    return found


def hours_of(starts_at: datetime, ends_at: datetime, days: Sequence[MeetingDay]) -> str:
    """ "08/12 07:30–17:00, 09/12 07:30–11:30"; "" of a meeting of one day."""
    if not days:
        return ""
    return ", ".join(f"{_wall(start):%d/%m %H:%M}–{_wall(end):%H:%M}" for start, end in spans(starts_at, ends_at, days))


def _wall(moment: datetime) -> datetime:
    return moment.astimezone(VIETNAM)


def _on(first: date, after: int, at: str) -> datetime:
    return datetime.combine(first + timedelta(days=after), time.fromisoformat(at), VIETNAM)
