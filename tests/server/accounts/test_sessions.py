"""How long a session lasts, and who ends it."""

import pytest

from tests.builders import Province
from tests.conftest import Browsers, Clock
from tests.server.accounts.signing_in import PASSWORD, sign_in

pytestmark = pytest.mark.usefixtures("organisers_password")


async def test_sessions_expire_unless_used(browser: Browsers, clock: Clock) -> None:
    client = await browser()
    await sign_in(client)
    for _ in range(4):
        clock.pass_(days=20)
        assert (await client.get("/api/session")).status_code == 200
    clock.pass_(days=31)
    assert (await client.get("/api/session")).status_code == 401


async def test_no_session_of_a_person_is_for_ever(browser: Browsers, clock: Clock) -> None:
    client = await browser()
    await sign_in(client)
    for _ in range(9):
        clock.pass_(days=19)
        assert (await client.get("/api/session")).status_code == 200
    clock.pass_(days=10)
    assert (await client.get("/api/session")).status_code == 401


async def test_a_hall_stays_in_for_a_year(browser: Browsers, province: Province, clock: Clock) -> None:
    hall = await browser(province.da_sar_hall)
    clock.pass_(days=360)
    me = (await hall.get("/api/session")).json()
    assert (me["point_id"], me["person_id"], me["name"]) == (province.da_sar_hall.id, None, "Điểm cầu Đạ Sar")


async def test_own_sessions_are_listed_and_revoked(browser: Browsers, province: Province, clock: Clock) -> None:
    first, second = await browser(province.organiser), await browser(province.organiser)
    other = await browser(province.admin)
    clock.pass_(minutes=10)
    listed = (await first.get("/api/sessions")).json()
    assert len(listed) == 2
    assert [each["current"] for each in listed] == [True, False]
    assert listed[0]["last_seen_at"] > listed[1]["last_seen_at"]
    foreign = (await other.get("/api/sessions")).json()[0]["id"]
    assert (await first.delete(f"/api/sessions/{foreign}")).status_code == 404
    assert (await other.get("/api/session")).status_code == 200
    assert (await first.delete(f"/api/sessions/{listed[1]['id']}")).status_code == 204
    assert (await second.get("/api/session")).status_code == 401
    assert (await first.get("/api/session")).status_code == 200


async def test_a_new_password_ends_the_other_sessions(browser: Browsers, province: Province) -> None:
    here, elsewhere = await browser(province.organiser), await browser(province.organiser)
    wrong = await here.put("/api/session/password", json={"current": "sai", "new": "nghìn năm văn hiến"})
    assert wrong.status_code == 401
    short = await here.put("/api/session/password", json={"current": PASSWORD, "new": "ngắn"})
    assert "ít nhất 12 ký tự" in short.json()["details"]["fields"]["new"]
    easy = await here.put("/api/session/password", json={"current": PASSWORD, "new": "Nguyễn Tổ Chức 1980"})
    assert "quá dễ đoán" in easy.json()["details"]["fields"]["new"]
    changed = await here.put("/api/session/password", json={"current": PASSWORD, "new": "nghìn năm văn hiến"})
    assert changed.status_code == 204
    assert (await here.get("/api/session")).status_code == 200
    assert (await elsewhere.get("/api/session")).status_code == 401
    assert (await sign_in(elsewhere)).status_code == 401
    assert (await sign_in(elsewhere, password="nghìn năm văn hiến")).status_code == 200


async def test_whoever_has_no_password_cannot_change_it(browser: Browsers, province: Province) -> None:
    change = {"current": "x", "new": "nghìn năm văn hiến"}
    for who in (province.da_sar_hall, province.chair):
        assert (await (await browser(who)).put("/api/session/password", json=change)).status_code == 403
