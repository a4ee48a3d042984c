"""Sign-in links of the demo: for whoever runs it, and for the simulated halls."""

from dataclasses import dataclass

from sqlalchemy import select

from server.accounts.actions.links import create_link
from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.core.transaction import Transaction
from server.demo.load import conference
from server.meetings.models import Meeting
from server.organisations.models import BridgePoint, Unit

SIMULATED = (
    "Hội trường Tỉnh ủy",
    "Huyện ủy Lạc Dương",
    "Huyện ủy Đức Trọng",
    "Đạ Sar",
    "Đưng K'Nớ",
    "Thành ủy Bảo Lộc",
    "Tà Năng",
    "Đồng Nai Thượng",
    "Huyện ủy Di Linh",
    "Liêng Srônh",
    "Pró",
    "Lộc Bắc",
)
"""Halls that come in by themselves, in this order."""
_VISITORS_HALL = "Lát"
"""A commune hall left to whoever looks at the demo."""
_VISITORS_DELEGATE = "Đạ Sar"


@dataclass(frozen=True, slots=True)
class SignInLink:
    vi: str
    en: str
    who: str
    path: str


async def visitors_links(services: Services) -> list[SignInLink]:
    """Fresh links for a look at the conference from every side. Earlier ones stay valid until they expire."""
    async with services.transactions(SYSTEM) as tx:
        meeting = await conference(tx.session)
        organiser = await tx.session.get_one(Person, meeting.created_by)
        chair = await tx.session.get_one(Person, meeting.chair_id)
        operator = await _login(tx, "dieuphoi")
        hall = await _point(tx, _VISITORS_HALL)
        delegate = await _delegate(tx, _VISITORS_DELEGATE)
        console = f"/meetings/{meeting.id}/console"
        seat = f"/meetings/{meeting.id}/delegate"
        return [
            await _personal(tx, "Ban tổ chức", "Organiser", organiser, "/"),
            await _personal(tx, "Chủ trì", "Chair", chair, console),
            await _personal(tx, "Điều phối kỹ thuật", "Operator", operator, console),
            SignInLink(
                "Điểm cầu xã",
                "Commune hall",
                f"{hall.name} ({(await _unit_of(tx, hall)).name})",
                (await create_link(tx, point_id=hall.id, next_path="/hall"))[0],
            ),
            await _personal(tx, "Đại biểu", "Delegate", delegate, seat),
        ]


async def hall_links(services: Services, count: int) -> list[dict[str, str | int]]:
    """One line for each simulated hall: {"link", "meeting_id", "point_id", "name", "unit"}."""
    async with services.transactions(SYSTEM) as tx:
        meeting = await conference(tx.session)
        return [await _hall_line(tx, meeting, name) for name in SIMULATED[:count]]


async def _hall_line(tx: Transaction, meeting: Meeting, name: str) -> dict[str, str | int]:
    point = await _point(tx, name)
    unit = await _unit_of(tx, point)
    # Each start gives the simulated halls new links and ends the old ones.
    link, _ = await create_link(tx, point_id=point.id, next_path="/hall", days=400, replace=True)
    return {"link": link, "meeting_id": meeting.id, "point_id": point.id, "name": point.short_name, "unit": unit.name}


async def _personal(tx: Transaction, vi: str, en: str, person: Person, next_path: str) -> SignInLink:
    link, _ = await create_link(tx, person_id=person.id, next_path=next_path)
    return SignInLink(vi, en, person.full_name, link)


async def _login(tx: Transaction, login: str) -> Person:
    return (await tx.session.scalars(select(Person).where(Person.login == login))).one()


async def _delegate(tx: Transaction, point_name: str) -> Person:
    """Who speaks for the point's unit."""
    point = await _point(tx, point_name)
    people = await tx.session.scalars(
        select(Person).where(Person.unit_id == point.unit_id, Person.title.startswith("Bí thư")).limit(1)
    )
    return people.one()


async def _point(tx: Transaction, name: str) -> BridgePoint:
    return (await tx.session.scalars(select(BridgePoint).where(BridgePoint.name == name))).one()


async def _unit_of(tx: Transaction, point: BridgePoint) -> Unit:
    return await tx.session.get_one(Unit, point.unit_id)
