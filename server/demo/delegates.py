"""Who sits in the halls of the demo's conference: the people of each unit, and more with invented names."""

from dataclasses import dataclass

from sqlalchemy import select

from server.accounts.models import Person
from server.audit.actions import record
from server.core.fields import folded
from server.core.transaction import Transaction
from server.demo.names import Names
from server.meetings.models import Delegate, Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit

_SEED = 2026
_OFFICERS = ("Kỹ thuật", "Thư ký điểm cầu")
"""Titles of those who work in the hall and are not on its list."""
_STAFF = ("quantri", "tochuc", "dieuphoi")
"""Who prepares and runs the conference."""
_TITLES = {
    "province": (
        "Ủy viên Ban Thường vụ Tỉnh ủy", "Tỉnh ủy viên", "Giám đốc sở", "Phó Giám đốc sở", "Trưởng ban",
        "Phó Trưởng ban",
    ),
    "district": (
        "Phó Bí thư Thường trực", "Chủ tịch Ủy ban nhân dân", "Trưởng Ban Tuyên giáo", "Trưởng Ban Tổ chức",
        "Chánh Văn phòng", "Trưởng phòng Văn hóa - Thông tin", "Trưởng Ban Dân vận", "Chủ nhiệm Ủy ban Kiểm tra",
    ),
    "commune": (
        "Phó Bí thư Đảng ủy", "Chủ tịch Ủy ban nhân dân xã", "Chủ tịch Mặt trận Tổ quốc", "Công chức Văn hóa - Xã hội",
        "Bí thư chi bộ thôn 1", "Bí thư chi bộ thôn 2", "Bí thư Đoàn thanh niên",
    ),
}  # fmt: skip
_SEATS = {"province": 18, "district": 9, "commune": 5}
"""Invented delegates a hall, beside the people of its unit."""


@dataclass(frozen=True, slots=True)
class _Hall:
    point: BridgePoint
    unit: Unit


async def add(tx: Transaction, meeting: Meeting) -> int:
    """Fills the lists of all halls, as the organiser who acts in `tx`. Returns how many were named."""
    rows = await tx.session.execute(
        select(BridgePoint, Unit)
        .join(MemberPoint, MemberPoint.point_id == BridgePoint.id)
        .join(Unit, Unit.id == BridgePoint.unit_id)
        .where(MemberPoint.meeting_id == meeting.id)
        .order_by(MemberPoint.id)
    )
    halls = [_Hall(point, unit) for point, unit in rows]
    known: dict[int, list[Person]] = {}
    for person in await tx.session.scalars(
        select(Person).where(Person.unit_id.in_({hall.unit.id for hall in halls})).order_by(Person.id)
    ):
        if person.login not in _STAFF and not person.title.startswith(_OFFICERS):
            known.setdefault(person.unit_id, []).append(person)
    names, total = Names(_SEED), 0
    for hall in halls:
        people = [*known.pop(hall.unit.id, ()), *_invented(hall, names)]
        tx.session.add_all(people)
        await tx.session.flush()
        tx.session.add_all(
            Delegate(
                meeting_id=meeting.id,
                person_id=person.id,
                point_id=hall.point.id,
                position=position,
                source="people",
                added_at=tx.now,
                added_by=tx.actor.person_id,
            )
            for position, person in enumerate(people)
        )
        total += len(people)
    await tx.session.flush()
    await record(tx, "delegates.added", "meeting", meeting.id, count=total)
    return total


def _invented(hall: _Hall, names: Names) -> list[Person]:
    titles = _TITLES.get(hall.unit.level, _TITLES["commune"])
    people = []
    for number in range(_SEATS.get(hall.unit.level, _SEATS["commune"])):
        name = names.vietnamese()
        people.append(
            Person(unit_id=hall.unit.id, full_name=name, search_name=folded(name), title=titles[number % len(titles)])
        )
    return people
