"""Rows for tests: a small province with people in every role, and whatever else a test says it needs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions import sessions
from server.accounts.models import Person, RoleGrant
from server.accounts.queries import grants_of
from server.core.actor import SYSTEM, Actor, Role
from server.core.config import Settings
from server.core.fields import folded
from server.core.services import Services
from server.core.transaction import Transaction
from server.devices.actions import make_code
from server.devices.models import DeviceCode, HallDevice
from server.exchange.models import ImportBatch, ImportRow
from server.meetings.models import AgendaItem, Delegate, Meeting, MemberPoint
from server.meetings.planning.models import MeetingTemplate, PointGroup, PointGroupMember
from server.organisations.models import BridgePoint, Unit

MORNING = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
"""07:30 in Việt Nam."""


async def unit(session: AsyncSession, name: str, parent: Unit | None = None, level: str = "commune") -> Unit:
    made = Unit(name=name, short_name=name, parent_id=parent and parent.id, path=f"new {name}", level=level)
    session.add(made)
    await session.flush()
    made.path = f"{parent.path if parent else '/'}{made.id}/"
    await session.flush()
    return made


async def point(session: AsyncSession, of: Unit, name: str | None = None) -> BridgePoint:
    made = BridgePoint(unit_id=of.id, name=name or of.name, short_name=(name or of.name)[:60])
    session.add(made)
    await session.flush()
    return made


async def person(session: AsyncSession, of: Unit, name: str, *roles: Role, login: str | None = None) -> Person:
    """With these roles at the unit."""
    made = Person(unit_id=of.id, full_name=name, search_name=folded(name), login=login)
    session.add(made)
    await session.flush()
    session.add_all(RoleGrant(person_id=made.id, role=role, unit_id=of.id) for role in roles)
    await session.flush()
    return made


async def actor_of(session: AsyncSession, who: Person) -> Actor:
    return Actor(person_id=who.id, name=who.full_name, grants=await grants_of(session, who.id))


def device_of(hall: BridgePoint) -> Actor:
    return Actor(point_id=hall.id, name=f"Điểm cầu {hall.name}")


async def meeting(
    session: AsyncSession,
    of: Unit,
    points: list[BridgePoint],
    *,
    state: str = "draft",
    chair: Person | None = None,
    secretary: Person | None = None,
    created_by: Person | None = None,
    agenda: tuple[str, ...] = ("Khai mạc", "Báo cáo", "Thảo luận"),
    presenter: Person | None = None,
    starts_at: datetime = MORNING,
    title: str = "Hội nghị thử",
) -> Meeting:
    """The first of `points` is the main point; `presenter` presents the last item."""
    made = Meeting(
        unit_id=of.id,
        kind="hoi-nghi",
        title=title,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
        main_point_id=points[0].id,
        chair_id=chair and chair.id,
        secretary_id=secretary and secretary.id,
        created_by=created_by and created_by.id,
        created_at=starts_at - timedelta(days=7),
        state=state,
        started_at=starts_at if state in ("running", "ended") else None,
        ended_at=starts_at + timedelta(hours=3) if state == "ended" else None,
    )
    session.add(made)
    await session.flush()
    session.add_all(MemberPoint(meeting_id=made.id, point_id=each.id) for each in points)
    items = [AgendaItem(meeting_id=made.id, position=i, title=title, minutes=20) for i, title in enumerate(agenda)]
    if presenter and items:
        items[-1].presenter_id = presenter.id
    session.add_all(items)
    await session.flush()
    return made


async def import_batch(session: AsyncSession, of: Unit, name: str = "Mới") -> ImportBatch:
    """A file of one new point for the unit, read and good."""
    facts = {"name": name, "short_name": name[:60], "unit": of.id, "position": 0, "closed": False}
    blank = ("seats", "address", "contact_name", "contact_phone", "equipment", "main_line", "backup_line")
    made = ImportBatch(
        kind="points",
        state="ready",
        file_name=f"{name}.xlsx",
        scopes=[of.id],
        scope_id=of.id,
        created_at=MORNING,
        rows=1,
        added=1,
    )
    session.add(made)
    await session.flush()
    after = {**facts, **dict.fromkeys(blank)}
    session.add(ImportRow(batch_id=made.id, number=5, verdict="added", label=name, after=after))
    await session.flush()
    return made


async def template(session: AsyncSession, of: Unit, name: str) -> MeetingTemplate:
    plan = {"kind": "cuoc-hop", "title": "Giao ban tuần {tuần}", "start": "08:00", "minutes": 90}
    made = MeetingTemplate(unit_id=of.id, name=name, plan=plan, saved_at=MORNING)
    session.add(made)
    await session.flush()
    return made


async def group(session: AsyncSession, of: Unit, name: str, points: list[BridgePoint]) -> PointGroup:
    made = PointGroup(unit_id=of.id, name=name, saved_at=MORNING)
    session.add(made)
    await session.flush()
    session.add_all(PointGroupMember(group_id=made.id, point_id=each.id) for each in points)
    await session.flush()
    return made


@dataclass
class Province:
    """Lâm Đồng in small: the province, two districts, two communes in the first and one in the second. Every unit has a
    bridge point; the halls' technicians sit in the first commune and in both districts."""

    root: Unit
    lac_duong: Unit
    duc_trong: Unit
    da_sar: Unit
    lat: Unit
    hiep_an: Unit
    main: BridgePoint
    lac_duong_hall: BridgePoint
    duc_trong_hall: BridgePoint
    da_sar_hall: BridgePoint
    lat_hall: BridgePoint
    hiep_an_hall: BridgePoint
    admin: Person
    organiser: Person
    operator: Person
    chair: Person
    secretary: Person
    presenter: Person
    technician: Person
    """Of Đạ Sar."""
    hall_secretary: Person
    """Of Đạ Sar."""
    delegate: Person
    """Of Đạ Sar."""
    district_technician: Person
    """Of Lạc Dương and all its communes."""
    district_organiser: Person
    """Of Đức Trọng."""
    stranger: Person
    """Without any role."""

    @property
    def halls(self) -> list[BridgePoint]:
        """All, the main point first."""
        return [
            self.main,
            self.lac_duong_hall,
            self.duc_trong_hall,
            self.da_sar_hall,
            self.lat_hall,
            self.hiep_an_hall,
        ]


@dataclass
class Neighbour:
    """Another province in the same installation, with its own people: nothing of the first one is theirs."""

    root: Unit
    hall: BridgePoint
    admin: Person
    organiser: Person
    operator: Person
    chair: Person
    meeting: Meeting
    """Of its own, chaired by its chair."""

    @property
    def who(self) -> dict[str, Person | BridgePoint]:
        """By the name that matrices use."""
        return {
            "neighbour_admin": self.admin,
            "neighbour_organiser": self.organiser,
            "neighbour_operator": self.operator,
            "neighbour_chair": self.chair,
            "neighbour_hall": self.hall,
        }


NEIGHBOURS = frozenset(
    {"neighbour_admin", "neighbour_organiser", "neighbour_operator", "neighbour_chair", "neighbour_hall"}
)


async def neighbour(services: Services) -> Neighbour:
    async with services.transactions(SYSTEM) as tx:
        root = await unit(tx.session, "Tỉnh Khánh Hòa", level="province")
        hall = await point(tx.session, root, "Hội trường Nha Trang")
        organiser = await person(tx.session, root, "Trịnh Tổ Chức", Role.ORGANISER)
        chair = await person(tx.session, root, "Mai Chủ Trì")
        return Neighbour(
            root=root,
            hall=hall,
            admin=await person(tx.session, root, "Hồ Quản Trị", Role.ADMIN),
            organiser=organiser,
            operator=await person(tx.session, root, "Cao Điều Phối", Role.OPERATOR, Role.TECHNICIAN),
            chair=chair,
            meeting=await meeting(
                tx.session, root, [hall], state="running", chair=chair, created_by=organiser, title="Họp tỉnh bạn"
            ),
        )


async def province(services: Services) -> Province:
    async with services.transactions(SYSTEM) as tx:
        return await province_in(tx.session)


async def province_in(session: AsyncSession) -> Province:
    root = await unit(session, "Tỉnh Lâm Đồng", level="province")
    lac_duong = await unit(session, "Huyện Lạc Dương", root, "district")
    duc_trong = await unit(session, "Huyện Đức Trọng", root, "district")
    da_sar = await unit(session, "Xã Đạ Sar", lac_duong)
    lat = await unit(session, "Xã Lát", lac_duong)
    hiep_an = await unit(session, "Xã Hiệp An", duc_trong)
    return Province(
        root=root,
        lac_duong=lac_duong,
        duc_trong=duc_trong,
        da_sar=da_sar,
        lat=lat,
        hiep_an=hiep_an,
        main=await point(session, root, "Hội trường Tỉnh ủy"),
        lac_duong_hall=await point(session, lac_duong, "Huyện ủy Lạc Dương"),
        duc_trong_hall=await point(session, duc_trong, "Huyện ủy Đức Trọng"),
        da_sar_hall=await point(session, da_sar, "Đạ Sar"),
        lat_hall=await point(session, lat, "Lát"),
        hiep_an_hall=await point(session, hiep_an, "Hiệp An"),
        admin=await person(session, root, "Trần Quản Trị", Role.ADMIN, login="quantri"),
        organiser=await person(session, root, "Nguyễn Tổ Chức", Role.ORGANISER, login="tochuc"),
        operator=await person(session, root, "Lê Điều Phối", Role.OPERATOR),
        chair=await person(session, root, "Phạm Chủ Trì"),
        secretary=await person(session, root, "Võ Thư Ký"),
        presenter=await person(session, root, "Đinh Báo Cáo"),
        technician=await person(session, da_sar, "Cil Ha Kỹ Thuật", Role.TECHNICIAN),
        hall_secretary=await person(session, da_sar, "Kơ Să Thư Ký", Role.HALL_SECRETARY),
        delegate=await person(session, da_sar, "Liêng Đại Biểu", Role.DELEGATE),
        district_technician=await person(session, lac_duong, "Bon Niêng Kỹ Thuật", Role.TECHNICIAN),
        district_organiser=await person(session, duc_trong, "Hoàng Tổ Chức", Role.ORGANISER),
        stranger=await person(session, hiep_an, "Người Lạ"),
    )


async def conference(
    services: Services,
    where: Province,
    state: str = "draft",
    points: list[BridgePoint] | None = None,
    *,
    listed: bool = False,
) -> Meeting:
    """A conference of the province over these halls (default: all), with chair, secretary, presenter and creator;
    `listed`: the delegate is on its list, expected in Đạ Sar."""
    async with services.transactions(SYSTEM) as tx:
        made = await meeting(
            tx.session,
            where.root,
            points or where.halls,
            state=state,
            chair=where.chair,
            secretary=where.secretary,
            presenter=where.presenter,
            created_by=where.organiser,
        )
        if listed:
            place = {"meeting_id": made.id, "point_id": where.da_sar_hall.id}
            tx.session.add(Delegate(person_id=where.delegate.id, added_at=MORNING, **place))
        return made


async def hall_device(tx: Transaction, settings: Settings, hall: BridgePoint) -> tuple[HallDevice, DeviceCode]:
    """A device of the hall's that is signed in, and a code for another one."""
    await sessions.open_session(tx, settings, person_id=None, point_id=hall.id, user_agent="test")
    device = await tx.session.scalar(select(HallDevice).where(HallDevice.point_id == hall.id).limit(1))
    code_id, _, _ = await make_code(tx, settings, hall.id, part="spare", name="", days=1)
    assert device is not None
    return device, await tx.session.get_one(DeviceCode, code_id)
