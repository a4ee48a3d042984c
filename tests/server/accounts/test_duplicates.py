"""Records that may be of one person, over the whole of one's own branches."""

from datetime import date

import pytest

from server.accounts.models import Person, RoleGrant
from server.core.actor import SYSTEM, Role
from server.core.services import Services
from tests import builders
from tests.builders import Neighbour, Province
from tests.conftest import Browsers

BORN = date(1975, 9, 2)


async def _people(services: Services, *told: tuple[object, str, dict[str, object]]) -> list[int]:
    async with services.transactions(SYSTEM) as tx:
        ids = []
        for unit, name, facts in told:
            person = await builders.person(tx.session, unit, name)  # type: ignore[arg-type]
            for field, value in facts.items():
                setattr(person, field, value)
            ids.append(person.id)
    return ids


async def test_pairs_of_one_name_and_one_thing_more(
    browser: Browsers, services: Services, province: Province, neighbour: Neighbour
) -> None:
    ids = await _people(
        services,
        (province.da_sar, "Lê Thị Hoà", {"born_on": BORN}),
        (province.lat, "Lê Thị Hòa", {"born_on": BORN}),  # the same, in another spelling, elsewhere
        (province.lat, "Lê Thị Hòa", {"born_on": date(1980, 1, 1)}),  # a namesake: two days are two people
        (province.da_sar, "Cil Ha Poh", {"phone": "0263.555-0001"}),
        (province.lat, "Cil Ha Poh", {"phone": "0263 555 0001", "email": "Poh@x.vn"}),
        (province.root, "Cil Ha Poh", {"email": "poh@X.vn"}),
        (province.da_sar, "Đào Văn Tám", {}),
        (province.da_sar, "Đào Văn Tám", {}),
        (province.lat, "Đào Văn Tám", {}),  # the name alone tells nothing
        (neighbour.root, "Lê Thị Hòa", {"born_on": BORN}),  # nobody here knows of them
    )
    admin = await browser(province.admin)
    page = (await admin.get("/api/people/duplicates")).json()
    told = [(ids.index(pair["one"]["id"]), ids.index(pair["other"]["id"]), pair["same"]) for pair in page["pairs"]]
    assert told == [(3, 4, ["phone"]), (4, 5, ["email"]), (6, 7, ["unit"]), (0, 1, ["born"])]
    assert page["total"] == 4
    assert page["pairs"][3]["other"]["unit_name"] == province.lat.name
    second = (await admin.get("/api/people/duplicates", params={"offset": 1, "limit": 1})).json()
    assert [pair["one"]["id"] for pair in second["pairs"]] == [ids[4]]
    branch = (await admin.get("/api/people/duplicates", params={"unit_id": province.da_sar.id})).json()
    assert [pair["one"]["id"] for pair in branch["pairs"]] == [ids[6]]
    foreign = await admin.get("/api/people/duplicates", params={"unit_id": neighbour.root.id})
    assert foreign.status_code == 403
    # Merged, the pair is gone.
    assert (await admin.post(f"/api/people/{ids[0]}/merge", json={"gone_id": ids[1]})).status_code == 200
    assert (await admin.get("/api/people/duplicates")).json()["total"] == 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_branchs_administrator_sees_the_branch(
    browser: Browsers, services: Services, province: Province
) -> None:
    ids = await _people(
        services,
        (province.da_sar, "Đào Văn Tám", {"born_on": BORN}),
        (province.root, "Đào Văn Tám", {"born_on": BORN}),
        (province.da_sar, "Đào Văn Tám", {"born_on": BORN}),
    )
    async with services.transactions(SYSTEM) as tx:
        tx.session.add(RoleGrant(person_id=ids[0], role=Role.ADMIN, unit_id=province.da_sar.id))
        person = await tx.session.get_one(Person, ids[0])
    pairs = (await (await browser(person)).get("/api/people/duplicates")).json()["pairs"]
    assert [(pair["one"]["id"], pair["other"]["id"]) for pair in pairs] == [(ids[0], ids[2])]
