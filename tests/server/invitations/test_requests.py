"""What becomes of strangers' requests in the end: links that are over, grants that are taken back, floods."""

import httpx2
from sqlalchemy import select

from server.core.actor import SYSTEM
from server.core.services import Services
from server.invitations.models import AccessRequest
from server.meetings.models import Delegate, Meeting
from tests.builders import Province
from tests.conftest import Browsers, Clock
from tests.server.invitations.conftest import Add
from tests.server.invitations.test_entry_codes import ask, asked, scanned, told, waiting


async def test_a_way_in_that_ended_does_not_begin_again(
    *, add: Add, organiser: httpx2.AsyncClient, stranger: httpx2.AsyncClient, meeting: Meeting, clock: Clock
) -> None:
    """Rows of links that are over are deleted with the next one that is made; the secret must not outlive them."""
    used, never = await asked(stranger, meeting, "Đã Vào"), await asked(stranger, meeting, "Chưa Lấy")
    for each in await waiting(organiser, meeting):
        assert (await organiser.post(f"/api/requests/{each['id']}/grant", json={"point_id": None})).status_code == 204
    link = (await told(stranger, used))["link"]
    assert (await stranger.post("/api/session/link", json={"token": link.removeprefix("/join/")})).status_code == 200
    clock.pass_(days=20)
    [line] = await add("Người Khác")
    body = {"delegate_ids": [line["id"]], "send": False}
    assert (await organiser.post(f"/api/meetings/{meeting.id}/links", json=body)).status_code == 200
    assert await told(stranger, used) == await told(stranger, never) == {"state": "granted", "link": None}


async def test_revoking_ends_what_was_granted_and_not_fetched_yet(
    *, organiser: httpx2.AsyncClient, stranger: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    secret = await asked(stranger, meeting)
    [request] = await waiting(organiser, meeting)
    await organiser.post(f"/api/requests/{request['id']}/grant", json={"point_id": None})
    async with services.database.read() as session:
        delegate_id = await session.scalar(select(Delegate.id).where(Delegate.source == "request"))
    revoke = await organiser.post(f"/api/meetings/{meeting.id}/links/revoke", json={"delegate_ids": [delegate_id]})
    assert revoke.status_code == 204
    assert await told(stranger, secret) == {"state": "refused", "link": None}


async def test_a_flood_from_afar_keeps_nobody_out_of_a_hall(
    *,
    secretary: httpx2.AsyncClient,
    organiser: httpx2.AsyncClient,
    stranger: httpx2.AsyncClient,
    browser: Browsers,
    meeting: Meeting,
    province: Province,
    services: Services,
    clock: Clock,
) -> None:
    code = await scanned(browser, meeting, province.da_sar_hall)
    await asked(stranger, meeting, "Trong Hội Trường", hall=code)
    async with services.transactions(SYSTEM) as tx:
        tx.session.add_all(
            AccessRequest(
                meeting_id=meeting.id, token_hash=f"{number}", full_name="x", unit_text="x", asked_at=clock.now
            )
            for number in range(450)
        )
    assert (await ask(stranger, meeting.public_code)).status_code == 429
    await asked(stranger, meeting, "Đến Sau", hall=code)
    assert [each["full_name"] for each in await waiting(secretary, meeting)] == ["Đến Sau", "Trong Hội Trường"]
    assert [each["full_name"] for each in (await waiting(organiser, meeting))[:2]] == ["Đến Sau", "Trong Hội Trường"]
