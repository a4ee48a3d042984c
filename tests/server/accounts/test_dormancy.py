"""Accounts that nobody uses: warned, closed, opened again; the last administrator stays. And the way back at the
machine."""

import pytest
from sqlalchemy import select

from server.accounts.dormancy import close_unused
from server.accounts.models import Person, RoleGrant, SecondFactor
from server.audit.models import AuditEntry
from server.core.actor import SYSTEM, Role
from server.core.config import Settings
from server.core.errors import NotFound
from server.core.services import Services
from server.installation import bring_back
from server.notifications.models import Mail
from tests.builders import Province
from tests.conftest import Browsers, Clock
from tests.server.accounts.signing_in import PASSWORD, QUICK, sign_in

pytestmark = pytest.mark.usefixtures("organisers_password")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"inactive_days": 45})


@pytest.fixture(autouse=True)
async def _accounts(organisers_password: None, services: Services, province: Province) -> None:
    async with services.transactions(SYSTEM) as tx:
        for person, login in ((province.admin, "quantri"), (province.chair, "chutri"), (province.organiser, "tochuc")):
            found = await tx.session.get_one(Person, person.id)
            found.login, found.password_hash = login, QUICK.hash(PASSWORD)
            found.email = f"{login}@lamdong.example"


async def _mails(services: Services) -> list[str]:
    async with services.database.read() as session:
        return list(await session.scalars(select(Mail.to_address).order_by(Mail.to_address)))


async def test_warned_then_closed_then_opened(
    browser: Browsers, province: Province, services: Services, clock: Clock
) -> None:
    client = await browser()
    await sign_in(client)
    await close_unused(services)  # the others were never used: they count from here
    clock.pass_(days=37)
    await close_unused(services)
    assert await _mails(services) == []
    clock.pass_(days=2)
    await close_unused(services)
    await close_unused(services)  # nobody is told twice
    everybody = ["chutri@lamdong.example", "quantri@lamdong.example", "tochuc@lamdong.example"]
    assert await _mails(services) == everybody
    assert (await sign_in(await browser(), "chutri")).status_code == 200  # one comes back
    clock.pass_(days=6, hours=23)
    await close_unused(services)
    assert (await sign_in(await browser())).status_code == 200  # so nobody was closed before the week was over

    clock.pass_(days=60)
    await close_unused(services)
    clock.pass_(days=8)
    await close_unused(services)
    answer = await sign_in(await browser())
    assert (answer.status_code, answer.json()["code"]) == (403, "account-dormant")
    assert (await sign_in(await browser(), password="không phải mật khẩu")).json()["code"] == "wrong-password"
    assert (await client.get("/api/session")).status_code == 401
    # The only administrator of the root is in still, and opens it.
    admin = await browser()
    assert (await sign_in(admin, "quantri")).status_code == 200
    listed = (await admin.get("/api/people/directory", params={"state": "dormant"})).json()["people"]
    assert {person["login"] for person in listed} == {"tochuc", "chutri"}
    person = (await admin.get(f"/api/people/{province.organiser.id}")).json()
    assert (person["dormant"], person["disabled"]) == (True, False)
    opened = await admin.patch(f"/api/people/{province.organiser.id}", json={"disabled": False})
    assert not opened.json()["dormant"]
    await close_unused(services)
    assert (await sign_in(await browser())).status_code == 200
    async with services.database.read() as session:
        actions = set(await session.scalars(select(AuditEntry.action)))
    assert {"account.warned", "account.closed", "account.reopened"} <= actions


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_of_several_administrators_one_stays(services: Services, province: Province, clock: Clock) -> None:
    async with services.transactions(SYSTEM) as tx:
        tx.session.add(RoleGrant(person_id=province.chair.id, role=Role.ADMIN, unit_id=province.root.id))
    for days in (0, 40, 8):
        clock.pass_(days=days)
        await close_unused(services)
    async with services.database.read() as session:
        closed = set(await session.scalars(select(Person.id).where(Person.dormant_at.is_not(None))))
    assert province.organiser.id in closed
    assert len(closed & {province.chair.id, province.admin.id}) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_none_is_closed_where_nothing_says_so(services: Services, clock: Clock) -> None:
    services.settings.inactive_days = 0
    for days in (0, 400, 8):
        clock.pass_(days=days)
        await close_unused(services)
    async with services.database.read() as session:
        assert await session.scalar(select(Person.id).where(Person.dormant_at.is_not(None)).limit(1)) is None


async def test_the_way_back_of_the_only_administrator(
    browser: Browsers, services: Services, province: Province, clock: Clock
) -> None:
    async with services.transactions(SYSTEM) as tx:
        tx.session.add(SecondFactor(person_id=province.admin.id, sealed_key="lost", last_step=0, confirmed_at=clock()))
        (await tx.session.get_one(Person, province.admin.id)).dormant_at = clock()
    admin = await browser(province.admin)
    with pytest.raises(NotFound):
        await bring_back(services, "tochuc", new_password=False)
    assert await bring_back(services, "QuanTri", new_password=False) is None
    assert (await admin.get("/api/session")).status_code == 401
    assert (await sign_in(admin, "quantri")).status_code == 200
    made = await bring_back(services, "quantri", new_password=True)
    assert made is not None
    assert (await sign_in(await browser(), "quantri")).status_code == 401
    assert (await sign_in(await browser(), "quantri", made)).status_code == 200
    async with services.database.read() as session:
        entries = await session.scalars(select(AuditEntry).where(AuditEntry.action == "account.brought-back"))
        assert [entry.facts["password"] for entry in entries] == [False, True]
