"""State and Party units: told by their names, inherited, and chosen."""

import httpx2
import pytest

from server.invitations.official.form import committee
from server.meetings.address import address_of, form_of_address
from tests.builders import Province
from tests.conftest import Browsers


async def test_a_unit_is_of_the_state_or_the_party(browser: Browsers, province: Province) -> None:
    client: httpx2.AsyncClient = await browser(province.admin)
    unit = {"parent_id": province.root.id, "short_name": "Mới", "level": "below"}
    made = [
        (await client.post("/api/units", json=unit | more)).json()
        for more in (
            {"name": "Sở Mới"},
            {"name": "Đảng ủy Khối Mới"},
            {"name": "Ban Mới", "body": "party"},
        )
    ]
    assert [each["body"] for each in made] == ["state", "party", "party"]
    below = await client.post("/api/units", json=unit | {"name": "Văn phòng", "parent_id": made[1]["id"]})
    assert below.json()["body"] == "party"
    changed = await client.patch(f"/api/units/{made[0]['id']}", json={"body": "party"})
    assert changed.json()["body"] == "party"


@pytest.mark.parametrize(
    ("name", "organ"),
    [
        ("Tỉnh Lâm Đồng", "Tỉnh ủy Lâm Đồng"),
        ("Tỉnh ủy Lâm Đồng", "Tỉnh ủy Lâm Đồng"),
        ("Thành phố Đà Lạt", "Thành ủy Đà Lạt"),
        ("Xã Đạ Sar", "Đảng ủy xã Đạ Sar"),
        ("Ban Tuyên giáo", "Ban Tuyên giáo"),
    ],
)
def test_the_committee_of_an_administrative_unit(name: str, organ: str) -> None:
    assert committee(name) == organ


@pytest.mark.parametrize(
    ("chosen", "kind", "body", "said"),
    [
        ("", "hoi-nghi", "party", "Đồng chí"),
        ("", "hoi-nghi", "state", "Ông/Bà"),
        ("", "ky-hop", "party", "Ông/Bà"),
        ("comrade", "ky-hop", "state", "Đồng chí"),
        ("polite", "hoi-nghi", "party", "Ông/Bà"),
    ],
)
def test_people_are_spoken_to_as_the_unit_and_the_kind_have_it(chosen: str, kind: str, body: str, said: str) -> None:
    address = address_of(chosen, kind, body)
    assert form_of_address(address, guest=False) == said
    assert form_of_address(address, guest=True) == "Ông/Bà"
