"""One-time codes make a browser a hall's device."""

import io

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from server.accounts.dependencies import COOKIE
from server.audit.models import AuditEntry
from server.core.services import Services
from server.devices.codes import code_hash, shown, typed
from server.devices.models import DeviceCode
from tests.builders import Province
from tests.conftest import Browsers, Clock


async def a_code(browser: Browsers, province: Province, **more: object) -> dict[str, object]:
    admin = await browser(province.admin)
    answer = await admin.post("/api/device-codes", json={"point_id": province.lat_hall.id, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, object] = answer.json()
    return made


async def test_a_code_makes_a_browser_the_points_device(
    browser: Browsers, province: Province, services: Services
) -> None:
    made = await a_code(browser, province, part="papers", name="Màn hình trái")
    assert str(made["address"]).endswith(f"/device#{made['code']}")
    assert str(made["qr"]).startswith("<svg")
    hall = await browser()
    # As it may be typed: small letters, a space for the dash.
    text = str(made["code"]).lower().replace("-", " ")
    answer = await hall.post("/api/device", json={"code": text})
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["state"], said["point_name"], said["part"], said["name"]) == (
        "active",
        province.lat_hall.name,
        "papers",
        "Màn hình trái",
    )
    me = (await hall.get("/api/session")).json()
    assert (me["person_id"], me["point_id"]) == (None, province.lat_hall.id)
    async with services.database.read() as session:
        actions = list(await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
        kept = (await session.scalars(select(DeviceCode.code_hash))).one()
    assert actions[-3:] == ["device-code.made", "session.opened", "device.set-up"]
    assert str(made["code"]) not in kept
    assert kept == code_hash(services.settings, typed(str(made["code"])))


async def test_a_code_counts_once_and_not_for_ever(browser: Browsers, province: Province, clock: Clock) -> None:
    made = await a_code(browser, province, days=2)
    assert (await (await browser()).post("/api/device", json={"code": made["code"]})).status_code == 200
    again = await (await browser()).post("/api/device", json={"code": made["code"]})
    assert (again.status_code, again.json()["code"]) == (404, "device-code-wrong")
    late = await a_code(browser, province, days=2)
    clock.pass_(days=2, seconds=1)
    assert (await (await browser()).post("/api/device", json={"code": late["code"]})).status_code == 404


async def test_a_newer_code_of_the_same_part_voids_the_one_before(browser: Browsers, province: Province) -> None:
    first = await a_code(browser, province)
    spare = await a_code(browser, province, part="spare")
    second = await a_code(browser, province)
    assert (await (await browser()).post("/api/device", json={"code": first["code"]})).status_code == 404
    admin = await browser(province.admin)
    assert (await admin.delete(f"/api/device-codes/{second['id']}")).status_code == 204
    assert (await admin.delete(f"/api/device-codes/{second['id']}")).status_code == 404
    assert (await (await browser()).post("/api/device", json={"code": second["code"]})).status_code == 404
    assert (await (await browser()).post("/api/device", json={"code": spare["code"]})).status_code == 200


async def test_guessing_is_slowed(browser: Browsers, province: Province) -> None:
    made = await a_code(browser, province)
    script = await browser()
    said = [(await script.post("/api/device", json={"code": f"2222-{n:04}"})).status_code for n in range(31)]
    assert said == [404] * 30 + [429]
    # Even the right one, from there.
    assert (await script.post("/api/device", json={"code": made["code"]})).status_code == 429


async def test_who_is_signed_in_is_asked_first(browser: Browsers, province: Province) -> None:
    made = await a_code(browser, province)
    desk = await browser(province.organiser)
    asked = await desk.post("/api/device", json={"code": made["code"]})
    assert (asked.status_code, asked.json()["code"]) == (409, "somebody-else-signed-in")
    assert (await desk.get("/api/session")).json()["person_id"] == province.organiser.id
    # The code has not been used up by that.
    assert (await desk.post("/api/device", json={"code": made["code"], "replace": True})).status_code == 200
    assert (await desk.get("/api/session")).json()["point_id"] == province.lat_hall.id


async def test_a_sheet_has_a_page_for_each_point(browser: Browsers, province: Province) -> None:
    admin = await browser(province.admin)
    answer = await admin.post("/api/device-codes/sheet.pdf", json={"unit_id": province.lac_duong.id})
    assert answer.status_code == 200, answer.text
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages]
    halls = [province.lac_duong_hall, province.da_sar_hall, province.lat_hall]
    assert len(pages) == len(halls)
    for hall in halls:
        assert any(hall.name in page for page in pages), hall.name
    # What is printed opens; and leaves no other sheet to be printed for points that have their device.
    code = next(word for word in pages[0].split() if len(word) == 9 and word[4] == "-")
    assert code == shown(typed(code))
    assert (await (await browser()).post("/api/device", json={"code": code})).status_code == 200
    rest = await admin.post(
        "/api/device-codes/sheet.pdf", json={"unit_id": province.lac_duong.id, "only_without": True}
    )
    assert len(PdfReader(io.BytesIO(rest.content)).pages) == 2
    nobody = await admin.post("/api/device-codes/sheet.pdf", json={"point_ids": []})
    assert nobody.status_code == 422


async def test_a_sheet_is_for_the_own_branch(browser: Browsers, province: Province) -> None:
    technician = await browser(province.district_technician)
    for body in ({"unit_id": province.root.id}, {"point_ids": [province.lat_hall.id, province.main.id]}):
        assert (await technician.post("/api/device-codes/sheet.pdf", json=body)).status_code == 403
    # Without saying for which: all that are theirs.
    answer = await technician.post("/api/device-codes/sheet.pdf", json={})
    assert len(PdfReader(io.BytesIO(answer.content)).pages) == 3


@pytest.mark.parametrize("part", ["main", "spare"])
async def test_the_same_browser_set_up_again_is_one_device(browser: Browsers, province: Province, part: str) -> None:
    hall = await browser()
    for _ in range(2):
        made = await a_code(browser, province, part=part)
        assert (await hall.post("/api/device", json={"code": made["code"]})).status_code == 200
    assert hall.cookies[COOKIE]
    admin = await browser(province.admin)
    points = (await admin.get("/api/devices", params={"q": province.lat_hall.name})).json()["points"]
    assert [device["part"] for device in points[0]["devices"]] == [part]
