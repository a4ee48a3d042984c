"""Personal links to a meeting: what is sent, what opens, what ends, and what the list says of it."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select, update

from server.accounts.dependencies import COOKIE
from server.core.actor import SYSTEM
from server.core.services import Services
from server.invitations import links
from server.jobs.models import Job
from server.jobs.workers import Workers
from server.live.client import NOT_SIGNED_IN
from server.meetings.models import Meeting
from server.notifications.delivery import mail_job
from server.notifications.models import Mail
from tests import builders
from tests.builders import Province
from tests.conftest import Browsers, Clock
from tests.postbox import Postbox, post_office, text_of
from tests.server.invitations.conftest import Add
from tests.server.notifications.test_mail import with_smtp
from tests.sockets import LiveClient, LiveServer


async def made(client: httpx2.AsyncClient, meeting: Meeting, *delegate_ids: int, send: bool = False) -> dict[str, Any]:
    answer = await client.post(
        f"/api/meetings/{meeting.id}/links", json={"delegate_ids": list(delegate_ids) or None, "send": send}
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def opened(browser: Browsers, path: str) -> httpx2.AsyncClient:
    """A browser that tapped the link."""
    client = await browser()
    answer = await client.post("/api/session/link", json={"token": path.removeprefix("/join/")})
    assert answer.status_code == 200, answer.text
    return client


async def state(organiser: httpx2.AsyncClient, meeting: Meeting) -> list[tuple[str, str | None]]:
    lines = (await organiser.get(f"/api/meetings/{meeting.id}/delegates")).json()["delegates"]
    return [(line["link"], line["mail_error"] and line["mail_error"]["code"]) for line in lines]


async def test_a_link_opens_the_meeting_without_a_password(
    add: Add, organiser: httpx2.AsyncClient, browser: Browsers, meeting: Meeting
) -> None:
    [line] = await add("Cil Múp Thảo")
    assert await state(organiser, meeting) == [("none", None)]
    answer = await made(organiser, meeting)
    assert (answer["queued"], answer["without_email"]) == (0, [line["id"]])
    assert await state(organiser, meeting) == [("made", None)]
    [link] = answer["links"]
    client = await browser()
    signed_in = await client.post("/api/session/link", json={"token": link["path"].removeprefix("/join/")})
    assert signed_in.json()["next"] == f"/meetings/{meeting.id}/delegate"
    assert signed_in.json()["me"]["only_meetings"] == [meeting.id]
    assert (await client.get(f"/api/meetings/{meeting.id}")).json()["my"]["delegate_id"] == line["id"]
    assert await state(organiser, meeting) == [("opened", None)]


async def test_a_revoked_link_is_over_at_once_here_and_in_open_sockets(
    *, add: Add, organiser: httpx2.AsyncClient, browser: Browsers, meeting: Meeting, server: LiveServer
) -> None:
    first, second = await add("Mất Máy", "Còn Máy")
    paths = {link["delegate_id"]: link["path"] for link in (await made(organiser, meeting))["links"]}
    gone, stays = await opened(browser, paths[first["id"]]), await opened(browser, paths[second["id"]])
    sockets: list[LiveClient] = [
        await server.join(meeting.id, client.cookies[COOKIE], "member") for client in (gone, stays)
    ]
    answer = await organiser.post(f"/api/meetings/{meeting.id}/links/revoke", json={"delegate_ids": [first["id"]]})
    assert answer.status_code == 204
    assert (await gone.get(f"/api/meetings/{meeting.id}")).status_code == 401
    async with asyncio.timeout(5):  # far less than the half minute between looks at an untouched socket
        assert await sockets[0].closed() == NOT_SIGNED_IN
    assert sockets[1].connection.close_code is None
    assert (await stays.get(f"/api/meetings/{meeting.id}")).status_code == 200
    again = await browser()
    refused = await again.post("/api/session/link", json={"token": paths[first["id"]].removeprefix("/join/")})
    assert (refused.status_code, refused.json()["code"]) == (404, "link-ended")
    assert await state(organiser, meeting) == [("revoked", None), ("opened", None)]
    for socket in sockets:
        await socket.close()


async def test_taking_somebody_off_the_list_ends_the_link(
    add: Add, organiser: httpx2.AsyncClient, browser: Browsers, meeting: Meeting
) -> None:
    [line] = await add("Thôi Dự")
    client = await opened(browser, (await made(organiser, meeting))["links"][0]["path"])
    await organiser.delete(f"/api/delegates/{line['id']}")
    assert (await client.get(f"/api/meetings/{meeting.id}")).status_code == 401


async def test_links_end_some_days_after_the_meeting(
    add: Add, organiser: httpx2.AsyncClient, browser: Browsers, meeting: Meeting, clock: Clock
) -> None:
    await add("Đọc Lại")
    [link] = (await made(organiser, meeting))["links"]
    clock.now = meeting.ends_at + timedelta(days=13)
    client = await opened(browser, link["path"])
    clock.now = meeting.ends_at + timedelta(days=14, seconds=1)
    assert (await client.get(f"/api/meetings/{meeting.id}")).status_code == 401


async def test_invitations_go_out_by_mail(
    *, add: Add, organiser: httpx2.AsyncClient, browser: Browsers, meeting: Meeting, services: Services
) -> None:
    async with services.transactions(SYSTEM) as tx:
        row = await tx.session.get_one(Meeting, meeting.id)
        row.title = "Hội nghị quán triệt Nghị quyết số 18"
    await add(
        {"full_name": "Cil Múp Thảo", "title": "Chủ tịch UBND xã", "email": "thao@hop.test"},
        {"full_name": "Sai Địa Chỉ", "email": "khongco@hop.test"},
        {"full_name": "Không Thư"},
    )
    guests = await organiser.post(
        f"/api/meetings/{meeting.id}/delegates",
        json={
            "point_id": None,
            "role": "guest",
            "people": [{"full_name": "Lê Khách", "email": "khach@hop.test"}],
        },
    )
    assert guests.status_code == 201
    answer = await made(organiser, meeting, send=True)
    assert (answer["queued"], len(answer["without_email"]), answer["links"]) == (3, 1, [])
    letters = f"/api/meetings/{meeting.id}/letters"
    reach = {"none": 1, "queued": 3}
    told = {"sent": 0, "queued": 3, "failed": [], "reasons": [], "reach": reach}
    assert (await organiser.get(letters)).json() == told
    postbox = Postbox()
    postbox.answers["khongco@hop.test"] = ["550 no such user"]
    async with post_office(postbox) as port:
        await Workers(with_smtp(services, f"smtp://127.0.0.1:{port}"), [mail_job]).run_due()
    assert sorted(await state(organiser, meeting)) == [
        ("failed", "refused"),
        ("none", None),
        ("sent", None),
        ("sent", None),
    ]
    seen = (await organiser.get(letters)).json()
    assert (seen["sent"], seen["queued"], len(seen["failed"])) == (2, 0, 1)
    [undelivered] = seen["reasons"]
    assert (undelivered["full_name"], undelivered["email"]) == ("Sai Địa Chỉ", "khongco@hop.test")
    assert "no such user" in undelivered["why"]["vi"]
    by_address = {str(message["To"].addresses[0].addr_spec): message for message in postbox.messages}
    message = by_address["thao@hop.test"]
    assert message["Subject"] == "Giấy mời: Hội nghị quán triệt Nghị quyết số 18 (07:30 ngày 20/11/2026)"
    text = text_of(message)
    for part in (
        "Kính gửi: Ông/Bà Cil Múp Thảo, Chủ tịch UBND xã",
        "Tỉnh Lâm Đồng trân trọng kính mời Ông/Bà dự",
        "07 giờ 30, thứ Sáu ngày 20/11/2026",
        "Điểm cầu Đạ Sar (Xã Đạ Sar)",
        "không gửi đúng người",
        "hết ngày 04/12/2026",
    ):
        assert part in text
    guest = text_of(by_address["khach@hop.test"])
    assert "Kính gửi: Ông/Bà Lê Khách" in guest
    assert "đồng chí" not in guest.lower()
    assert "Dự trực tuyến" in guest
    [url] = [word for word in text.split() if "/join/" in word]
    assert url.startswith(services.settings.url)
    client = await opened(browser, url.removeprefix(services.settings.url))
    assert (await client.get("/api/session")).json()["name"] == "Cil Múp Thảo"
    async with services.database.read() as session:
        for mail in await session.scalars(select(Mail)):
            assert "/join/" not in mail.text


async def test_without_a_mail_server_the_list_says_so(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    await add({"full_name": "Có Thư", "email": "co@hop.test"})
    listed = await organiser.get(f"/api/meetings/{meeting.id}/delegates")
    assert listed.json()["mail_ready"] is False
    await made(organiser, meeting, send=True)
    await Workers(services, [mail_job]).run_due()
    assert await state(organiser, meeting) == [("failed", "not-configured")]


async def test_a_draft_has_no_links(
    organiser: httpx2.AsyncClient, services: Services, province: Province, add: Add
) -> None:
    draft = await builders.conference(services, province, "draft")
    answer = await organiser.post(f"/api/meetings/{draft.id}/links", json={"delegate_ids": None, "send": False})
    assert answer.status_code == 409
    assert "bản nháp" in answer.json()["vi"]


async def test_a_hall_secretary_makes_and_ends_no_links(
    add: Add, secretary: httpx2.AsyncClient, meeting: Meeting
) -> None:
    [line] = await add("Ở Đạ Sar")
    for path, body in (
        ("links", {"delegate_ids": None, "send": False}),
        ("links/revoke", {"delegate_ids": [line["id"]]}),
    ):
        assert (await secretary.post(f"/api/meetings/{meeting.id}/{path}", json=body)).status_code == 403


async def test_links_for_a_whole_province(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    await add(*({"full_name": f"Số {n}", "email": f"so{n}@hop.test"} for n in range(500)))
    answer = await made(organiser, meeting)
    assert len({link["path"] for link in answer["links"]}) == 500
    sent = await made(organiser, meeting, send=True)
    assert sent["queued"] == 500
    assert await Workers(services, [links.send_job]).run_due() == 1
    async with services.database.read() as session:
        mails = list(await session.scalars(select(Mail)))
    assert {mail.to_address for mail in mails} == {f"so{n}@hop.test" for n in range(500)}
    assert len({mail.text.split("/join/")[1].split()[0] for mail in mails}) == 500


async def test_many_letters_are_sent_by_a_job_in_parts_that_go_on_where_they_stopped(
    *, add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "AT_ONCE", 2)
    people = await add(*[{"full_name": f"Người {n}", "email": f"n{n}@hop.test"} for n in range(7)], "Không Thư")
    answer = await organiser.post(f"/api/meetings/{meeting.id}/links", json={"delegate_ids": None, "send": True})
    assert answer.json() == {"queued": 7, "without_email": [people[-1]["id"]], "links": []}
    assert {each["link"] for each in await lines(organiser, meeting)} == {"none"}  # nothing is made while one waits

    parts = 0
    made = links._make_some

    async def breaks(*args: Any, **kwargs: Any) -> Any:
        nonlocal parts
        parts += 1
        if parts == 3:
            raise ConnectionError("the disk is gone")
        return await made(*args, **kwargs)

    monkeypatch.setattr(links, "_make_some", breaks)
    workers = Workers(services, [links.send_job])
    assert await workers.run_due() == 1
    async with services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Mail)) == 4
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(update(Job).where(Job.kind == links.SEND_JOB).values(run_at=tx.now))
    await workers.run_due()
    async with services.database.read() as session:
        addresses = list(await session.scalars(select(Mail.to_address)))
        assert await session.scalar(select(func.count()).select_from(Job).where(Job.kind == links.SEND_JOB)) == 0
    assert sorted(addresses) == [f"n{n}@hop.test" for n in range(7)]  # each once


async def test_many_links_are_made_in_parts_when_they_are_handed_out(
    add: Add, organiser: httpx2.AsyncClient, browser: Browsers, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "AT_ONCE", 2)
    people = await add(*[f"Người {n}" for n in range(5)])
    answer = await made(organiser, meeting)
    assert [link["delegate_id"] for link in answer["links"]] == [each["id"] for each in people]
    assert len({link["path"] for link in answer["links"]}) == 5
    await opened(browser, answer["links"][4]["path"])


async def lines(organiser: httpx2.AsyncClient, meeting: Meeting) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await organiser.get(f"/api/meetings/{meeting.id}/delegates")).json()["delegates"]
    return found


async def test_whom_a_letter_did_not_reach_is_sent_another(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    await add({"full_name": "Sai Rồi Đúng", "email": "dung@hop.test"}, {"full_name": "Cil Thảo", "email": "c@hop.test"})
    letters = f"/api/meetings/{meeting.id}/letters"
    postbox = Postbox()
    postbox.answers["dung@hop.test"] = ["550 mailbox unavailable"]
    async with post_office(postbox) as port:
        workers = Workers(with_smtp(services, f"smtp://127.0.0.1:{port}"), [mail_job])
        await made(organiser, meeting, send=True)
        await workers.run_due()
        failed = (await organiser.get(letters)).json()["failed"]
        assert len(failed) == 1
        postbox.answers.clear()
        again = {"delegate_ids": failed, "send": True}
        assert (await organiser.post(f"/api/meetings/{meeting.id}/links", json=again)).json()["queued"] == 1
        assert (await organiser.get(letters)).json()["queued"] == 1
        await workers.run_due()
    told = {"sent": 2, "queued": 0, "failed": [], "reasons": [], "reach": {"sent": 2}}
    assert (await organiser.get(letters)).json() == told
