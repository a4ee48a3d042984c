"""Whoever administers the whole system sees what it leans on, and tries it out."""

import asyncio
import os
import time
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text, update

from server.conversion import isolation
from server.core.actor import SYSTEM
from server.core.clock import STANDARD_ZONE, VIETNAM
from server.core.config import Settings
from server.core.services import Services
from server.jobs.models import Job
from server.notifications.models import Mail, TextMessage
from server.system.trials import Trials
from tests.builders import Neighbour, Province
from tests.conftest import Browsers


async def state(client: httpx2.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/api/system")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def ended(client: httpx2.AsyncClient, kind: str) -> dict[str, Any]:
    """The outcome of a trial, once there is one."""
    began = await client.post("/api/system/trials", json={"kind": kind})
    assert began.status_code == 202, began.text
    for _ in range(600):
        now = (await state(client))[kind]
        if not now["running"]:
            return dict(now["last"])
        await asyncio.sleep(0.1)
    raise AssertionError("the trial does not end")


async def test_the_state_says_what_there_is(
    services: Services, settings: Settings, province: Province, browser: Browsers
) -> None:
    client = await browser(province.admin)
    now = await state(client)
    assert now["database"]["kind"] == ("sqlite" if services.database.is_sqlite else "postgresql")
    assert now["database"]["bytes"] > 100_000
    assert 0 < now["disk"]["free"] <= now["disk"]["total"]
    assert (now["mail"]["configured"], now["nodes"], now["backup"]["at"]) == (False, [], None)
    assert now["site"]["time_zone"] == STANDARD_ZONE
    settings.last_backup.touch()
    os.utime(settings.last_backup, (time.time() - 3600, time.time() - 3600))
    assert (await state(client))["backup"]["at"] is not None


async def test_it_is_the_whole_systems_administrators_alone(
    province: Province, neighbour: Neighbour, browser: Browsers
) -> None:
    for who in (province.admin, neighbour.admin, province.organiser):
        assert (await (await browser(who)).get("/api/system")).status_code == 403


async def test_an_address_and_a_zone_that_are_set_count_at_once(
    services: Services, settings: Settings, province: Province, browser: Browsers
) -> None:
    client = await browser(province.admin)
    try:
        done = await client.patch("/api/system", json={"public_url": "http://hop.test", "time_zone": "Asia/Tokyo"})
        assert done.status_code == 200, done.text
        assert (settings.url, VIETNAM.name) == ("http://hop.test", "Asia/Tokyo")
        assert (await state(client))["site"]["public_url"] == "http://hop.test"
        wrong = await client.patch("/api/system", json={"public_url": "hop.test"})
        assert list(wrong.json()["details"]["fields"]) == ["public_url"]
    finally:
        VIETNAM.become(STANDARD_ZONE)


async def test_the_audit_log_is_walked(services: Services, province: Province, browser: Browsers) -> None:
    client = await browser(province.admin)
    await client.patch(f"/api/people/{province.chair.id}", json={"title": "Bí thư"})
    assert (await ended(client, "audit"))["problem"] is None
    async with services.transactions(SYSTEM) as tx:
        entry = await tx.session.scalar(text("SELECT min(id) FROM audit_entries"))
        await tx.session.execute(text("UPDATE audit_entries SET actor_name = 'x' WHERE id = :id"), {"id": entry})
    found = await ended(client, "audit")
    assert (found["problem"], found["detail"]) == ("altered", str(entry))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_paper_goes_through_office_and_recogniser(
    app: FastAPI, services: Services, province: Province, browser: Browsers
) -> None:
    found = await ended(await browser(province.admin), "papers")
    await services.components[Trials].stop()
    assert (found["problem"], found["detail"]) == (None, "")
    assert found["office"].startswith("LibreOffice")
    assert found["recogniser"].startswith("tesseract")
    assert not list((services.settings.var / "conversion").glob("trial/*"))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_machine_that_cannot_shut_in_says_so(
    services: Services, province: Province, browser: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    isolation._bubblewrap.cache_clear()
    monkeypatch.setenv("PATH", "/nowhere")
    found = await ended(await browser(province.admin), "papers")
    isolation._bubblewrap.cache_clear()
    assert (found["problem"], found["office"], found["recogniser"]) == ("not-isolated", "", "")


async def test_what_failed_is_done_again(services: Services, province: Province, browser: Browsers) -> None:
    client = await browser(province.admin)
    at = services.clock()
    async with services.transactions(SYSTEM) as tx:
        tx.session.add_all(
            [
                Job(kind="pack.build", created_at=at, run_at=at, attempts=3, failed_at=at, error="đĩa đầy"),
                Job(kind="mail.send", created_at=at, run_at=at, data={"mail_ids": []}),
                *(
                    Mail(
                        kind="papers.reminder",
                        to_address="a@b.example",
                        to_name="A",
                        subject="A",
                        text="A",
                        state="failed",
                        error="not-configured",
                        created_at=at,
                        secret=secret,
                    )
                    for secret in (False, True)
                ),
            ]
        )
    now = await state(client)
    assert (now["jobs"]["failed"], now["jobs"]["last_failed"][0]["error"]) == (1, "đĩa đầy")
    assert (now["mail"]["failed"], now["mail"]["failed_secret"], now["mail"]["last_error"]) == (2, 1, "not-configured")
    which = {"jobs": [now["jobs"]["last_failed"][0]["id"]], "mails": True}
    assert (await client.post("/api/system/again", json=which)).json() == {"jobs": 1, "mails": 1}
    now = await state(client)
    assert (now["jobs"]["failed"], now["mail"]["failed"], now["mail"]["queued"]) == (0, 1, 1)
    async with services.database.read() as session:
        jobs = (await session.scalars(select(Job).where(Job.kind == "pack.build"))).all()
    assert [(job.attempts, job.failed_at) for job in jobs] == [(0, None)]


async def test_a_mail_to_oneself(services: Services, settings: Settings, province: Province, browser: Browsers) -> None:
    client = await browser(province.admin)
    refused = await client.post("/api/system/mail-trial", json={})
    assert (refused.status_code, "NHIPCAU_SMTP_URL" in refused.json()["vi"]) == (409, True)
    settings.smtp_url = "smtp://127.0.0.1:9"
    nobody = await client.post("/api/system/mail-trial", json={})
    assert list(nobody.json()["details"]["fields"]) == ["to"]
    assert (await client.post("/api/system/mail-trial", json={"to": "a@b.example"})).status_code == 202
    trial = (await state(client))["mail"]["trial"]
    assert (trial["to"], trial["state"]) == ("a@b.example", "queued")


async def test_a_text_message_to_a_number(
    services: Services, settings: Settings, province: Province, browser: Browsers
) -> None:
    client = await browser(province.admin)
    refused = await client.post("/api/system/sms-trial", json={"to": "0912 345 678"})
    assert (refused.status_code, "NHIPCAU_SMS_URL" in refused.json()["vi"]) == (409, True)
    assert (await state(client))["sms"]["gateway"] is None
    settings.sms_url = "http://127.0.0.1:9/send"
    landline = await client.post("/api/system/sms-trial", json={"to": "0263 3822 111"})
    assert list(landline.json()["details"]["fields"]) == ["to"]
    assert (await client.post("/api/system/sms-trial", json={"to": "0912 345 678"})).status_code == 202
    sms = (await state(client))["sms"]
    assert (sms["gateway"], sms["queued"], sms["sent_at"]) == ("127.0.0.1", 1, None)
    assert (sms["trial"]["to"], sms["trial"]["state"]) == ("+84912345678", "queued")
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(update(TextMessage).values(state="sent", sent_at=tx.now))
    sms = (await state(client))["sms"]
    assert (sms["queued"], sms["sent_at"] is not None, sms["trial"]["state"]) == (0, True, "sent")


async def test_the_provider_of_sign_in_is_asked(settings: Settings, province: Province, browser: Browsers) -> None:
    client = await browser(province.admin)
    assert (await state(client))["provider"]["name"] is None
    settings.oidc_issuer, settings.oidc_client_id = "http://127.0.0.1:9", "nhipcau"
    assert (await client.post("/api/system/trials", json={"kind": "provider"})).status_code == 202
    for _ in range(200):
        provider = (await state(client))["provider"]
        if not provider["trial"]["running"]:
            break
        await asyncio.sleep(0.05)
    assert (provider["name"], provider["trial"]["last"]["problem"]) == ("127.0.0.1:9", "failed")
    assert provider["trial"]["last"]["detail"]
    assert provider["returns_to"].endswith("/api/session/oidc/return")
