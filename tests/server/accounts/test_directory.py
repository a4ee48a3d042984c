"""The list of people: who is found, in which order, and by whom."""

import pytest
from sqlalchemy import update

from server.accounts.models import Person
from server.core.actor import SYSTEM, Role
from server.core.services import Services
from tests import builders
from tests.builders import Neighbour, Province
from tests.conftest import Browsers


@pytest.fixture
async def namesakes(services: Services, province: Province) -> None:
    """A leader of the province and three of whom one would not think first."""
    async with services.transactions(SYSTEM) as tx:
        for unit, name, title, role in (
            (province.lat, "Phạm Hữu Bình", "Kỹ thuật điểm cầu", Role.TECHNICIAN),
            (province.da_sar, "Phạm Hữu An", "Phó Bí thư Đảng ủy xã", Role.DELEGATE),
            (province.root, "Phạm Hữu Thành", "Phó Bí thư Thường trực Tỉnh ủy", Role.DELEGATE),
            (province.root, "Phạm Hữu Ân", "Chuyên viên", Role.OPERATOR),
            (province.root, "Xuân Phạm Thị Hữu", "", Role.DELEGATE),
        ):
            made = await builders.person(tx.session, unit, name, role)
            made.title = title


async def names(browser: Browsers, who: Person, path: str, **asked: str | int) -> list[str]:
    answer = await (await browser(who)).get(path, params=asked)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return [each["full_name"] for each in (found["people"] if isinstance(found, dict) else found)]


@pytest.mark.usefixtures("namesakes")
async def test_who_is_meant_comes_first(browser: Browsers, province: Province) -> None:
    found = await names(browser, province.organiser, "/api/people", q="pham huu")
    assert found == ["Phạm Hữu Thành", "Phạm Hữu Ân", "Xuân Phạm Thị Hữu", "Phạm Hữu An", "Phạm Hữu Bình"]
    # An exact name before one of which it is a part, however near that is.
    assert (await names(browser, province.organiser, "/api/people", q="phạm hữu an"))[:2] == [
        "Phạm Hữu Ân",
        "Phạm Hữu An",
    ]
    near = await names(browser, province.organiser, "/api/people", q="pham huu", near=province.da_sar.id)
    assert near[0] == "Phạm Hữu An"


@pytest.mark.usefixtures("namesakes")
async def test_positions_are_searched(browser: Browsers, province: Province) -> None:
    asked = {"q": "phó bí thư thường trực"}
    assert await names(browser, province.organiser, "/api/people", **asked) == ["Phạm Hữu Thành"]
    mixed = await names(browser, province.organiser, "/api/people", q="huu pho bi thu")
    assert mixed == ["Phạm Hữu Thành", "Phạm Hữu An"]
    admin = await browser(province.admin)
    changed = await admin.get("/api/people", params={"q": "Phạm Hữu Thành"})
    await admin.patch(f"/api/people/{changed.json()[0]['id']}", json={"title": "Bí thư Tỉnh ủy"})
    assert await names(browser, province.organiser, "/api/people", **asked) == []


async def test_filters_and_pages(browser: Browsers, province: Province, services: Services) -> None:
    path = "/api/people/directory"
    everybody = await names(browser, province.admin, path, limit=200)
    assert len(everybody) == len(set(everybody)) > 8
    first = await names(browser, province.admin, path, limit=3)
    second = await names(browser, province.admin, path, limit=3, offset=3)
    assert first + second == everybody[:6]
    assert (await names(browser, province.admin, path, role="technician", unit_id=province.lac_duong.id)) == [
        "Bon Niêng Kỹ Thuật",
        "Cil Ha Kỹ Thuật",
    ]
    never = await names(browser, province.admin, path, state="never")
    assert "Nguyễn Tổ Chức" in never
    link = await (await browser(province.admin)).post("/api/links", json={"person_id": province.organiser.id})
    token = link.json()["link"].removeprefix("/join/")
    assert (await (await browser()).post("/api/session/link", json={"token": token})).status_code == 200
    assert "Nguyễn Tổ Chức" in await names(browser, province.admin, path, state="active")
    assert "Nguyễn Tổ Chức" not in await names(browser, province.admin, path, state="never")
    await (await browser(province.admin)).patch(f"/api/people/{province.organiser.id}", json={"disabled": True})
    assert await names(browser, province.admin, path, state="locked") == ["Nguyễn Tổ Chức"]
    async with services.transactions(SYSTEM) as tx:
        of_chair = Person.id == province.chair.id
        await tx.session.execute(
            update(Person)
            .where(of_chair)
            .values(email="Chu.Tri@lamdong.example", phone="0263.3822 456", login="chutri")
        )
    for q in ("chu.tri@", "02633822", "0263 3822", "CHUTRI"):
        assert await names(browser, province.admin, path, q=q) == ["Phạm Chủ Trì"], q


async def test_administrators_see_their_branch_alone(
    browser: Browsers, province: Province, neighbour: Neighbour, services: Services
) -> None:
    path = "/api/people/directory"
    async with services.transactions(SYSTEM) as tx:
        small = await builders.person(tx.session, province.lac_duong, "Quản Trị Huyện", Role.ADMIN)
        outside = await builders.person(tx.session, neighbour.root, "Người Tỉnh Bạn", Role.ADMIN)
    answer = await (await browser(small)).get(path, params={"limit": 200})
    units = {each["unit_name"] for each in answer.json()["people"]}
    assert units == {"Huyện Lạc Dương", "Xã Đạ Sar"}
    assert answer.json()["total"] == len(answer.json()["people"])
    assert (await (await browser(small)).get(path, params={"unit_id": province.root.id})).status_code == 403
    theirs = await names(browser, outside, path, limit=200)
    assert not set(theirs) & set(await names(browser, province.admin, path, limit=200))
    assert (await (await browser(outside)).get(path, params={"unit_id": province.lat.id})).status_code == 403
    for who in (province.organiser, province.chair):
        assert (await (await browser(who)).get(path)).status_code == 403
