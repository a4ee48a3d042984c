"""Makes the province: units, bridge points and people, through the same actions that administrators use."""

from dataclasses import dataclass, field

from server.accounts.actions import people
from server.accounts.models import Person
from server.accounts.schemas import PersonWrite, RoleWrite
from server.core.actor import Role
from server.core.transaction import Transaction
from server.demo.lam_dong import DISTRICTS, PROVINCE, PROVINCE_BODIES, PROVINCE_CODE, SECOND_HALLS, District, Tongue
from server.demo.names import Names
from server.organisations.actions.points import create_point
from server.organisations.actions.units import create_root, create_unit
from server.organisations.models import BridgePoint, Unit
from server.organisations.schemas import Level, PointWrite, UnitWrite

_SEED = 1963


@dataclass(slots=True)
class Hall:
    """A bridge point with who speaks for it."""

    point: BridgePoint
    unit_name: str
    speaker: str


@dataclass(slots=True)
class MadeProvince:
    root: Unit
    halls: list[Hall] = field(default_factory=list)
    """All 161, the main point first."""
    people: dict[str, Person] = field(default_factory=dict)
    """By login."""


_OFFICE = (
    # login, name, title, role
    ("quantri", "Trương Minh Khánh", "Trưởng phòng Cơ yếu - Công nghệ thông tin, Văn phòng Tỉnh ủy", Role.ADMIN),
    ("tochuc", "Nguyễn Thị Thu Hà", "Phó Chánh Văn phòng Tỉnh ủy", Role.ORGANISER),
    ("dieuphoi", "Lê Quang Dũng", "Chuyên viên Phòng Cơ yếu - Công nghệ thông tin", Role.OPERATOR),
    ("chutri", "Phạm Hữu Thành", "Phó Bí thư Thường trực Tỉnh ủy", Role.DELEGATE),
    ("thuky", "Đỗ Thị Minh Nguyệt", "Trưởng phòng Tổng hợp, Văn phòng Tỉnh ủy", Role.DELEGATE),
    ("tuyengiao", "Hoàng Đình Phong", "Trưởng Ban Tuyên giáo Tỉnh ủy", Role.DELEGATE),
    ("tochuctinhuy", "Võ Thị Hồng Vân", "Phó Trưởng Ban Tổ chức Tỉnh ủy", Role.DELEGATE),
    ("uyban", "Trần Công Sơn", "Phó Chủ tịch Ủy ban nhân dân tỉnh", Role.DELEGATE),
)


async def make(tx: Transaction) -> MadeProvince:
    root = await create_root(tx, f"Tỉnh {PROVINCE}", PROVINCE, "province", PROVINCE_CODE, body="party")
    maker = _Maker(tx, MadeProvince(root), Names(_SEED))
    await maker.office()
    for place, (name, short_name, head) in enumerate(PROVINCE_BODIES):
        body = await maker.unit(root, (name, short_name), "province", place)
        await maker.staffed(body, short_name, "", head)
    for place, district in enumerate(DISTRICTS, len(PROVINCE_BODIES)):
        await maker.district(place, district)
    return maker.made


@dataclass(frozen=True, slots=True)
class _Maker:
    tx: Transaction
    made: MadeProvince
    names: Names

    async def office(self) -> None:
        """The people of the main point."""
        root = self.made.root
        for login, name, title, role in _OFFICE:
            self.made.people[login] = await self.person(root, name, title, role, login=login)
        technician = await self.person(root, self.names.vietnamese(), "Kỹ thuật hội trường", Role.TECHNICIAN)
        await self.hall(root, ("Hội trường Tỉnh ủy", "Tỉnh ủy"), technician, self.made.people["chutri"])

    async def district(self, place: int, district: District) -> None:
        unit = await self.unit(self.made.root, (f"{district.kind} {district.name}", district.name), "district", place)
        rank = district.committee.removesuffix(f" {district.name}")
        await self.staffed(unit, district.committee, district.tongue, f"Bí thư {rank}")
        kinds = (("Phường", district.wards), ("Thị trấn", district.townships), ("Xã", district.communes))
        communes = [(kind, commune) for kind, group in kinds for commune in group]
        names = [name for _, name in communes] + [district.name]
        for index, (kind, commune) in enumerate(communes):
            full = f"{kind} {commune.removeprefix('Phường ')}"
            # As on the wall: the plain name, unless a commune or the district itself bears it too.
            shown = full if kind == "Thị trấn" and names.count(commune) > 1 else commune
            child = await self.unit(unit, (full, shown), "commune", index)
            tongue: Tongue = district.tongue if commune in district.local else ""
            await self.staffed(child, shown, tongue, "Bí thư Đảng ủy xã" if kind == "Xã" else "Bí thư Đảng ủy")
            if shown in SECOND_HALLS:
                await self.second_hall(child, shown, tongue)

    async def staffed(self, unit: Unit, hall: str, tongue: Tongue, head: str) -> None:
        """A hall with its technician, its secretary and who speaks for it."""
        speaker = await self.person(unit, self.names.of(tongue), head, Role.DELEGATE)
        technician = await self.person(unit, self.names.of(tongue), "Kỹ thuật điểm cầu", Role.TECHNICIAN)
        await self.person(unit, self.names.of(tongue), "Thư ký điểm cầu", Role.HALL_SECRETARY)
        await self.hall(unit, (hall, unit.short_name), technician, speaker)

    async def second_hall(self, unit: Unit, shown: str, tongue: Tongue) -> None:
        technician = await self.person(unit, self.names.of(tongue), "Kỹ thuật hội trường 2", Role.TECHNICIAN)
        speaker = await self.person(unit, self.names.of(tongue), "Phó Bí thư Đảng ủy", Role.DELEGATE)
        await self.hall(unit, (f"{shown}, hội trường 2", f"{shown} 2"), technician, speaker)

    async def hall(self, unit: Unit, names: tuple[str, str], technician: Person, speaker: Person) -> None:
        """`names`: in full, and as on the wall."""
        number = len(self.made.halls)
        write = PointWrite(
            unit_id=unit.id,
            name=names[0],
            short_name=names[1],
            position=sum(hall.point.unit_id == unit.id for hall in self.made.halls),
            seats=400 if number == 0 else 120 if unit.level == "district" else 60,
            contact_name=technician.full_name,
            contact_phone=f"0263 555 {number:04}",
        )
        point = await create_point(self.tx, write)
        self.made.halls.append(Hall(point, unit.name, f"Đ/c {speaker.full_name}, {speaker.title}"))

    async def unit(self, parent: Unit, names: tuple[str, str], level: Level, place: int) -> Unit:
        """`names`: in full, and as on the wall."""
        write = UnitWrite(
            parent_id=parent.id,
            name=names[0],
            short_name=names[1],
            code=f"{parent.code}.{place + 1}",
            level=level,
            position=place,
        )
        return await create_unit(self.tx, write)

    async def person(self, unit: Unit, name: str, title: str, role: Role, *, login: str | None = None) -> Person:
        write = PersonWrite(unit_id=unit.id, full_name=name, title=title, login=login)
        person = await people.create_person(self.tx, write)
        await people.set_roles(self.tx, person.id, [RoleWrite(role=role, unit_id=unit.id)])
        return person
