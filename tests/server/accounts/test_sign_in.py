"""Signing in by login and password: the session's cookie, and what is a good password."""

import httpx2
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import select

from server.accounts.dependencies import COOKIE
from server.accounts.models import Person, SignInSession
from server.accounts.password_rules import require_strong
from server.accounts.sign_in import SignIn
from server.audit.log import AuditLog
from server.core.actor import SYSTEM, Role
from server.core.config import Settings
from server.core.errors import Invalid
from server.core.services import Services
from server.edge.session_cookie import HOST_COOKIE
from server.main import create_app
from tests import builders
from tests.builders import Province
from tests.conftest import Browsers, signed_in
from tests.server.accounts.signing_in import PASSWORD, QUICK, sign_in

pytestmark = pytest.mark.usefixtures("organisers_password")


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
        "keeps_system": False,
        "needs_factor": False,
        "time_zone": "Asia/Ho_Chi_Minh",
        "administers": None,
        "login": "tochuc",
        "idle_lock_minutes": 15,
    }
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age="))
    assert (await client.get("/api/session")).json() == answer.json()
    token = client.cookies[COOKIE]
    assert (await client.delete("/api/session")).status_code == 200
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
        assert (await client.delete("/api/session")).status_code == 200
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


async def test_who_administers_what(browser: Browsers, province: Province, services: Services) -> None:
    async with services.transactions(SYSTEM) as tx:
        small = await builders.person(tx.session, province.lac_duong, "Quản Trị Huyện", Role.ADMIN)
    for person, administers in ((province.admin, "system"), (small, "branch"), (province.chair, None)):
        assert (await (await browser(person)).get("/api/session")).json()["administers"] == administers
