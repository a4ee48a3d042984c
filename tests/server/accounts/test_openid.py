"""Signing in with an account of an OpenID provider: a real one runs beside."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from sqlalchemy import select, update

from server.accounts.actions import second_factor
from server.accounts.models import Identity, Person, SignInSession
from server.accounts.second_factor import FactorKeys, code_at
from server.audit.models import AuditEntry
from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.services import Services
from server.main import create_app
from tests.builders import Province
from tests.conftest import Clock
from tests.openid import Provider, provider

SITE = "http://hop.test"
THERE = "/api/session/oidc"
ACCOUNTS = {
    "s-1": {"claims": {"email": "To.Chuc@lamdong.example", "email_verified": True, "name": "Tổ Chức"}, "amr": ["pwd"]},
    "s-2": {"claims": {"email": "to.chuc@lamdong.example", "email_verified": False}},
    "s-3": {"claims": {"email": "quantri@lamdong.example", "email_verified": True}, "amr": ["pwd", "otp"]},
    "s-4": {"claims": {"email": "quantri@lamdong.example", "email_verified": True}, "amr": ["pwd"]},
    "s-5": {"claims": {"name": "No address"}},
}


@pytest.fixture(scope="module")
def there() -> Iterator[Provider]:
    with provider(SITE, ACCOUNTS) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, there: Provider) -> Settings:
    return settings.model_copy(
        update={"public_url": SITE, "oidc_second_factor": "hwk, otp", "second_factor": "required", **there.settings()}
    )


@pytest.fixture
async def addresses(services: Services, province: Province) -> None:
    async with services.transactions(SYSTEM) as tx:
        for person, address in ((province.organiser, "to.chuc@"), (province.admin, "quantri@")):
            (await tx.session.get_one(Person, person.id)).email = f"{address}lamdong.example"


pytestmark = pytest.mark.usefixtures("addresses")
one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
Browser = Callable[[], Awaitable[httpx2.AsyncClient]]


@pytest.fixture
async def elsewhere() -> AsyncIterator[httpx2.AsyncClient]:
    """The browser as the provider knows it."""
    async with httpx2.AsyncClient() as client:
        yield client


async def _come(client: httpx2.AsyncClient, there: Provider, sub: str, next_path: str = "/") -> httpx2.Response:
    """Of a browser that presses the button and signs in at the provider as `sub`."""
    gone = await client.get(THERE, params={"next": next_path})
    assert gone.status_code == 303
    async with httpx2.AsyncClient() as outside:
        back = await there.sign_in(outside, gone.headers["location"], sub)
    return await client.get(back.removeprefix(SITE))


async def test_there_and_back(browser: Browser, there: Provider, province: Province, services: Services) -> None:
    client = await browser()
    assert (await client.get("/api/session/ways")).json() == {"provider": "Cổng SSO tỉnh", "reset": False}
    gone = parse_qs(urlsplit((await client.get(THERE)).headers["location"]).query)
    assert gone["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= gone.keys()
    assert gone["redirect_uri"] == [f"{SITE}{THERE}/return"]

    answer = await _come(client, there, "s-1", "/meetings/3?tab=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/meetings/3?tab=1")
    me = (await client.get("/api/session")).json()
    assert (me["person_id"], [role["role"] for role in me["roles"]]) == (province.organiser.id, ["organiser"])

    # Out here and there: the provider knows the session by its own token, and leads back to the sign-in page.
    out = (await client.delete("/api/session")).json()["provider"]
    asked = parse_qs(urlsplit(out).query)
    assert asked["post_logout_redirect_uri"] == [f"{SITE}/sign-in"]
    assert (await httpx2.AsyncClient().get(out)).status_code == 200
    assert (await client.get("/api/session")).status_code == 401
    async with services.database.read() as session:
        assert set(await session.scalars(select(SignInSession.provider_token))) == {None}
        [identity] = await session.scalars(select(Identity))
        actions = set(await session.scalars(select(AuditEntry.action)))
    assert (identity.person_id, identity.issuer, identity.subject) == (province.organiser.id, there.issuer, "s-1")
    assert "identity.linked" in actions

    # From now on it is the account, whatever address the person has here.
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(update(Person).values(email="khac@lamdong.example"))
    assert (await _come(await browser(), there, "s-1")).headers["location"] == "/"


@one_database
@pytest.mark.parametrize("sub", ["s-2", "s-5", "nobody"])
async def test_nobody_comes_in_by_an_address_that_is_not_verified(browser: Browser, there: Provider, sub: str) -> None:
    client = await browser()
    answer = await _come(client, there, sub, "/account")
    said = parse_qs(urlsplit(answer.headers["location"]).query)
    assert said == {"next": ["/account"], "refused": ["provider-refused" if sub == "nobody" else "identity-unknown"]}
    assert (await client.get("/api/session")).status_code == 401


async def test_an_address_of_two_people_is_nobodys(
    browser: Browser, there: Provider, province: Province, services: Services
) -> None:
    async with services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(Person, province.operator.id)).email = "TO.CHUC@lamdong.example"
    answer = await _come(await browser(), there, "s-1")
    assert "refused=identity-unknown" in answer.headers["location"]


@one_database
async def test_who_is_locked_stays_out(
    browser: Browser, there: Provider, province: Province, services: Services, clock: Clock
) -> None:
    await _come(await browser(), there, "s-1")
    async with services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(Person, province.organiser.id)).disabled_at = clock()
    answer = await _come(await browser(), there, "s-1")
    assert "refused=identity-unknown" in answer.headers["location"]


@one_database
async def test_what_comes_back_has_to_match(browser: Browser, there: Provider) -> None:
    client, thief = await browser(), await browser()
    gone = await client.get(THERE)
    async with httpx2.AsyncClient() as outside:
        back = (await there.sign_in(outside, gone.headers["location"], "s-1")).removeprefix(SITE)
    # Led in another browser, with another state, or once more.
    assert "refused" in (await thief.get(back)).headers["location"]
    await thief.get(THERE)
    assert "refused" in (await thief.get(back)).headers["location"]
    assert (await client.get(back)).headers["location"] == "/"
    assert "refused" in (await client.get(back)).headers["location"]
    assert (await thief.get("/api/session")).status_code == 401
    assert (await client.get(THERE, headers={"sec-fetch-site": "cross-site"})).headers["location"] == "/sign-in"


@one_database
async def test_administrators_need_more_than_a_password_there(
    browser: Browser, there: Provider, province: Province, services: Services
) -> None:
    client = await browser()
    await _come(client, there, "s-3")  # signs in there with a code
    me = (await client.get("/api/session")).json()
    assert (me["administers"], me["needs_factor"]) == ("system", False)

    weak = await browser()
    await _come(weak, there, "s-4")
    me = (await weak.get("/api/session")).json()
    assert (me["administers"], me["needs_factor"]) == (None, True)
    # So an app is set here, by whoever has just signed in there.
    assert (await weak.get("/api/session/second-factor")).json()["by_provider"]
    assert (await weak.post("/api/session/second-factor", json={})).status_code == 200


@one_database
async def test_the_code_of_ones_app_is_asked_for_here(
    browser: Browser, there: Provider, province: Province, services: Services, clock: Clock
) -> None:
    client = await browser()
    await _come(client, there, "s-4")
    begun = (await client.post("/api/session/second-factor", json={})).json()
    assert begun["key"]
    async with services.database.read() as session:
        factor = await session.get_one(second_factor.SecondFactor, province.admin.id)
    key = FactorKeys(services.settings).open(factor.sealed_key)
    assert (await client.put("/api/session/second-factor", json={"code": code_at(key, clock())})).status_code == 200
    clock.pass_(minutes=16)
    again = await client.post("/api/session/second-factor/off", json={})
    assert again.json()["code"] == "sign-in-again"

    other = await browser()
    answer = await _come(other, there, "s-4", "/administration")
    assert answer.headers["location"] == "/sign-in?step=code&next=%2Fadministration"
    assert (await other.get("/api/session")).status_code == 401
    assert (await other.post(THERE, json={"code": "000000"})).json()["code"] == "wrong-code"
    assert (await (await browser()).post(THERE, json={"code": code_at(key, clock())})).json()[
        "code"
    ] == "provider-refused"
    assert (await other.post(THERE, json={"code": code_at(key, clock())})).json()["administers"] == "system"
    # What stands for it there is enough.
    strong = await browser()
    assert (await _come(strong, there, "s-3")).headers["location"] == "/"


@one_database
async def test_an_administrator_unlinks(
    browser: Browser, there: Provider, province: Province, services: Services
) -> None:
    person = province.organiser
    theirs, admin = await browser(), await browser()
    await _come(theirs, there, "s-1")
    await _come(admin, there, "s-3")
    assert (await admin.get(f"/api/people/{person.id}")).json()["identity"]
    assert (await theirs.delete(f"/api/people/{province.admin.id}/identity")).status_code in (403, 404)
    assert (await admin.delete(f"/api/people/{person.id}/identity")).status_code == 204
    assert not (await admin.get(f"/api/people/{person.id}")).json()["identity"]
    assert (await theirs.get("/api/session")).status_code == 401
    assert (await admin.delete(f"/api/people/{person.id}/identity")).status_code == 404


@one_database
async def test_a_provider_that_is_away_is_said(settings: Settings, services: Services) -> None:
    app = create_app(settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"}))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=SITE) as client:
        assert (await client.get(THERE)).headers["location"] == "/sign-in?refused=provider-away"
    await app.state.services.stop()
    app = create_app(settings.model_copy(update={"oidc_issuer": None}))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=SITE) as client:
        assert (await client.get("/api/session/ways")).json() == {"provider": None, "reset": False}
        assert (await client.get(THERE)).headers["location"] == "/sign-in?refused=not-found"
    await app.state.services.stop()
