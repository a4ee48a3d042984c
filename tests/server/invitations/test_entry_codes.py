"""The meeting's code: what it leads to, what a hall's screen shows, and how strangers are let in."""

import asyncio
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pypdf
import pypdfium2
from fastapi import FastAPI
from sqlalchemy import func, select

from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.invitations.codes import hall_code, hall_secret, verify_hall_code
from server.invitations.models import AccessRequest
from server.invitations.rate_limits import EntryLimits
from server.meetings.models import Delegate, Meeting
from server.organisations.models import BridgePoint
from tests import builders
from tests.builders import Province
from tests.conftest import Browsers, Clock
from tests.server.conftest import Join
from tests.server.invitations.conftest import Add

UNKNOWN = "khongcomacode"


async def scanned(browser: Browsers, meeting: Meeting, hall: BridgePoint) -> str:
    """The code on the hall's screen."""
    shown = (await (await browser(hall)).get(f"/api/meetings/{meeting.id}/points/{hall.id}/code")).json()
    [code] = parse_qs(urlsplit(shown["path"]).query)["h"]
    return code


async def ask(client: httpx2.AsyncClient, code: str, name: str = "Người Mới", **more: Any) -> httpx2.Response:
    return await client.post(
        f"/api/m/{code}/requests", json={"full_name": name, "unit_text": "Hội Nông dân", "phone": "0912345678", **more}
    )


async def asked(client: httpx2.AsyncClient, meeting: Meeting, name: str = "Người Mới", **more: Any) -> str:
    """The secret."""
    answer = await ask(client, meeting.public_code, name, **more)
    assert answer.status_code == 201, answer.text
    secret: str = answer.json()["request"]
    return secret


async def told(client: httpx2.AsyncClient, secret: str) -> dict[str, Any]:
    answer = await client.post("/api/requests/answer", json={"request": secret})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def waiting(client: httpx2.AsyncClient, meeting: Meeting) -> list[dict[str, Any]]:
    answer = await client.get(f"/api/meetings/{meeting.id}/requests")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_the_code_leads_whoever_belongs_to_the_meeting(
    *, add: Add, browser: Browsers, meeting: Meeting, province: Province, stranger: httpx2.AsyncClient
) -> None:
    await add({"person_id": province.stranger.id})
    path = f"/api/m/{meeting.public_code}"
    assert (await (await browser(province.stranger)).get(path)).json() == {
        "meeting_id": meeting.id,
        "delegate": True,
        "point_name": "Đạ Sar",
    }
    chair = (await (await browser(province.chair)).get(path)).json()
    assert chair == {"meeting_id": meeting.id, "delegate": False, "point_name": ""}
    assert (await stranger.get(path)).status_code == 401


async def test_a_code_without_right_answers_as_an_unknown_one(
    browser: Browsers, meeting: Meeting, province: Province, stranger: httpx2.AsyncClient, services: Services
) -> None:
    draft = await builders.conference(services, province, "draft")
    client = await browser(province.stranger)
    answers = [await client.get(f"/api/m/{code}") for code in (UNKNOWN, meeting.public_code, draft.public_code)]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({answer.content for answer in answers}) == 1
    anonymous = [await stranger.get(f"/api/m/{code}") for code in (UNKNOWN, meeting.public_code, draft.public_code)]
    assert {(answer.status_code, answer.content) for answer in anonymous} == {(401, anonymous[0].content)}
    requests = [await ask(stranger, code) for code in (UNKNOWN, meeting.public_code, draft.public_code)]
    shapes = {(answer.status_code, re.sub(r"[\w-]{40,}", "…", answer.text), len(answer.content)) for answer in requests}
    assert len(shapes) == 1
    states = [await told(stranger, answer.json()["request"]) for answer in requests]
    assert states == [{"state": "asked", "link": None}] * 3
    async with services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(AccessRequest)) == 1


async def test_codes_are_not_guessed_at_leisure(browser: Browsers, meeting: Meeting, province: Province) -> None:
    client = await browser(province.chair)
    codes = [(await client.get(f"/api/m/{number}")).status_code for number in range(40)]
    assert codes == [404] * 30 + [429] * 10
    assert (await client.get(f"/api/m/{meeting.public_code}")).status_code == 429


async def test_a_halls_screen_shows_a_code_of_its_own(
    browser: Browsers, meeting: Meeting, province: Province, services: Services, clock: Clock
) -> None:
    path = f"/api/meetings/{meeting.id}/points/{province.da_sar_hall.id}/code"
    shown = (await (await browser(province.da_sar_hall)).get(path)).json()
    assert shown["url"] == services.settings.url + shown["path"]
    parts = urlsplit(shown["path"])
    assert parts.path == f"/m/{meeting.public_code}"
    [code] = parse_qs(parts.query)["h"]
    secret = hall_secret(services.settings)
    assert verify_hall_code(secret, meeting.id, code, clock.now) == province.da_sar_hall.id
    assert shown["svg"].startswith("<svg")
    assert shown["valid_until"] == (clock.now + timedelta(seconds=30)).isoformat().replace("+00:00", "Z")
    clock.pass_(seconds=30)
    assert (await (await browser(province.technician)).get(path)).json()["path"] != shown["path"]
    for who in (province.delegate, province.stranger, province.hiep_an_hall, province.presenter):
        assert (await (await browser(who)).get(path)).status_code in (403, 404)
    outside = f"/api/meetings/{meeting.id}/points/999/code"
    assert (await (await browser(province.operator)).get(outside)).status_code == 404


async def test_a_strangers_way_in(
    *,
    organiser: httpx2.AsyncClient,
    stranger: httpx2.AsyncClient,
    browser: Browsers,
    meeting: Meeting,
    province: Province,
    services: Services,
) -> None:
    secret = await asked(stranger, meeting, "Đặng Thị Mới", email="moi@hop.test")
    assert await told(stranger, secret) == {"state": "asked", "link": None}
    [request] = await waiting(organiser, meeting)
    assert (request["full_name"], request["phone"], request["state"]) == ("Đặng Thị Mới", "0912345678", "asked")
    granted = await organiser.post(f"/api/requests/{request['id']}/grant", json={"point_id": province.da_sar_hall.id})
    assert granted.status_code == 204, granted.text
    first, second = await told(stranger, secret), await told(stranger, secret)
    assert first["state"] == second["state"] == "granted"
    # The first answer may have been lost on the way; what it held is over.
    assert first["link"] != second["link"]
    lost = await stranger.post("/api/session/link", json={"token": first["link"].removeprefix("/join/")})
    assert lost.status_code == 404
    entered = await stranger.post("/api/session/link", json={"token": second["link"].removeprefix("/join/")})
    assert entered.json()["me"]["only_meetings"] == [meeting.id]
    assert await told(stranger, secret) == {"state": "granted", "link": None}
    assert (await stranger.get(f"/api/m/{meeting.public_code}")).json()["point_name"] == "Đạ Sar"
    async with services.database.read() as session:
        delegate = await session.scalar(select(Delegate).where(Delegate.source == "request"))
    assert delegate is not None
    assert delegate.point_id == province.da_sar_hall.id
    again = await organiser.post(f"/api/requests/{request['id']}/refuse")
    assert (again.status_code, again.json()["code"]) == (409, "request-decided")
    [done] = await waiting(organiser, meeting)
    assert (done["state"], done["decided_by"]) == ("granted", "Nguyễn Tổ Chức")


async def test_nobody_comes_in_under_anothers_name(
    *,
    organiser: httpx2.AsyncClient,
    stranger: httpx2.AsyncClient,
    meeting: Meeting,
    province: Province,
    services: Services,
) -> None:
    """A stranger who claims the chair's name becomes somebody new, with nothing of the chair's."""
    secret = await asked(stranger, meeting, province.chair.full_name)
    [request] = await waiting(organiser, meeting)
    await organiser.post(f"/api/requests/{request['id']}/grant", json={"point_id": province.main.id})
    link = (await told(stranger, secret))["link"]
    me = (await stranger.post("/api/session/link", json={"token": link.removeprefix("/join/")})).json()["me"]
    assert me["name"] == province.chair.full_name
    assert me["person_id"] != province.chair.id
    assert not (await stranger.get(f"/api/meetings/{meeting.id}")).json()["my"]["conduct"]


async def test_somebody_on_the_list_is_recognised_by_the_organiser(
    *,
    add: Add,
    organiser: httpx2.AsyncClient,
    stranger: httpx2.AsyncClient,
    meeting: Meeting,
    services: Services,
) -> None:
    [line] = await add({"full_name": "Quên Đường Dẫn", "title": "Trưởng thôn"})
    secret = await asked(stranger, meeting, "quên đường dẫn")
    [request] = await waiting(organiser, meeting)
    assert request["same_name"] == [
        {"delegate_id": line["id"], "full_name": "Quên Đường Dẫn", "title": "Trưởng thôn", "point_name": "Đạ Sar"}
    ]
    granted = await organiser.post(
        f"/api/requests/{request['id']}/grant", json={"point_id": None, "delegate_id": line["id"]}
    )
    assert granted.status_code == 204
    link = (await told(stranger, secret))["link"]
    me = (await stranger.post("/api/session/link", json={"token": link.removeprefix("/join/")})).json()["me"]
    assert me["person_id"] == line["person_id"]
    async with services.database.read() as session:
        assert (
            await session.scalar(select(func.count()).select_from(Person).where(Person.full_name.ilike("quên%"))) == 1
        )


async def test_a_hall_secretary_lets_in_whoever_stands_in_the_own_hall(
    *,
    add: Add,
    organiser: httpx2.AsyncClient,
    secretary: httpx2.AsyncClient,
    stranger: httpx2.AsyncClient,
    browser: Browsers,
    meeting: Meeting,
    province: Province,
) -> None:
    code = await scanned(browser, meeting, province.da_sar_hall)
    here = await asked(stranger, meeting, "Trong Hội Trường", hall=code)
    await asked(stranger, meeting, "Ở Đâu Đó", hall="4-aaaaaaaaaa")
    seen = await waiting(secretary, meeting)
    assert [(each["full_name"], each["point_name"]) for each in seen] == [("Trong Hội Trường", "Đạ Sar")]
    everyone = {each["full_name"]: each["id"] for each in await waiting(organiser, meeting)}
    assert len(everyone) == 2
    own = {"point_id": province.da_sar_hall.id}
    assert (await secretary.post(f"/api/requests/{everyone['Ở Đâu Đó']}/grant", json=own)).status_code == 403
    assert (await secretary.post(f"/api/requests/{everyone['Ở Đâu Đó']}/refuse")).status_code == 403
    [chair] = await add({"person_id": province.chair.id})
    mine = f"/api/requests/{everyone['Trong Hội Trường']}/grant"
    assert (await secretary.post(mine, json={"point_id": province.lat_hall.id})).status_code == 403
    assert (await secretary.post(mine, json={**own, "delegate_id": chair["id"]})).status_code == 403
    assert (await secretary.post(mine, json=own)).status_code == 204
    assert (await told(stranger, here))["link"]


async def test_requests_are_refused_and_grow_old(
    *,
    organiser: httpx2.AsyncClient,
    stranger: httpx2.AsyncClient,
    meeting: Meeting,
    clock: Clock,
) -> None:
    refused, late = await asked(stranger, meeting, "Bị Từ Chối"), await asked(stranger, meeting, "Bị Quên")
    unknown = (await ask(stranger, UNKNOWN)).json()["request"]
    ids = {each["full_name"]: each["id"] for each in await waiting(organiser, meeting)}
    assert (await organiser.post(f"/api/requests/{ids['Bị Từ Chối']}/refuse")).status_code == 204
    assert await told(stranger, refused) == {"state": "refused", "link": None}
    clock.pass_(hours=12)
    assert await told(stranger, late) == await told(stranger, unknown) == {"state": "refused", "link": None}
    grown = await organiser.post(f"/api/requests/{ids['Bị Quên']}/grant", json={"point_id": None})
    assert grown.status_code == 409
    assert await waiting(organiser, meeting) == []
    assert (await stranger.post("/api/requests/answer", json={"request": "gi-do"})).status_code == 404


async def test_who_keeps_the_door_hears_of_it_at_once(
    *, stranger: httpx2.AsyncClient, browser: Browsers, meeting: Meeting, province: Province, join: Join
) -> None:
    console = await join(meeting.id, province.organiser, "console")
    await asked(stranger, meeting, "Một")
    await console.until(lambda: console.signalled("notice"))
    assert console.signalled("notice") == [{"unread": 1}]
    await asked(stranger, meeting, "Hai")
    await console.until(lambda: len(console.signalled("notice")) == 2)
    client = await browser(province.organiser)
    seen = (await client.get("/api/notices")).json()
    # A hundred requests make one line.
    assert seen["unread"] == 1
    [notice] = seen["notices"]
    assert (notice["kind"], notice["path"]) == ("access.requested", f"/meetings/{meeting.id}/delegates")
    assert (notice["data"]["full_name"], notice["data"]["waiting"]) == ("Hai", 2)
    assert (await client.post("/api/notices/read", json={"ids": [notice["id"]]})).json()["unread"] == 0
    await console.until(lambda: console.signalled("notice")[-1] == {"unread": 0})
    assert (await (await browser(province.technician)).get("/api/notices")).json() == {"unread": 0, "notices": []}
    assert (await (await browser(province.secretary)).get("/api/notices")).json()["unread"] == 1


async def test_floods_are_held_off(
    *,
    app: FastAPI,
    stranger: httpx2.AsyncClient,
    meeting: Meeting,
    services: Services,
    clock: Clock,
    province: Province,
) -> None:
    codes = [(await ask(stranger, meeting.public_code, f"Số {number}")).status_code for number in range(32)]
    assert codes == [201] * 10 + [429] * 22, "from afar; whoever stands in a hall is not held by that"
    guessed = await ask(stranger, meeting.public_code, hall="1-aaaaaaaaaa")
    assert guessed.status_code == 429, "a guessed code is none"
    app.state.services.components.put(EntryLimits())
    secret, here = hall_secret(services.settings), province.da_sar_hall.id
    scanned = {"hall": hall_code(secret, meeting.id, here, clock.now)}
    codes = [(await ask(stranger, meeting.public_code, f"Số {number}", **scanned)).status_code for number in range(32)]
    assert codes == [201] * 30 + [429] * 2
    async with services.transactions(SYSTEM) as tx:
        tx.session.add_all(
            AccessRequest(
                meeting_id=meeting.id, token_hash=f"{number}", full_name="x", unit_text="x", asked_at=clock.now
            )
            for number in range(190)
        )
    app.state.services.components.put(EntryLimits())
    full = await ask(stranger, meeting.public_code)
    assert (full.status_code, full.json()["code"]) == (429, "waiting-full")
    clock.pass_(minutes=31)
    assert (await ask(stranger, meeting.public_code)).status_code == 201, "the rush is over"


async def test_a_code_that_got_around_is_renewed(
    *, organiser: httpx2.AsyncClient, secretary: httpx2.AsyncClient, browser: Browsers, meeting: Meeting
) -> None:
    before = meeting.public_code
    assert (await organiser.get(f"/api/m/{before}")).status_code == 200
    assert (await secretary.post(f"/api/meetings/{meeting.id}/code")).status_code == 403
    after = (await organiser.post(f"/api/meetings/{meeting.id}/code")).json()["code"]
    assert after != before
    assert (await organiser.get(f"/api/m/{before}")).status_code == 404
    assert (await organiser.get(f"/api/m/{after}")).json()["meeting_id"] == meeting.id
    assert (await secretary.post(f"/api/m/{before}/check-in", json={"hall": "1-aaaaaaaaaa"})).status_code in (404, 409)


async def test_two_decide_at_once_and_one_is_told(
    organiser: httpx2.AsyncClient, stranger: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    await asked(stranger, meeting)
    [request] = await waiting(organiser, meeting)
    answers = await asyncio.gather(
        *(organiser.post(f"/api/requests/{request['id']}/grant", json={"point_id": None}) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [204, 409, 409, 409]
    async with services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Delegate)) == 1


def fonts_of(page: pypdf.PageObject) -> set[str]:
    fonts = page["/Resources"]["/Font"]  # type: ignore[index]
    return {str(font.get_object()["/BaseFont"]).split("+")[-1].replace("-Identity-H", "") for font in fonts.values()}


async def test_the_meetings_code_as_a_picture(browser: Browsers, meeting: Meeting, province: Province) -> None:
    answer = await (await browser(province.da_sar_hall)).get(f"/api/meetings/{meeting.id}/qr.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.startswith("<svg")
    assert (await (await browser(province.stranger)).get(f"/api/meetings/{meeting.id}/qr.svg")).status_code == 404


async def test_a_hall_shows_where_its_list_is(browser: Browsers, meeting: Meeting, province: Province) -> None:
    path = f"/api/meetings/{meeting.id}/points/{province.da_sar_hall.id}/people.svg"
    answer = await (await browser(province.da_sar_hall)).get(path)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.startswith("<svg")
    for other in (province.lat_hall, province.stranger):
        assert (await (await browser(other)).get(path)).status_code in (403, 404)


async def test_the_code_is_a_picture_and_a_poster_too(organiser: httpx2.AsyncClient, meeting: Meeting) -> None:
    picture = await organiser.get(f"/api/meetings/{meeting.id}/qr.png")
    assert picture.content.startswith(b"\x89PNG\r\n\x1a\n")
    # Sharp on a page of A4: over 500 pixels wide (PNG, IHDR).
    assert int.from_bytes(picture.content[16:20], "big") > 500
    poster = await organiser.get(f"/api/meetings/{meeting.id}/poster.pdf")
    assert poster.status_code == 200, poster.text
    document = pypdfium2.PdfDocument(poster.content)
    assert len(document) == 1
    assert [round(side / 72 * 25.4) for side in document[0].get_size()] == [210, 297]
    assert meeting.public_code in document[0].get_textpage().get_text_range()
