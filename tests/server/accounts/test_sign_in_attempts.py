"""Failed attempts: guessing gains nothing, and strangers shut nobody out."""

import asyncio
import contextlib

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from server.accounts.attempts import Attempts, Busy, WrongPassword, network_of
from server.accounts.passwords import Passwords
from server.accounts.sign_in import Browser, SignIn
from server.audit.log import AuditLog
from server.audit.models import AuditEntry
from server.core.actor import SYSTEM
from server.core.errors import TooMany
from server.core.services import Services
from tests import builders
from tests.builders import Province
from tests.conftest import Browsers
from tests.server.accounts.signing_in import PASSWORD, QUICK, sign_in

pytestmark = pytest.mark.usefixtures("organisers_password")


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
