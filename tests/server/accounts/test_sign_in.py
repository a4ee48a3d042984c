import asyncio
import contextlib

import httpx2
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import select

from server.accounts.actions.links import create_link
from server.accounts.attempts import Attempts, Busy, WrongPassword, network_of
from server.accounts.dependencies import COOKIE
from server.accounts.models import Person, SignInSession
from server.accounts.password_rules import require_strong
from server.accounts.passwords import Passwords
from server.accounts.sign_in import Browser, SignIn
from server.audit.log import AuditLog
from server.audit.models import AuditEntry
from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.errors import Invalid, TooMany
from server.core.services import Services
from server.edge.session_cookie import HOST_COOKIE
from server.main import create_app
from tests import builders
from tests.builders import Province
from tests.conftest import Browsers, Clock, signed_in

PASSWORD = "đúng mật khẩu này"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture(autouse=True)
async def _password(app: FastAPI, services: Services, province: Province) -> None:
    """The organiser has one; hashes are quick, as the tests are not about argon2."""
    services.components.put(SignIn(services, services.components[AuditLog], QUICK))
    async with services.transactions(SYSTEM) as tx:
        person = await tx.session.get_one(Person, province.organiser.id)
        person.password_hash = QUICK.hash(PASSWORD)


async def sign_in(client: httpx2.AsyncClient, login: str = "tochuc", password: str = PASSWORD) -> httpx2.Response:
    return await client.post("/api/session", json={"login": login, "password": password})


async def test_signing_in_and_out(browser: Browsers, province: Province, services: Services) -> None:
    client = await browser()
    assert (await client.get("/api/session")).status_code == 401
    answer = await sign_in(client, login="  ToChuc ")
    assert answer.status_code == 200
    assert answer.json() == {
        "person_id": province.organiser.id,
        "point_id": None,
        "name": "Nguyễn Tổ Chức",
        "title": "",
        "unit_id": province.root.id,
        "unit_name": "Tỉnh Lâm Đồng",
        "roles": [{"role": "organiser", "unit_id": province.root.id, "unit_name": "Tỉnh Lâm Đồng"}],
        "only_meetings": None,
        "can_plan": True,
    }
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age="))
    assert (await client.get("/api/session")).json() == answer.json()
    token = client.cookies[COOKIE]
    assert (await client.delete("/api/session")).status_code == 204
    client.cookies.set(COOKIE, token)
    assert (await client.get("/api/session")).status_code == 401
    async with services.database.read() as session:
        stored = (await session.scalars(select(SignInSession.token_hash))).all()
    assert token not in stored


async def test_the_cookie_is_secure_behind_https(settings: Settings, services: Services, province: Province) -> None:
    app = create_app(settings.model_copy(update={"public_url": "https://hop.example"}))
    app.state.services.components.put(SignIn(app.state.services, app.state.services.components[AuditLog], QUICK))
    headers = {"X-Nhipcau": "1", "Origin": "https://hop.example"}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="https://hop.example", headers=headers
    ) as client:
        answer = await sign_in(client)
        [cookie] = [each for each in answer.headers.get_list("set-cookie") if each.startswith(HOST_COOKIE)]
        assert all(part in cookie for part in ("; Secure", "; HttpOnly", "; Path=/", "; SameSite=lax"))
        assert "Domain" not in cookie
        assert "max-age" in answer.headers["strict-transport-security"]
        token = client.cookies[HOST_COOKIE]
        assert (await client.get("/api/session")).status_code == 200
        # Under the name that a neighbouring site can set too, it is nothing.
        client.cookies.clear()
        client.cookies.set(COOKIE, token)
        assert (await client.get("/api/session")).status_code == 401
        client.cookies.set(HOST_COOKIE, token, domain="hop.example", path="/")
        assert (await client.delete("/api/session")).status_code == 204
        assert HOST_COOKIE not in client.cookies
    await app.state.services.stop()


async def test_a_browser_of_before_tls_cookies_stays_signed_in(
    settings: Settings, services: Services, province: Province
) -> None:
    """Its cookie is given the new name, by the same token."""
    old = await signed_in(services, province.da_sar_hall)
    app = create_app(settings.model_copy(update={"public_url": "https://hop.example"}))
    headers = {"X-Nhipcau": "1", "Origin": "https://hop.example"}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="https://hop.example", headers=headers
    ) as client:
        client.cookies.set(COOKIE, old, domain="hop.example", path="/")
        assert (await client.get("/api/session")).json()["point_id"] == province.da_sar_hall.id
        assert client.cookies[HOST_COOKIE] == old
        assert COOKIE not in client.cookies
        again = await client.get("/api/session")
        assert again.status_code == 200
        assert "set-cookie" not in again.headers
    await app.state.services.stop()


@pytest.mark.parametrize(("login", "password"), [("tochuc", "sai"), ("khongco", PASSWORD), ("quantri", PASSWORD)])
async def test_wrong_login_and_wrong_password_look_the_same(browser: Browsers, login: str, password: str) -> None:
    answer = await sign_in(await browser(), login, password)
    assert answer.status_code == 401
    assert answer.json()["code"] == "wrong-password"
    assert "set-cookie" not in answer.headers


async def test_an_unknown_login_takes_the_same_work(app: FastAPI, services: Services, browser: Browsers) -> None:
    """Counted, not timed: one check with the same parameters, whether the login exists or not."""
    checked: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            checked.append(str(hash).rsplit("$", 2)[0])
            return super().verify(hash, password)

    app.state.services.components.put(
        SignIn(services, services.components[AuditLog], Counting(time_cost=1, memory_cost=64, parallelism=1))
    )
    client = await browser()
    for login in ("tochuc", "khongco", "quantri"):
        assert (await sign_in(client, login, "sai")).status_code == 401
    assert len(checked) == 3
    assert len(set(checked)) == 1


async def test_too_many_failures_are_put_off(browser: Browsers) -> None:
    client = await browser()
    for _ in range(5):
        assert (await sign_in(client, password="sai")).status_code == 401
    refused = await sign_in(client)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.json()["code"] == "too-many"


async def test_strangers_shut_nobody_out(
    browser: Browsers, app: FastAPI, services: Services, province: Province
) -> None:
    """Neither the login's owner elsewhere, nor a browser that has signed in before, nor the neighbours in one hall."""
    desk: SignIn = app.state.services.components[SignIn]
    elsewhere = Browser("203.0.113.7", "", None)
    own = await desk.with_password("tochuc", PASSWORD, elsewhere)
    script = Browser("198.51.100.1", "", None)
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await desk.with_password("tochuc", "sai", script)
    with pytest.raises(TooMany):
        await desk.with_password("tochuc", PASSWORD, script)
    assert await desk.with_password("tochuc", PASSWORD, elsewhere)
    known = Browser(script.address, "", None, own.device)
    assert await desk.with_password("tochuc", PASSWORD, known), "a device that has been in before"
    forged = Browser(script.address, "", None, own.device[:-1] + "x")
    with pytest.raises(TooMany):
        await desk.with_password("tochuc", PASSWORD, forged)


async def test_forty_delegates_of_one_hall_come_in_at_once(
    browser: Browsers, services: Services, province: Province
) -> None:
    async with services.transactions(SYSTEM) as tx:
        hashed = QUICK.hash(PASSWORD)
        for number in range(40):
            person = await builders.person(tx.session, province.lat, f"Đại biểu {number}", login=f"daibieu{number}")
            person.password_hash = hashed
    client = await browser()
    for number in range(10):
        await sign_in(client, f"daibieu{number}", "gõ nhầm một lần")
    clients = [await browser() for _ in range(40)]
    answers = await asyncio.gather(*(sign_in(each, f"daibieu{number}") for number, each in enumerate(clients)))
    assert {answer.status_code for answer in answers} == {200}


async def test_an_address_of_very_many_failures_is_slowed_and_not_refused(
    services: Services, province: Province
) -> None:
    attempts = Attempts("10/minute")
    for number in range(120):
        with contextlib.suppress(WrongPassword):
            async with attempts.attempt(f"nguoi{number}", "198.51.100.1"):
                raise WrongPassword()
    at_once = most = 0

    async def one(number: int, address: str) -> None:
        nonlocal at_once, most
        async with attempts.attempt(f"khac{number}", address):
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0)
            at_once -= 1

    await asyncio.gather(*(one(number, "198.51.100.1") for number in range(30)))
    assert most == 1
    await asyncio.gather(*(one(number, "198.51.100.2") for number in range(30)))
    assert most > 10
    with pytest.raises(Busy):
        await asyncio.gather(*(one(number, "198.51.100.1") for number in range(80)))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff:1:2:3", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
    ],
)
def test_ipv6_addresses_of_one_customer_are_one(address: str, network: str) -> None:
    assert network_of(address) == network


async def test_checks_beyond_what_people_wait_for_are_put_off() -> None:
    passwords = Passwords(1, QUICK, most_waiting=3)
    answers = await asyncio.gather(*(passwords.verify("x", None) for _ in range(10)), return_exceptions=True)
    assert [type(answer) for answer in answers].count(Busy) == 7
    assert await passwords.verify("x", None) is False, "and it goes on"


async def test_refusals_are_noted_together_and_with_their_login(
    app: FastAPI, browser: Browsers, services: Services, province: Province
) -> None:
    client = await browser()
    for _ in range(4):
        await sign_in(client, password="sai")
    async with app.state.services.components[AuditLog].running():
        pass
    async with services.database.read() as session:
        entries = list(await session.scalars(select(AuditEntry)))
    [entry] = [each for each in entries if each.subject_id == "session of tochuc"]
    assert entry.facts == {"code": "wrong-password", "times": 4}


async def test_the_cookie_is_another_one_after_each_password(browser: Browsers) -> None:
    client = await browser()
    await sign_in(client)
    first = client.cookies[COOKIE]
    await sign_in(client)
    assert client.cookies[COOKIE] != first
    old = await browser()
    old.cookies.set(COOKIE, first)
    assert (await old.get("/api/session")).status_code == 401


@pytest.mark.parametrize(
    "password",
    [
        *("password1234", "P@ssw0rd@2026!", "matkhau12345", "Mật khẩu 123456", "aaaaaaaaaaaa", "123456789012"),
        *("qwertyuiop12", "1qaz2wsx3edc", "nhipcau@2026!", "tinhuylamdong2025", "anhyeuem1314520", "abcabcabcabc"),
        *("quantri@12345678", "TranQuanTri1975", "0912345678901", "ngắn quá"),
    ],
)
def test_what_everybody_tries_is_no_password(password: str) -> None:
    with pytest.raises(Invalid):
        require_strong(password, "quantri", "Trần Quản Trị")


@pytest.mark.parametrize(
    "password", ["sông núi nước Nam", "trời hôm nay đẹp quá", "k8Dz-p2Qw-n7Rt", "correct horse battery staple"]
)
def test_a_sentence_is_a_good_password(password: str) -> None:
    require_strong(password, "quantri", "Trần Quản Trị")


async def test_many_guesses_at_once_gain_nothing(browser: Browsers) -> None:
    client = await browser()
    answers = await asyncio.gather(*(sign_in(client, password=f"sai {number}") for number in range(20)))
    assert sum(answer.status_code == 401 for answer in answers) <= 5
    assert sum(answer.status_code == 429 for answer in answers) >= 15


async def test_success_forgives_the_name(browser: Browsers) -> None:
    client = await browser()
    for _ in range(3):
        await sign_in(client, password="sai")
    assert (await sign_in(client)).status_code == 200
    assert (await sign_in(client, password="sai")).status_code == 401
    assert (await sign_in(client)).status_code == 200


async def test_a_hash_with_older_parameters_is_renewed(browser: Browsers, services: Services) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=32, parallelism=1).hash(PASSWORD)
    async with services.transactions(SYSTEM) as tx:
        person = (await tx.session.scalars(select(Person).where(Person.login == "tochuc"))).one()
        person.password_hash = old
    client = await browser()
    assert (await sign_in(client)).status_code == 200
    async with services.database.read() as session:
        new = (await session.scalars(select(Person.password_hash).where(Person.login == "tochuc"))).one()
    assert new != old
    assert new is not None
    assert not QUICK.check_needs_rehash(new)
    assert (await sign_in(client)).status_code == 200


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


async def link_for(services: Services, **owner: object) -> str:
    async with services.transactions(SYSTEM) as tx:
        path, _ = await create_link(tx, **owner)  # type: ignore[arg-type]
    return path.removeprefix("/join/")


async def test_a_link_signs_in(browser: Browsers, province: Province, services: Services, clock: Clock) -> None:
    token = await link_for(services, person_id=province.chair.id, next_path="/meetings/1/console")
    client = await browser()
    answer = await client.post("/api/session/link", json={"token": token})
    assert answer.json()["next"] == "/meetings/1/console"
    assert answer.json()["me"]["name"] == "Phạm Chủ Trì"
    assert (await client.get("/api/session")).json()["person_id"] == province.chair.id
    clock.pass_(days=31)
    expired = await (await browser()).post("/api/session/link", json={"token": token})
    assert expired.status_code == 404
    assert expired.json()["code"] == "link-ended"


async def test_a_link_again_keeps_the_session(browser: Browsers, province: Province, services: Services) -> None:
    token = await link_for(services, point_id=province.lat_hall.id, next_path="/hall")
    client = await browser()
    await client.post("/api/session/link", json={"token": token})
    first = client.cookies[COOKIE]
    await client.post("/api/session/link", json={"token": token})
    assert client.cookies[COOKIE] == first
    assert len((await client.get("/api/sessions")).json()) == 1


async def test_another_owners_link_ends_the_session_before(
    browser: Browsers, province: Province, services: Services
) -> None:
    client = await browser(province.chair)
    before = client.cookies[COOKIE]
    token = await link_for(services, person_id=province.secretary.id)
    asked = await client.post("/api/session/link", json={"token": token})
    assert (asked.status_code, asked.json()["code"]) == (409, "somebody-else-signed-in")
    assert asked.json()["details"] == {"present": "Phạm Chủ Trì", "owner": "Võ Thư Ký"}
    assert client.cookies[COOKIE] == before
    assert (await client.get("/api/session")).json()["name"] == "Phạm Chủ Trì", "nobody is thrown out silently"
    await client.post("/api/session/link", json={"token": token, "replace": True})
    assert (await client.get("/api/session")).json()["name"] == "Võ Thư Ký"
    old = await browser()
    old.cookies.set(COOKIE, before)
    assert (await old.get("/api/session")).status_code == 401


async def test_a_replaced_link_is_over(browser: Browsers, province: Province, services: Services) -> None:
    first = await link_for(services, point_id=province.lat_hall.id)
    second = await link_for(services, point_id=province.lat_hall.id, replace=True)
    client = await browser()
    assert (await client.post("/api/session/link", json={"token": first})).status_code == 404
    assert (await client.post("/api/session/link", json={"token": second})).status_code == 200
    assert (await client.post("/api/session/link", json={"token": "đoán"})).status_code == 404
