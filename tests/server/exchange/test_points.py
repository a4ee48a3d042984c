"""Files of bridge points."""

from sqlalchemy import select

from server.core.services import Services
from server.organisations.models import BridgePoint
from tests.builders import Province
from tests.server.exchange.files import Desk, cells_of, counts, everything, workbook

POINTS = [
    "Tên điểm cầu",
    "Đơn vị",
    "Số chỗ ngồi",
    "Cán bộ kỹ thuật",
    "Điện thoại",
    "Đường truyền chính",
    "Ngừng sử dụng",
]


async def test_points_come_in_change_close_and_come_back(desk: Desk, services: Services, province: Province) -> None:
    before = await everything(services)
    file = workbook(
        POINTS,
        ["Điểm cầu Lát, hội trường 2", "Xã Lát", "1.200", "Cil Ha", 912345678, "VNPT 50 Mbit/s"],
        ["Lát", "", 90],
        ["Hiệp An", "", "", "", "", "", "x"],
    )
    batch = await desk.send("points", file)
    assert (batch["state"], counts(batch)) == ("ready", (1, 1, 1, 0, 0)), await desk.faults(batch)
    [row] = await desk.rows(batch, "closed")
    assert row["changes"] == [{"column": "Ngừng sử dụng", "old": "", "new": "x"}]
    done = await desk.step(batch, "apply")
    assert done["state"] == "applied", done
    async with services.database.read() as session:
        points = {each.name: each for each in await session.scalars(select(BridgePoint))}
    second = points["Lát, hội trường 2"]
    assert (second.unit_id, second.seats, second.contact_phone) == (province.lat.id, 1200, "0912345678")
    assert second.position > points["Lát"].position
    assert points["Lát"].seats == 90
    assert points["Hiệp An"].closed_at == services.clock()
    assert counts(await desk.send("points", file))[:3] == (0, 0, 0)
    undone = await desk.step(done, "undo")
    assert undone["state"] == "undone", undone
    assert await everything(services) == before


async def test_a_point_is_known_by_its_identifier_whatever_else_changed(desk: Desk, services: Services) -> None:
    cells = cells_of(await desk.export("points"))
    header = next(row for row in cells if "Tên điểm cầu" in row)
    [lat] = [row for row in cells if row[header.index("Tên điểm cầu")] == "Lát"]
    lat[header.index("Tên điểm cầu")] = "Nhà văn hóa"
    lat[header.index("Đơn vị")] = "Xã Hiệp An"
    batch = await desk.bring_in("points", workbook(header, lat))
    assert counts(batch) == (0, 1, 0, 0, 0)
    taken = await desk.send("points", workbook(header, ["P1-0000", "Lạ", "Lạ", "Xã Lát"]))
    [(_, column, sentence)] = await desk.faults(taken)
    assert column == "Mã hệ thống"
    assert sentence.startswith("Không phải mã do hệ thống này cấp")
