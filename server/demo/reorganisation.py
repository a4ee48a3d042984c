"""The same province after the reorganisation of 2025-07-01, as the file that carries it out: the districts end, and the
communes, wards and townships become 51 new ones directly below the province. It lies among the imports, read and not
applied: who wants to see the other tree applies it, and has the first one back by undoing it.

The new names are those of Resolution 1671/NQ-UBTVQH15 for what was Lâm Đồng before; which commune went where is the
demo's own telling."""

import asyncio

from sqlalchemy import select

from server.accounts.models import Person
from server.accounts.queries import grants_of
from server.core.actor import Actor
from server.core.services import Services
from server.demo.lam_dong import DISTRICTS, PROVINCE, PROVINCE_CODE, District
from server.exchange.actions import send_in
from server.exchange.models import ImportBatch
from server.exchange.workbooks import workbook
from server.organisations.models import Unit

FILE = "sap-xep-don-vi-01-07-2025.xlsx"
_PROVINCE = f"Tỉnh {PROVINCE} ({PROVINCE_CODE})"
_FIRST_CODE = 101
"""H36.101, H36.102 …: no code of before is used again."""

NEW: dict[str, dict[str, tuple[str, ...]]] = {
    "Phường Xuân Hương - Đà Lạt": {"Đà Lạt": ("Phường 1", "Phường 2", "Phường 3", "Phường 4", "Phường 10")},
    "Phường Cam Ly - Đà Lạt": {"Đà Lạt": ("Phường 5", "Phường 6", "Tà Nung")},
    "Phường Lâm Viên - Đà Lạt": {"Đà Lạt": ("Phường 8", "Phường 9", "Phường 12")},
    "Phường Xuân Trường - Đà Lạt": {"Đà Lạt": ("Phường 11", "Xuân Thọ", "Trạm Hành", "Xuân Trường")},
    "Phường Lang Biang - Đà Lạt": {"Đà Lạt": ("Phường 7",), "Lạc Dương": ("Lát",)},
    "Phường 1 Bảo Lộc": {"Bảo Lộc": ("Phường 1", "Lộc Phát", "Lộc Thanh")},
    "Phường 2 Bảo Lộc": {"Bảo Lộc": ("Phường 2", "Đam B'ri"), "Bảo Lâm": ("Lộc Tân",)},
    "Phường 3 Bảo Lộc": {"Bảo Lộc": ("Lộc Tiến", "Lộc Châu", "Đại Lào")},
    "Phường B'Lao": {"Bảo Lộc": ("B'Lao", "Lộc Sơn", "Lộc Nga")},
    "Xã Lạc Dương": {"Lạc Dương": ("Lạc Dương", "Đạ Sar", "Đạ Nhim", "Đạ Chais")},
    "Xã Đơn Dương": {"Đơn Dương": ("Thạnh Mỹ", "Đạ Ròn", "Tu Tra")},
    "Xã Ka Đô": {"Đơn Dương": ("Ka Đô", "Lạc Lâm")},
    "Xã Quảng Lập": {"Đơn Dương": ("Quảng Lập", "Ka Đơn", "Pró")},
    "Xã D'Ran": {"Đơn Dương": ("D'Ran", "Lạc Xuân")},
    "Xã Hiệp Thạnh": {"Đức Trọng": ("Hiệp Thạnh", "Hiệp An", "Liên Hiệp")},
    "Xã Đức Trọng": {"Đức Trọng": ("Liên Nghĩa", "Phú Hội")},
    "Xã Tân Hội": {"Đức Trọng": ("Tân Hội", "Tân Thành", "N'Thol Hạ")},
    "Xã Tà Hine": {"Đức Trọng": ("Tà Hine", "Ninh Loan", "Đà Loan")},
    "Xã Tà Năng": {"Đức Trọng": ("Tà Năng", "Đa Quyn")},
    "Xã Ninh Gia": {"Đức Trọng": ("Ninh Gia",)},
    "Xã Đinh Văn Lâm Hà": {"Lâm Hà": ("Đinh Văn", "Tân Văn"), "Đức Trọng": ("Bình Thạnh",)},
    "Xã Phú Sơn Lâm Hà": {"Lâm Hà": ("Phú Sơn", "Đạ Đờn")},
    "Xã Nam Hà Lâm Hà": {"Lâm Hà": ("Nam Hà", "Phi Tô")},
    "Xã Nam Ban Lâm Hà": {"Lâm Hà": ("Nam Ban", "Đông Thanh", "Mê Linh", "Gia Lâm")},
    "Xã Tân Hà Lâm Hà": {"Lâm Hà": ("Tân Hà", "Hoài Đức", "Đan Phượng", "Liên Hà")},
    "Xã Phúc Thọ Lâm Hà": {"Lâm Hà": ("Phúc Thọ", "Tân Thanh")},
    "Xã Đam Rông 1": {"Đam Rông": ("Phi Liêng", "Đạ K'Nàng")},
    "Xã Đam Rông 2": {"Đam Rông": ("Rô Men", "Liêng Srônh")},
    "Xã Đam Rông 3": {"Đam Rông": ("Đạ Rsal", "Đạ M'Rông")},
    "Xã Đam Rông 4": {"Đam Rông": ("Đạ Tông", "Đạ Long"), "Lạc Dương": ("Đưng K'Nớ",)},
    "Xã Di Linh": {"Di Linh": ("Di Linh", "Liên Đầm", "Tân Châu", "Gung Ré")},
    "Xã Hòa Ninh": {"Di Linh": ("Hòa Ninh", "Hòa Trung", "Đinh Trang Hòa")},
    "Xã Hòa Bắc": {"Di Linh": ("Hòa Bắc", "Hòa Nam")},
    "Xã Đinh Trang Thượng": {"Di Linh": ("Đinh Trang Thượng", "Tân Lâm", "Tân Thượng")},
    "Xã Bảo Thuận": {"Di Linh": ("Bảo Thuận", "Đinh Lạc", "Tân Nghĩa")},
    "Xã Sơn Điền": {"Di Linh": ("Sơn Điền", "Gia Bắc")},
    "Xã Gia Hiệp": {"Di Linh": ("Gia Hiệp", "Tam Bố")},
    "Xã Bảo Lâm 1": {"Bảo Lâm": ("Lộc Thắng", "Lộc Ngãi", "Lộc Quảng")},
    "Xã Bảo Lâm 2": {"Bảo Lâm": ("Lộc An", "Lộc Đức", "Tân Lạc")},
    "Xã Bảo Lâm 3": {"Bảo Lâm": ("Lộc Thành", "Lộc Nam")},
    "Xã Bảo Lâm 4": {"Bảo Lâm": ("Lộc Phú", "Lộc Lâm", "B'Lá")},
    "Xã Bảo Lâm 5": {"Bảo Lâm": ("Lộc Bảo", "Lộc Bắc")},
    "Xã Đạ Huoai": {"Đạ Huoai": ("Mađaguôi", "Đạ Oai")},
    "Xã Đạ Huoai 2": {"Đạ Huoai": ("Đạ M'ri", "Hà Lâm")},
    "Xã Đạ Huoai 3": {"Đạ Huoai": ("Đạ Tồn", "Đạ Ploa", "Đoàn Kết", "Phước Lộc")},
    "Xã Đạ Tẻh": {"Đạ Tẻh": ("Đạ Tẻh", "An Nhơn", "Đạ Lây")},
    "Xã Đạ Tẻh 2": {"Đạ Tẻh": ("Quảng Trị", "Đạ Pal", "Đạ Kho", "Triệu Hải")},
    "Xã Đạ Tẻh 3": {"Đạ Tẻh": ("Mỹ Đức", "Quốc Oai")},
    "Xã Cát Tiên": {"Cát Tiên": ("Cát Tiên", "Nam Ninh", "Quảng Ngãi")},
    "Xã Cát Tiên 2": {"Cát Tiên": ("Phước Cát", "Phước Cát 2", "Đức Phổ")},
    "Xã Cát Tiên 3": {"Cát Tiên": ("Gia Viễn", "Tiên Hoàng", "Đồng Nai Thượng")},
}
"""New one -> district -> which of its wards, townships and communes went into it. A township and a commune of one name
went together."""


def rows(units: dict[str, list[tuple[str, str]]]) -> list[dict[str, str]]:
    """By the columns of a file of units. `units`: full name of a district -> (full name, code) of it and of each
    below."""
    codes = {name: f"{PROVINCE_CODE}.{number}" for number, name in enumerate(NEW, _FIRST_CODE)}
    into = {(district, old): name for name, parts in NEW.items() for district, olds in parts.items() for old in olds}
    made = [
        {
            "name": name,
            "code": code,
            "level": "Xã, phường, đặc khu",
            "parent": _PROVINCE,
            "position": str(_FIRST_CODE + place),
            "valid_from": "01/07/2025",
        }
        for place, (name, code) in enumerate(codes.items())
    ]
    for district in DISTRICTS:
        (name, code), *below = units[_full(district)]
        made.append({"name": name, "code": code, "valid_until": "30/06/2025", "successor": _PROVINCE})
        for old, its_code in below:
            new = into[district.name, old if old.startswith("Phường ") and (district.name, old) in into else _bare(old)]
            successor = f"{new} ({codes[new]})"
            made.append({"name": old, "code": its_code, "valid_until": "30/06/2025", "successor": successor})
    return made


async def add(services: Services) -> None:
    """The file among the imports of the province's administrator; once."""
    async with services.database.read() as session:
        if await session.scalar(select(ImportBatch.id).where(ImportBatch.file_name == FILE).limit(1)):
            return
        person = (await session.scalars(select(Person).where(Person.login == "quantri"))).first()
        if person is None:
            return
        actor = Actor(person_id=person.id, name=person.full_name, grants=await grants_of(session, person.id))
        found = await session.execute(select(Unit.id, Unit.parent_id, Unit.name, Unit.code).order_by(Unit.position))
        tree = found.all()
    names = {row.id: row.name for row in tree}
    units: dict[str, list[tuple[str, str]]] = {}
    for district in DISTRICTS:
        its = [row for row in tree if row.name == _full(district) or names.get(row.parent_id) == _full(district)]
        units[_full(district)] = sorted(
            ((row.name, row.code or "") for row in its), key=lambda each: each[0] != _full(district)
        )
    content = await asyncio.to_thread(workbook, "units", rows(units), [])
    async with services.transactions(actor) as tx:
        await send_in(tx, "units", FILE, content)


def _full(district: District) -> str:
    return f"{district.kind} {district.name}"


def _bare(name: str) -> str:
    for kind in ("Phường ", "Thị trấn ", "Xã "):
        if name.startswith(kind):
            return name.removeprefix(kind)
    return name
