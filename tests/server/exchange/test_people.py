"""Files of people: added, changed, locked, told apart; whose rows they may be; and back."""

from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from server.accounts.models import Person, RoleGrant, SignInSession
from server.accounts.queries import recognise
from server.audit.models import AuditEntry
from server.core.actor import SYSTEM, Role
from server.core.services import Services
from server.exchange.actions import MOST_WAITING
from server.exchange.models import ImportBatch, ImportRow
from server.exchange.writes import people
from server.jobs.models import Job
from server.jobs.parts import JobLost
from server.retention import tidy
from tests import builders
from tests.builders import MORNING, Neighbour, Province
from tests.conftest import Browsers, Clock, signed_in
from tests.server.core.test_text_tables import TCVN3, VNI, cp1258
from tests.server.exchange.files import PEOPLE, Desk, cells_of, counts, everything, workbook


async def person(services: Services, name: str) -> Person:
    async with services.database.read() as session:
        return (await session.scalars(select(Person).where(Person.full_name == name))).one()


async def roles(services: Services, person_id: int) -> set[tuple[str, int]]:
    async with services.database.read() as session:
        rows = await session.execute(select(RoleGrant.role, RoleGrant.unit_id).where(RoleGrant.person_id == person_id))
        return {(role, unit_id) for role, unit_id in rows}


FILE = workbook(
    PEOPLE,
    ["Đ/c Cil Ha Brông", "Bí thư Đảng ủy xã", "Xã Đạ Sar", "habrong@hop.test", 912345678, "habrong", "Thư ký điểm cầu"],
    ["Hùng", "", "Xã Lát, Huyện Lạc Dương", "", "", "", "Kỹ thuật điểm cầu @ Huyện Lạc Dương; Đại biểu"],
    ["Hưng", "", "xã lát"],
    ["Nguyễn Văn An", "Chuyên viên", "Xã Lát"],
    ["Nguyễn Văn An", "Văn thư", "Xã Lát"],
    above=2,
)


async def test_people_come_in_and_twice_changes_nothing(desk: Desk, services: Services, province: Province) -> None:
    before = await everything(services)
    batch = await desk.send("people", FILE)
    assert (batch["state"], counts(batch)) == ("ready", (5, 0, 0, 0, 0)), await desk.faults(batch)
    assert await everything(services) == before
    done = await desk.step(batch, "apply")
    assert done["state"] == "applied", done
    made = await person(services, "Cil Ha Brông")
    assert (made.title, made.phone, made.login) == ("Bí thư Đảng ủy xã", "0912345678", "habrong")
    assert (made.unit_id, made.search_name, made.disabled_at) == (province.da_sar.id, "cil ha brong", None)
    assert await roles(services, made.id) == {("hall-secretary", province.da_sar.id)}
    hung = await person(services, "Hùng")
    assert await roles(services, hung.id) == {("technician", province.lac_duong.id), ("delegate", province.lat.id)}
    again = await desk.send("people", FILE)
    assert (again["state"], counts(again)) == ("ready", (0, 0, 0, 5, 0)), await desk.rows(again)
    async with services.database.read() as session:
        facts = (await session.scalars(select(AuditEntry.facts).where(AuditEntry.action == "import.applied"))).one()
    assert (facts["kind"], facts["added"]) == ("people", 5)
    undone = await desk.step(done, "undo")
    assert undone["state"] == "undone", undone
    assert await everything(services) == before


async def test_lists_are_planned_by_how_many_there_are_now(desk: Desk, services: Services) -> None:
    if services.database.is_sqlite:
        pytest.skip("SQLite plans without counts")

    async def counted() -> tuple[int, int]:
        """What PostgreSQL plans by, and how many there are."""
        async with services.database.read() as session:
            planned_by = await session.scalar(text("SELECT reltuples FROM pg_class WHERE oid = 'people'::regclass"))
            return int(planned_by or 0), await session.scalar(select(func.count()).select_from(Person)) or 0

    before = (await counted())[1]
    done = await desk.step(await desk.send("people", FILE), "apply")
    assert await counted() == (before + 5, before + 5)
    await desk.step(done, "undo")
    assert await counted() == (before, before)


async def test_what_changes_is_shown_old_and_new_and_comes_back(
    desk: Desk, services: Services, province: Province
) -> None:
    await desk.bring_in("people", FILE)
    cookie = await signed_in(services, province.technician)
    exported = cells_of(await desk.export("people"))
    header = next(row for row in exported if "Họ và tên" in row)
    [name, title, unit, login, locked, role] = (
        header.index(each) for each in ("Họ và tên", "Chức vụ", "Đơn vị", "Tên đăng nhập", "Khóa tài khoản", "Vai trò")
    )
    rows = exported[exported.index(header) + 1 :]
    by_name = {row[name]: row for row in rows}
    by_name["Hùng"][name] = "Hùng Mới"
    by_name["Hùng"][unit] = "Xã Đạ Sar"
    by_name["Hùng"][role] = "Ban tổ chức"
    by_name["Cil Ha Brông"][title] = "-"
    by_name["Cil Ha Brông"][login] = "hung"
    by_name["Hưng"][login] = "habrong"
    by_name[province.technician.full_name][locked] = "x"
    before = await everything(services)
    batch = await desk.send("people", workbook(header, *rows))
    assert (batch["state"], counts(batch)[:3]) == ("ready", (0, 3, 1)), await desk.faults(batch)
    changes = {row["label"]: row["changes"] for row in await desk.rows(batch, "changed")}
    assert changes["Hùng Mới"] == [
        {"column": "Họ và tên", "old": "Hùng", "new": "Hùng Mới"},
        {"column": "Đơn vị", "old": "Xã Lát", "new": "Xã Đạ Sar"},
        {"column": "Vai trò", "old": "Đại biểu @ Xã Lát; Kỹ thuật điểm cầu @ Huyện Lạc Dương", "new": "Ban tổ chức"},
    ]
    assert {"column": "Chức vụ", "old": "Bí thư Đảng ủy xã", "new": ""} in changes["Cil Ha Brông"]
    done = await desk.step(batch, "apply")
    assert done["state"] == "applied", done
    hung = await person(services, "Hùng Mới")
    assert await roles(services, hung.id) == {("organiser", province.da_sar.id)}
    assert (await person(services, "Hưng")).login == "habrong"
    async with services.database.read() as session:
        assert await recognise(session, cookie, services.clock()) is None
    undone = await desk.step(done, "undo")
    assert undone["state"] == "undone", undone
    assert await everything(services) == before


async def test_of_several_positions_the_main_one_is_renamed(desk: Desk, services: Services, province: Province) -> None:
    name, path = province.delegate.full_name, f"/api/people/{province.delegate.id}"
    held = [{"unit_id": province.da_sar.id, "title": title} for title in ("Phó thôn", "Đại biểu Hội đồng nhân dân xã")]
    assert (await desk.client.put(f"{path}/posts", json=held)).status_code == 200

    async def shown() -> tuple[str, list[str]]:
        found = (await desk.client.get(path)).json()
        return found["title"], [each["title"] for each in found["posts"]]

    done = await desk.bring_in("people", workbook(PEOPLE, [name, "Trưởng thôn", "Xã Đạ Sar"]))
    assert counts(done) == (0, 1, 0, 0, 0)
    assert await shown() == ("Trưởng thôn", ["Trưởng thôn", "Đại biểu Hội đồng nhân dân xã"])
    assert (await desk.step(done, "undo"))["state"] == "undone"
    assert await shown() == ("Phó thôn", ["Phó thôn", "Đại biểu Hội đồng nhân dân xã"])


async def test_whoever_was_made_nameless_is_not_in_the_file(desk: Desk, services: Services, province: Province) -> None:
    gone = province.delegate
    column = PEOPLE[0]
    before = cells_of(await desk.export("people"))
    assert gone.full_name in {cell for row in before for cell in row}
    answer = await desk.client.post(f"/api/people/{gone.id}/anonymise", json={"full_name": gone.full_name})
    assert answer.status_code == 200, answer.text
    after = cells_of(await desk.export("people"))
    assert any(column in row for row in after)
    assert len(after) == len(before) - 1


async def test_an_undo_says_what_has_changed_since(desk: Desk, services: Services, province: Province) -> None:
    done = await desk.bring_in("people", FILE)
    hung = await person(services, "Hùng")
    await desk.client.patch(f"/api/people/{hung.id}", json={"title": "Trưởng phòng"})
    refused = await desk.step(done, "undo")
    assert refused["state"] == "applied"
    assert refused["problem"]["vi"].startswith("Không hoàn tác được: “Hùng” đã được sửa sau khi nhập.")
    other = await desk.bring_in("people", workbook(PEOPLE, ["Người Được Mời", "", "Xã Lát"]))
    guest = await person(services, "Người Được Mời")
    await signed_in(services, guest)
    in_use = await desk.step(other, "undo")
    assert in_use["state"] == "applied"
    assert "“Người Được Mời” đã được dùng" in in_use["problem"]["vi"]
    assert (await person(services, "Người Được Mời")).disabled_at is None


async def test_what_is_applied_is_what_was_looked_at(desk: Desk, services: Services, province: Province) -> None:
    batch = await desk.send("people", workbook(PEOPLE, [province.delegate.full_name, "Trưởng thôn", "Xã Đạ Sar"]))
    assert counts(batch) == (0, 1, 0, 0, 0)
    await desk.client.patch(f"/api/people/{province.delegate.id}", json={"title": "Phó thôn"})
    again = await desk.step(batch, "apply")
    assert again["state"] == "ready"
    assert again["notes"][0]["vi"].startswith("Dữ liệu đã thay đổi từ lúc xem trước.")
    [row] = await desk.rows(again, "changed")
    assert row["changes"] == [{"column": "Chức vụ", "old": "Phó thôn", "new": "Trưởng thôn"}]
    assert (await desk.step(again, "apply"))["state"] == "applied"
    assert (await person(services, province.delegate.full_name)).title == "Trưởng thôn"


async def test_bad_rows_are_named_and_taken_away_to_be_put_right(desk: Desk, services: Services) -> None:
    before = await everything(services)
    batch = await desk.send(
        "people",
        workbook(
            PEOPLE,
            ["", "Không tên", "Xã Lát"],
            ["Không Đơn Vị"],
            ["Sai Thư", "", "Xã Lát", "không phải", "123", "Có Dấu", "Vua"],
            ["Trùng Tên Đăng Nhập", "", "Xã Lát", "", "", "quantri"],
            ["Tốt Thôi", "", "Xã Lát"],
            ["Tốt Thôi", "", "Xã Lát"],
            ["=1+1", "=HYPERLINK(1)", "Nơi Nào Đó"],
        ),
    )
    assert (batch["state"], batch["bad"], batch["added"]) == ("faulty", 6, 1)
    said = {(row, column): vi for row, column, vi in await desk.faults(batch)}
    assert said[2, "Họ và tên"] == "Thiếu họ và tên."
    assert said[3, "Đơn vị"] == "Ghi đơn vị của người này."
    assert said[4, "E-mail"] == "Địa chỉ e-mail chưa đúng."
    assert said[4, "Điện thoại"] == "Số điện thoại chưa đúng."
    assert said[4, "Tên đăng nhập"].startswith("Tên đăng nhập gồm 3 đến 64")
    assert (
        said[5, "Tên đăng nhập"]
        == "Tên đăng nhập này là của “Trần Quản Trị”. Nếu đúng là người này, ghi thêm mã hệ thống."
    )
    assert said[7, "Họ và tên"] == "Trùng với dòng 6. Giữ một dòng."
    assert await everything(services) == before
    answer = await desk.client.get(f"/api/exchange/batches/{batch['id']}/bad.xlsx")
    cells = cells_of(answer.content)
    header = next(row for row in cells if "Họ và tên" in row)
    last = cells[-1]
    assert last[header.index("Chức vụ")] == "=HYPERLINK(1)"
    assert last[header.index("Lý do trả lại")].startswith("Dòng 8.")
    assert (await desk.client.delete(f"/api/exchange/batches/{batch['id']}")).status_code == 204
    assert (await desk.client.get(f"/api/exchange/batches/{batch['id']}")).status_code == 404


async def test_an_administrator_brings_people_into_the_own_branch_alone(
    desk: Desk, services: Services, province: Province, neighbour: Neighbour, browser: Browsers
) -> None:
    async with services.transactions(SYSTEM) as tx:
        local = await builders.person(tx.session, province.lac_duong, "Quản Trị Huyện", Role.ADMIN)
        mighty = await builders.person(tx.session, province.lat, "Người Có Quyền Tỉnh")
        tx.session.add(RoleGrant(person_id=mighty.id, role=Role.ORGANISER, unit_id=province.root.id))
    district = Desk(await browser(local), services)
    whole = await desk.export("people")
    exported = cells_of(whole)
    header = next(row for row in exported if "Họ và tên" in row)
    number = {row[header.index("Họ và tên")]: row[0] for row in exported}
    batch = await district.send(
        "people",
        workbook(
            ["Mã hệ thống", *PEOPLE],
            ["", "Người Của Mình", "", "Xã Lát"],
            ["", "Người Nơi Khác", "", "Xã Hiệp An"],
            ["", "Người Tỉnh", "", "Tỉnh Lâm Đồng"],
            [number[province.stranger.full_name], "Đổi Tên", "", "Xã Lát"],
            ["", "Người Có Quyền Tỉnh", "Trưởng ban", "Xã Lát"],
            ["", "Tự Phong", "", "Xã Lát", "", "", "", "Quản trị @ Tỉnh Lâm Đồng"],
            ["", neighbour.chair.full_name, "", neighbour.root.name],
        ),
    )
    said = {row: (column, vi) for row, column, vi in await district.faults(batch)}
    assert set(said) == {3, 4, 5, 6, 7, 8}, said
    assert said[3] == ("Đơn vị", "Không có đơn vị này trong phạm vi đồng chí quản trị.")
    assert said[4] == ("Đơn vị", "Đơn vị này ngoài phạm vi đồng chí quản trị.")
    assert said[5][0] == "Mã hệ thống"
    assert said[6] == ("Họ và tên", "Người này còn vai trò ở đơn vị khác. Nhờ quản trị viên cấp trên.")
    assert said[7] == ("Vai trò", "Đơn vị này ngoài phạm vi đồng chí quản trị.")
    assert said[8] == ("Đơn vị", "Không có đơn vị này trong phạm vi đồng chí quản trị.")
    names = {row[header.index("Họ và tên")] for row in cells_of(await district.export("people"))}
    assert province.technician.full_name in names
    assert province.stranger.full_name not in names
    # Each sees what concerns the own branch whole.
    sent = await desk.send("people", FILE)
    assert (await district.client.get(f"/api/exchange/batches/{sent['id']}")).status_code == 404
    assert [each["id"] for each in (await district.client.get("/api/exchange/batches")).json()["batches"]] == [
        batch["id"]
    ]
    assert {each["id"] for each in (await desk.client.get("/api/exchange/batches")).json()["batches"]} == {
        batch["id"],
        sent["id"],
    }
    foreign = Desk(await browser(neighbour.admin), services)
    assert (await foreign.client.get("/api/exchange/batches")).json()["total"] == 0
    for act in ("apply", "undo"):
        assert (await foreign.client.post(f"/api/exchange/batches/{sent['id']}/{act}")).status_code == 404
    # Who has lost the right before it is carried out carries out nothing.
    good = await district.send("people", workbook(PEOPLE, ["Người Của Mình", "", "Xã Lát"]))
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(update(Person).where(Person.id == local.id).values(disabled_at=MORNING))
    async with services.database.read() as session:
        count = await session.scalar(select(func.count()).select_from(Person))
    answer = await district.client.post(f"/api/exchange/batches/{good['id']}/apply")
    assert answer.status_code == 401
    async with services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Person)) == count
        assert await session.scalar(select(func.count()).select_from(SignInSession)) is not None


async def test_a_file_that_is_none_is_refused_in_words(desk: Desk) -> None:
    kinds: list[tuple[str, bytes, str]] = [
        ("people", b"PK\x03\x04nonsense", "Không đọc được tệp này."),
        ("people", workbook(["Cột Lạ"], ["a"]), "Không thấy hàng tiêu đề có cột “Họ và tên”"),
        ("units", workbook(["Cột Lạ"], ["a"]), "Không thấy hàng tiêu đề có cột “Tên đầy đủ”"),
    ]
    for kind, content, sentence in kinds:
        batch: dict[str, Any] = await desk.send(kind, content)
        assert batch["state"] == "refused"
        assert batch["problem"]["vi"].startswith(sentence)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_files_of_every_way_of_writing(desk: Desk) -> None:
    """As offices keep them: Unicode with and without its mark, the code page of Windows, and the two old fonts."""
    text = "Họ và tên;Chức vụ;Đơn vị\r\nLữ Thị Hường;Bí thư Huyện ủy Lạc Dương;Xã Lát\r\n"
    files = {
        "utf-8-sig": text.encode("utf-8-sig"),
        "utf-16": text.encode("utf-16"),
        "utf-16-be": b"\xfe\xff" + text.encode("utf-16-be"),
        "windows-1258": cp1258(text),
        "tcvn3": "".join(TCVN3.get(letter, letter) for letter in text).encode("latin-1"),
        "vni": "".join(VNI.get(letter, letter) for letter in text).encode("cp1252"),
    }
    for name, content in files.items():
        batch = await desk.send("people", content, f"{name}.csv")
        assert counts(batch) == (1, 0, 0, 0, 0), (name, batch)
        [row] = await desk.rows(batch)
        assert "Lữ Thị Hường" in str(row), (name, row)
        assert "Bí thư Huyện ủy Lạc Dương" in str(row), (name, row)


async def test_a_step_that_was_broken_off_is_done_whole(desk: Desk, services: Services) -> None:
    """Who is laid in already is found by nobody; the next try counts nobody twice."""
    before = await everything(services)
    batch = await desk.send("people", FILE)
    assert (await desk.client.post(f"/api/exchange/batches/{batch['id']}/apply")).status_code == 200
    await people.lay_in(services, batch["id"])
    found = await desk.client.get("/api/people", params={"q": "cil ha brong"})
    assert "Brông" not in found.text or '"locked"' in found.text
    async with services.database.read() as session:
        hidden = await session.scalars(select(Person.disabled_at).where(Person.full_name == "Cil Ha Brông"))
        assert hidden.one() is not None
    await desk.work()
    done = await desk.batch(batch["id"])
    assert done["state"] == "applied", done
    assert (await person(services, "Cil Ha Brông")).disabled_at is None
    assert (await desk.step(done, "undo"))["state"] == "undone"
    assert await everything(services) == before


async def test_what_was_decided_is_finished_by_whoever_takes_the_job_again(
    desk: Desk, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends between the decision and the opening, and again in the middle of an undo."""

    async def ends(*_: object) -> None:
        raise JobLost

    before = await everything(services)
    batch = await desk.send("people", FILE)
    with monkeypatch.context() as broken:
        broken.setattr(people, "open_new", ends)
        assert (await desk.step(batch, "apply"))["state"] == "applying"
    # What was decided is not turned back: only who is new is still locked.
    assert (await person(services, "Hùng")).disabled_at is not None
    await _again(services, desk)
    done = await desk.batch(batch["id"])
    assert done["state"] == "applied", done
    assert (await person(services, "Hùng")).disabled_at is None
    with monkeypatch.context() as broken:
        broken.setattr(people, "take_out", ends)
        assert (await desk.step(done, "undo"))["state"] == "undoing"
    await _again(services, desk)
    assert (await desk.batch(batch["id"]))["state"] == "undone"
    assert await everything(services) == before


async def _again(services: Services, desk: Desk) -> None:
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(update(Job).values(run_at=tx.now))
    await desk.work()


async def test_an_undo_that_comes_too_late_leaves_everybody_as_they_were(
    desk: Desk, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody puts a new person to use while the others are being locked."""
    done = await desk.bring_in("people", FILE)
    hung = await person(services, "Hùng")
    really = people._set_locked

    async def meanwhile(*arguments: Any, locked: bool) -> None:
        await really(*arguments, locked=locked)
        if locked:
            await signed_in(services, hung)

    monkeypatch.setattr(people, "_set_locked", meanwhile)
    refused = await desk.step(done, "undo")
    assert (refused["state"], "Hùng" in refused["problem"]["vi"]) == ("applied", True)
    async with services.database.read() as session:
        locked = await session.scalar(select(func.count()).where(Person.disabled_at.is_not(None)))
    assert locked == 0


async def test_files_are_not_kept_for_ever(desk: Desk, services: Services, clock: Clock) -> None:
    waiting = await desk.send("people", workbook(PEOPLE, ["Chưa Áp Dụng", "", "Xã Lát"]))
    done = await desk.bring_in("people", FILE)
    clock.pass_(days=91)
    await tidy(services)
    async with services.database.read() as session:
        assert await session.get(ImportBatch, waiting["id"]) is None
        assert await session.get(ImportBatch, done["id"]) is not None
        assert await session.scalar(select(func.count()).select_from(ImportRow)) == 0
    desk.client.cookies.clear()


async def test_nobody_fills_the_disk_with_files(desk: Desk) -> None:
    content = workbook(["Cột"], ["a"])
    for number in range(MOST_WAITING + 1):
        params = {"kind": "people", "name": f"{number}.xlsx"}
        answer = await desk.client.post("/api/exchange/batches", params=params, content=content)
        assert answer.status_code == (201 if number < MOST_WAITING else 429)
