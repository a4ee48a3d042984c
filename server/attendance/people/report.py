"""What the report by unit says, for the workbook and the printed page alike."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.attendance.people import roster
from server.attendance.people.check_in import names
from server.attendance.people.queries import UNPLACED_NAME, rolled_up
from server.attendance.people.roster import Listed
from server.attendance.people.schemas import TurnoutOut, TurnoutPoint
from server.attendance.people.status import AttendanceStatus
from server.core.actor import Actor
from server.invitations.official.actions import letter_of
from server.meetings.access import overseen_meeting
from server.meetings.models import Meeting
from server.organisations.models import Unit

STATES = {
    "expected": "Chưa đến",
    "present": "Có mặt",
    "online": "Dự trực tuyến",
    "leave": "Vắng có lý do",
    "absent": "Vắng không lý do",
    "left": "Đã về",
}
WAYS = {
    "qr": "Quét mã",
    "list": "Danh sách",
    "group": "Cả nhóm",
    "online": "Trực tuyến",
    "by-hand": "Sửa bằng tay",
}
ROLES = {"delegate": "Đại biểu", "guest": "Khách mời"}


@dataclass(frozen=True, slots=True)
class Row:
    """One delegate."""

    point_name: str
    person: Listed
    said: AttendanceStatus
    elsewhere: str
    """The hall where they are, if it is not their own."""

    @property
    def state(self) -> str:
        if self.person.represented:
            return "Vắng, có người dự thay"
        return STATES[self.said.state]

    @property
    def missing(self) -> bool:
        return self.person.represented or self.said.state in ("leave", "absent")


@dataclass(frozen=True)
class Report:
    meeting: Meeting
    unit_name: str
    party: bool
    """Written in the Party's form, as the meeting's letter of invitation is."""
    place: str
    """Where it is written, as in a letter's head."""
    chair: str
    secretary: str
    turnout: TurnoutOut
    rows: list[Row]
    """In the order of the halls in the tree, and of each hall's list."""

    @property
    def generated_at(self) -> datetime:
        return self.turnout.as_of

    @property
    def missing(self) -> list[Row]:
        """With leave, without, and those represented by somebody else."""
        return [row for row in self.rows if row.missing]


async def load(session: AsyncSession, meeting_id: int, actor: Actor, now: datetime) -> Report:
    """For whoever organises, conducts or operates; NotAllowed for others."""
    meeting, _ = await overseen_meeting(session, meeting_id, actor)
    turnout = await rolled_up(session, meeting, now)
    people: dict[int | None, list[Listed]] = defaultdict(list)
    for person in await roster.whole(session, meeting):
        people[person.point_id].append(person)
    halls = await names(session, roster.points_of(each for group in people.values() for each in group))
    unit = await session.get_one(Unit, meeting.unit_id)
    return Report(
        meeting=meeting,
        unit_name=unit.name,
        party=(await letter_of(session, meeting)).fields.form == "party",
        place=unit.short_name,
        chair=await _name(session, meeting.chair_id),
        secretary=await _name(session, meeting.secretary_id),
        turnout=turnout,
        rows=[_row(point, person, halls) for point in turnout.points for person in people[point.point_id]],
    )


async def _name(session: AsyncSession, person_id: int | None) -> str:
    person = await session.get(Person, person_id) if person_id is not None else None
    return person.full_name if person else ""


def _row(point: TurnoutPoint, person: Listed, halls: dict[int, str]) -> Row:
    said = person.shown
    away = said.point_id if said.point_id not in (None, person.point_id) else None
    return Row(
        point_name=point.name if point.point_id is not None else UNPLACED_NAME,
        person=person,
        said=said,
        elsewhere=halls.get(away, "") if away is not None else "",
    )
