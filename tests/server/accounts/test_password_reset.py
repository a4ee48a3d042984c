"""A forgotten password, by mail: a link for an hour, once; whoever asks learns nothing."""

import re

import pytest
from sqlalchemy import select, update

from server.accounts import password_reset
from server.accounts.models import PasswordReset, Person
from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.services import Services
from server.jobs.models import Job
from server.notifications.models import Mail
from tests.builders import Province
from tests.conftest import Browsers, Clock
from tests.server.accounts.signing_in import PASSWORD, sign_in

RESET = "/api/session/password-reset"
NEW = "thêm một câu khác hẳn"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:9"})


@pytest.fixture(autouse=True)
async def _address(organisers_password: None, services: Services, province: Province) -> None:
    async with services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(Person, province.organiser.id)).email = "To.Chuc@lamdong.example"


async def _asked(services: Services) -> list[str]:
    """Does what was asked for. Returns the texts of the letters."""
    async with services.database.read() as session:
        jobs = (await session.scalars(select(Job).where(Job.kind == password_reset.KIND))).all()
    for job in jobs:
        await password_reset.look_into(services, job)
    async with services.transactions(SYSTEM) as tx:
        for job in jobs:
            await tx.session.delete(await tx.session.get_one(Job, job.id))
        texts = list(await tx.session.scalars(select(Mail.text).order_by(Mail.id)))
        await tx.session.execute(update(Mail).values(text=""))
    return [text for text in texts if text]


async def test_by_the_link_once(browser: Browsers, province: Province, services: Services, clock: Clock) -> None:
    client = await browser()
    before = await browser(province.organiser)
    assert (await client.get("/api/session/ways")).json()["reset"]
    assert (await client.post(RESET, json={"who": " ToChuc "})).status_code == 202
    [letter] = await _asked(services)
    [token] = re.findall(r"/sign-in/reset#(\S+)", letter)
    owner = await client.post(f"{RESET}/owner", json={"token": token})
    assert owner.json() == {"login": "tochuc", "name": "Nguyễn Tổ Chức"}
    weak = await client.put(RESET, json={"token": token, "password": "tochuc123"})
    assert list(weak.json()["details"]["fields"]) == ["password"]
    assert (await client.put(RESET, json={"token": token, "password": NEW})).status_code == 204
    assert (await client.get("/api/session")).status_code == 401  # signs nobody in
    assert (await before.get("/api/session")).status_code == 401
    assert (await sign_in(client)).status_code == 401
    assert (await sign_in(client, password=NEW)).status_code == 200
    again = await client.put(RESET, json={"token": token, "password": PASSWORD})
    assert again.json()["code"] == "link-ended"
    assert ["vừa được đặt lại" in text for text in await _asked(services)] == [True]


async def test_a_newer_link_and_an_hour_end_it(browser: Browsers, services: Services, clock: Clock) -> None:
    client = await browser()
    await client.post(RESET, json={"who": "to.chuc@LAMDONG.example"})
    [first] = re.findall(r"#(\S+)", (await _asked(services))[0])
    await client.post(RESET, json={"who": "tochuc"})
    [second] = re.findall(r"#(\S+)", (await _asked(services))[0])
    assert (await client.post(f"{RESET}/owner", json={"token": first})).status_code == 404
    assert (await client.post(f"{RESET}/owner", json={"token": second})).status_code == 200
    clock.pass_(minutes=61)
    assert (await client.put(RESET, json={"token": second, "password": NEW})).status_code == 404


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_who_asks_learns_nothing(browser: Browsers, services: Services, province: Province) -> None:
    """The same answer for nobody, for who has no address, for an address of two and for who is locked."""
    async with services.transactions(SYSTEM) as tx:
        for person in (province.chair, province.secretary):
            (await tx.session.get_one(Person, person.id)).email = "hai.nguoi@lamdong.example"
        (await tx.session.get_one(Person, province.admin.id)).disabled_at = tx.now
    client = await browser()
    answers = [
        await client.post(RESET, json={"who": who})
        for who in ("tochuc", "khong-co-ai", "hai.nguoi@lamdong.example", province.admin.login or "quantri")
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, "null")}
    assert len(await _asked(services)) == 1
    # Nobody's letter box is filled, and nobody asks for everybody.
    for _ in range(5):
        assert (await client.post(RESET, json={"who": "TOCHUC"})).status_code == 202
    assert len(await _asked(services)) == 2
    for number in range(11):
        await client.post(RESET, json={"who": f"ai-do-{number}"})
    assert (await client.post(RESET, json={"who": "tochuc"})).json()["code"] == "too-many"
    async with services.database.read() as session:
        assert len((await session.scalars(select(PasswordReset))).all()) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_not_without_a_mail_server(browser: Browsers, services: Services) -> None:
    services.settings.smtp_url = None
    client = await browser()
    assert not (await client.get("/api/session/ways")).json()["reset"]
    assert (await client.post(RESET, json={"who": "tochuc"})).status_code == 404
