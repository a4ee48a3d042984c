"""The authenticator app: enrolling, codes at sign-in, recovery, and what an administrator may do without one."""

import base64
from datetime import UTC, datetime

import httpx2
import pytest
from sqlalchemy import select

from server.accounts.models import RecoveryCode, RoleGrant, SecondFactor
from server.accounts.second_factor import FactorKeys, code_at
from server.audit.models import AuditEntry
from server.core.actor import SYSTEM, Role
from server.core.config import Settings
from server.core.errors import DomainError
from server.core.services import Services
from tests import builders
from tests.builders import Province
from tests.conftest import Browsers, Clock
from tests.server.accounts.signing_in import PASSWORD, sign_in

pytestmark = pytest.mark.usefixtures("organisers_password")

FACTOR = "/api/session/second-factor"


async def _enrol(client: httpx2.AsyncClient, clock: Clock) -> tuple[bytes, list[str]]:
    begun = await client.post(FACTOR, json={"password": PASSWORD})
    assert begun.status_code == 200, begun.text
    assert begun.json()["qr"].startswith("<svg")
    text = begun.json()["key"].replace(" ", "")
    key = base64.b32decode(text)
    wrong = await client.put(FACTOR, json={"code": f"{(int(code_at(key, clock())) + 1) % 1_000_000:06}"})
    assert wrong.json()["code"] == "wrong-code"
    done = await client.put(FACTOR, json={"code": code_at(key, clock())})
    assert done.status_code == 200, done.text
    return key, done.json()["codes"]


async def _with_code(client: httpx2.AsyncClient, code: str) -> httpx2.Response:
    return await client.post("/api/session", json={"login": "tochuc", "password": PASSWORD, "code": code})


async def test_a_code_is_asked_for_and_taken_once(
    browser: Browsers, province: Province, services: Services, clock: Clock
) -> None:
    client = await browser()
    await sign_in(client)
    refused = await client.post(FACTOR, json={"password": "không phải"})
    assert refused.json()["code"] == "wrong-password"
    key, codes = await _enrol(client, clock)
    assert (await client.get(FACTOR)).json() == {
        "enrolled": True,
        "required": False,
        "recovery_left": 10,
        "by_provider": False,
    }
    assert len(set(codes)) == 10

    other = await browser()
    asked = await sign_in(other)
    assert (asked.status_code, asked.json()["code"]) == (401, "second-factor-needed")
    assert (await other.get("/api/session")).status_code == 401
    # The code that enrolled is used up, and so is every one that was taken (RFC 6238, 5.2).
    assert (await _with_code(other, code_at(key, clock()))).json()["code"] == "wrong-code"
    clock.pass_(seconds=30)
    code = code_at(key, clock())
    assert (await _with_code(other, f"{code[:3]} {code[3:]}")).status_code == 200
    assert (await _with_code(await browser(), code)).json()["code"] == "wrong-code"
    clock.pass_(seconds=90)
    assert (await _with_code(await browser(), code)).json()["code"] == "wrong-code"

    # Recovery codes work once each; what is kept of key and codes is of no use alone.
    assert (await _with_code(await browser(), codes[3].upper())).status_code == 200
    assert (await _with_code(await browser(), codes[3])).status_code == 401
    async with services.database.read() as session:
        factor = await session.get_one(SecondFactor, province.organiser.id)
        hashes = set(await session.scalars(select(RecoveryCode.code_hash)))
        actions = list(await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert base64.b32encode(key).decode() not in factor.sealed_key
    assert not hashes & set(codes)
    assert {"second-factor.enrolled", "second-factor.recovered"} <= set(actions)


async def test_guessing_is_slowed_like_passwords(browser: Browsers, clock: Clock) -> None:
    client = await browser()
    await sign_in(client)
    await _enrol(client, clock)
    other = await browser()
    answers = [(await _with_code(other, f"{number:06}")).json()["code"] for number in range(7)]
    assert answers == ["wrong-code"] * 5 + ["too-many"] * 2


async def test_an_administrators_role_waits_for_it(
    *, settings: Settings, browser: Browsers, province: Province, services: Services, clock: Clock
) -> None:
    settings.second_factor = "required"
    async with services.transactions(SYSTEM) as tx:
        tx.session.add(RoleGrant(person_id=province.organiser.id, role=Role.ADMIN, unit_id=province.root.id))
    client = await browser()
    await sign_in(client)
    me = (await client.get("/api/session")).json()
    assert (me["needs_factor"], me["administers"], me["can_plan"]) == (True, None, True)
    assert (await client.get("/api/audit")).status_code == 403
    assert (await client.get(FACTOR)).json()["required"]
    key, _ = await _enrol(client, clock)
    me = (await client.get("/api/session")).json()
    assert (me["needs_factor"], me["administers"]) == (False, "system")
    assert (await client.get("/api/audit")).status_code == 200
    # A session that no code opened (a link's, one of before) carries the role no more.
    without = await browser(province.organiser)
    assert (await without.get("/api/session")).json()["needs_factor"]
    assert (await without.get("/api/audit")).status_code == 403
    clock.pass_(seconds=30)
    again = await browser()
    assert (await _with_code(again, code_at(key, clock()))).json()["administers"] == "system"
    settings.second_factor = "optional"
    # Whoever has one is asked for it all the same.
    assert (await without.get("/api/audit")).status_code == 403
    assert (await again.post(f"{FACTOR}/off", json={"password": PASSWORD})).status_code == 204
    assert (await without.get("/api/audit")).status_code == 200


async def test_an_administrator_resets_it(
    browser: Browsers, province: Province, services: Services, clock: Clock
) -> None:
    client = await browser()
    await sign_in(client)
    await _enrol(client, clock)
    path = f"/api/people/{province.organiser.id}/second-factor"
    for who in (province.operator, province.organiser, None):
        assert (await (await browser(who)).delete(path)).status_code in (401, 403)
    admin = await browser(province.admin)
    person = f"/api/people/{province.organiser.id}"
    assert (await admin.get(person)).json()["second_factor"]
    assert (await admin.delete(path)).status_code == 204
    assert not (await admin.get(person)).json()["second_factor"]
    assert (await admin.delete(path)).status_code == 404
    assert (await client.get("/api/session")).status_code == 401
    assert (await sign_in(await browser())).status_code == 200
    async with services.database.read() as session:
        assert await session.scalar(select(AuditEntry.id).where(AuditEntry.action == "second-factor.reset"))


@pytest.mark.parametrize("has", ["both", "gone"])
async def test_one_of_two_records_brings_it_along(
    *, browser: Browsers, province: Province, services: Services, clock: Clock, has: str
) -> None:
    client = await browser()
    await sign_in(client)
    key, codes = await _enrol(client, clock)
    async with services.transactions(SYSTEM) as tx:
        other = await builders.person(tx.session, province.root, "Nguyễn Tổ Chức")
        if has == "both":
            tx.session.add(SecondFactor(person_id=other.id, sealed_key="x", last_step=0, confirmed_at=clock()))
            tx.session.add(RecoveryCode(person_id=other.id, code_hash="x"))
    kept, gone = (province.organiser, other) if has == "both" else (other, province.organiser)
    admin = await browser(province.admin)
    merged = await admin.post(f"/api/people/{kept.id}/merge", json={"gone_id": gone.id})
    assert merged.status_code == 200, merged.text
    clock.pass_(seconds=30)
    assert (await sign_in(await browser())).json()["code"] == "second-factor-needed"
    assert (await _with_code(await browser(), code_at(key, clock()))).status_code == 200
    async with services.database.read() as session:
        kept_codes = list(await session.scalars(select(RecoveryCode.person_id)))
    assert kept_codes == [kept.id] * len(codes)


async def test_it_ends_with_the_name(browser: Browsers, province: Province, services: Services, clock: Clock) -> None:
    client = await browser()
    await sign_in(client)
    await _enrol(client, clock)
    admin = await browser(province.admin)
    path = f"/api/people/{province.organiser.id}/anonymise"
    assert (await admin.post(path, json={"full_name": "Nguyễn Tổ Chức"})).status_code == 200
    async with services.database.read() as session:
        assert list(await session.scalars(select(SecondFactor.person_id))) == []
        assert list(await session.scalars(select(RecoveryCode.person_id))) == []


def test_keys_need_the_key_of_the_installation(settings: Settings) -> None:
    sealed = FactorKeys(settings).seal(b"12345678901234567890")
    assert FactorKeys(settings).open(sealed) == b"12345678901234567890"
    other = settings.model_copy(update={"second_factor_key": "another installation's"})
    with pytest.raises(DomainError):
        FactorKeys(other).open(sealed)


@pytest.mark.parametrize(
    ("chosen", "address", "required"),
    [
        (None, "https://hop.example", True),
        (None, None, False),
        ("optional", "https://hop.example", False),
        ("required", None, True),
    ],
)
def test_where_it_is_required(settings: Settings, *, chosen: str | None, address: str | None, required: bool) -> None:
    made = settings.model_copy(update={"second_factor": chosen, "public_url": address})
    assert made.second_factor_required is required


def test_the_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B, the last six of its eight digits."""
    secret = b"12345678901234567890"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (2000000000, "279037")):
        assert code_at(secret, datetime.fromtimestamp(seconds, UTC)) == code
