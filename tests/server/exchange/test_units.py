"""Files of units: a tree that comes in, a reorganisation, and back."""

from sqlalchemy import select

from server.accounts.models import Person, RoleGrant
from server.core.services import Services
from server.organisations.models import BridgePoint, Unit
from tests.builders import Province
from tests.server.exchange.files import UNITS, Desk, counts, everything, workbook


def unit(name: str, **cells: str) -> list[str]:
    at = {"code": 3, "former": 4, "level": 5, "parent": 6, "until": 9, "into": 10, "id": 0, "short": 2}
    row = [""] * len(UNITS)
    row[1] = name
    for key, text in cells.items():
        row[at[key]] = text
    return row


async def units(services: Services) -> dict[str, Unit]:
    async with services.database.read() as session:
        return {each.name: each for each in await session.scalars(select(Unit))}


async def test_a_tree_comes_in_whatever_its_order_and_twice_changes_nothing(
    desk: Desk, services: Services, province: Province
) -> None:
    before = await everything(services)
    file = workbook(
        UNITS,
        unit("Thôn 1", parent="Xã Đạ Chais"),
        unit("Xã Đạ Chais", code="h36.7.9", parent="Huyện Lạc Dương", level="xã"),
        unit("Xã Đưng K'Nớ", parent="Huyện Lạc Dương", former="000.01.02.H36"),
        unit("Xã Hùng", parent="Tỉnh Lâm Đồng"),
        unit("Xã Hưng", parent="Tỉnh Lâm Đồng"),
        above=3,
    )
    batch = await desk.send("units", file)
    assert (batch["state"], counts(batch)) == ("ready", (5, 0, 0, 0, 0))
    assert await everything(services) == before
    assert any("Xã Hùng" in note["vi"] and "Xã Hưng" in note["vi"] for note in batch["notes"])
    [first, *_] = await desk.rows(batch)
    assert (first["number"], first["label"]) == (5, "Thôn 1")
    assert {"column": "Thuộc đơn vị", "old": "", "new": "Xã Đạ Chais (H36.7.9)"} in first["changes"]
    done = await desk.step(batch, "apply")
    assert done["state"] == "applied", done
    made = await units(services)
    chais = made["Xã Đạ Chais"]
    assert (chais.code, chais.level, chais.short_name) == ("H36.7.9", "commune", "Đạ Chais")
    assert chais.path == f"{province.lac_duong.path}{chais.id}/"
    assert made["Thôn 1"].path == f"{chais.path}{made['Thôn 1'].id}/"
    assert made["Thôn 1"].level == "below"
    again = await desk.send("units", file)
    assert (again["state"], counts(again)) == ("ready", (0, 0, 0, 5, 0))
    assert (await desk.client.post(f"/api/exchange/batches/{again['id']}/apply")).status_code == 409
    undone = await desk.step(done, "undo")
    assert undone["state"] == "undone"
    assert await everything(services) == before


async def test_what_is_given_out_and_sent_in_again_changes_nothing(desk: Desk, services: Services) -> None:
    for kind in ("units", "points", "people"):
        batch = await desk.send(kind, await desk.export(kind))
        assert batch["state"] == "ready", await desk.faults(batch)
        assert counts(batch)[:3] == (0, 0, 0), await desk.rows(batch, "changed")
        assert batch["unchanged"] > 5


async def test_renamed_moved_and_recoded_by_what_it_is_known_by(
    desk: Desk, services: Services, province: Province
) -> None:
    await desk.bring_in(
        "units", workbook(UNITS, unit("Xã Lát", parent="Huyện Lạc Dương", code="H36.7.1", former="000.01.02.H36"))
    )
    by_code = await desk.send("units", workbook(UNITS, unit("Xã Lát Mới", code="H36.7.1", parent="Huyện Đức Trọng")))
    [row] = await desk.rows(by_code, "changed")
    assert row["changes"] == [
        {"column": "Tên đầy đủ", "old": "Xã Lát", "new": "Xã Lát Mới"},
        {"column": "Thuộc đơn vị", "old": "Huyện Lạc Dương", "new": "Huyện Đức Trọng"},
    ]
    done = await desk.step(by_code, "apply")
    made = await units(services)
    assert made["Xã Lát Mới"].path == f"{province.duc_trong.path}{province.lat.id}/"
    former = await desk.send("units", workbook(UNITS, unit("Xã Lát Mới", code="000.01.02.H36")))
    assert counts(former) == (0, 0, 0, 1, 0)
    await desk.step(done, "undo")
    assert (await units(services))["Xã Lát"].path == province.lat.path


async def test_the_reorganisation_of_july_2025(desk: Desk, services: Services, province: Province) -> None:
    """Districts end, communes are merged: points, people and roles go over, in one batch, and come back."""
    before = await everything(services)
    end = {"until": "30/06/2025"}
    file = workbook(
        UNITS,
        unit("Phường Lang Biang - Đà Lạt", parent="Tỉnh Lâm Đồng", level="Xã, phường, đặc khu"),
        unit("Huyện Lạc Dương", parent="Tỉnh Lâm Đồng", into="Tỉnh Lâm Đồng", **end),
        unit("Huyện Đức Trọng", parent="Tỉnh Lâm Đồng", into="Tỉnh Lâm Đồng", **end),
        unit("Xã Đạ Sar", parent="Huyện Lạc Dương", into="Phường Lang Biang - Đà Lạt", **end),
        unit("Xã Lát", parent="Huyện Lạc Dương", into="Phường Lang Biang - Đà Lạt", **end),
    )
    batch = await desk.send("units", file)
    assert (batch["state"], counts(batch)) == ("ready", (1, 0, 4, 0, 0)), await desk.faults(batch)
    da_sar = next(row for row in await desk.rows(batch, "closed") if row["label"] == "Xã Đạ Sar")
    assert da_sar["changes"][-1] == {"column": "Bàn giao", "old": "", "new": "1 điểm cầu, 3 người"}
    done = await desk.step(batch, "apply")
    assert done["state"] == "applied", done
    made = await units(services)
    lang_biang = made["Phường Lang Biang - Đà Lạt"]
    assert str(made["Xã Lát"].valid_until) == "2025-06-30"
    assert made["Xã Lát"].successor_id == lang_biang.id
    assert made["Xã Lát"].path == province.lat.path
    assert made["Xã Hiệp An"].parent_id == province.root.id
    async with services.database.read() as session:
        points = set(await session.scalars(select(BridgePoint.name).where(BridgePoint.unit_id == lang_biang.id)))
        assert points == {"Đạ Sar", "Lát"}
        people = set(await session.scalars(select(Person.full_name).where(Person.unit_id == lang_biang.id)))
        assert province.technician.full_name in people
        roles = set(await session.scalars(select(RoleGrant.role).where(RoleGrant.unit_id == lang_biang.id)))
        assert roles == {"technician", "hall-secretary", "delegate"}
    again = await desk.send("units", file)
    assert counts(again)[:3] == (0, 0, 0)
    undone = await desk.step(done, "undo")
    assert undone["state"] == "undone", undone
    assert await everything(services) == before


async def test_what_is_wrong_is_named_by_row_and_column(desk: Desk, services: Services) -> None:
    before = await everything(services)
    batch = await desk.send(
        "units",
        workbook(
            UNITS,
            unit("Xã Không Cha"),
            unit("Xã Mã Sai", parent="Huyện Lạc Dương", code="36.H"),
            unit("Xã Cha Lạ", parent="Huyện Lạc Dươn"),
            unit("", parent="Huyện Lạc Dương"),
            unit("Xã Ngày Sai", parent="Huyện Lạc Dương", until="31/02/2025"),
            unit("Huyện Lạc Dương", parent="Tỉnh Lâm Đồng", until="30/06/2025"),
            unit("Xã A", parent="Xã B", code="H36.1"),
            unit("Xã B", parent="Xã A", code="H36.2"),
            unit("Xã C", parent="Huyện Lạc Dương", code="H36.3"),
            unit("Xã D", parent="Huyện Lạc Dương", code="H36.3"),
            unit("Xã E", parent="Huyện Lạc Dương", level="ấp", id="U1-0000"),
            unit("Xã Lát", parent="Huyện Lạc Dương", short="-"),
        ),
    )
    assert batch["state"] == "faulty"
    said = {(row, column): vi for row, column, vi in await desk.faults(batch)}
    assert said[2, "Thuộc đơn vị"] == "Ghi đơn vị cấp trên."
    assert said[3, "Mã định danh"].startswith("Mã định danh có dạng H36.1.2")
    assert "Có phải “Huyện Lạc Dương”?" in said[4, "Thuộc đơn vị"]
    assert said[5, "Tên đầy đủ"] == "Thiếu tên đơn vị."
    assert said[6, "Ngày cuối cùng hoạt động"] == "Ngày chưa đúng. Ghi dạng 30/06/2025."
    # Those that the file brings in count.
    assert said[7, "Đơn vị tiếp nhận"].startswith("Còn 6 đơn vị trực thuộc.")
    assert (8, "Thuộc đơn vị") in said
    assert said[11, "Mã định danh"] == "Mã này đã ghi ở dòng 10."
    assert said[12, "Mã hệ thống"].startswith("Không phải mã do hệ thống này cấp")
    assert said[12, "Cấp"].startswith("Chọn một trong các cấp")
    assert said[13, "Tên ngắn"] == "Ô này không để trống được."
    assert await everything(services) == before
    assert (await desk.client.post(f"/api/exchange/batches/{batch['id']}/apply")).status_code == 409
