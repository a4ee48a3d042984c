"""A paper that may not be taken away, taken page by page: noted like a download, and slowed."""

from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select

from server.audit.models import AuditEntry
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Meeting
from server.papers.models import PaperVersion
from tests import builders, library
from tests.builders import Province
from tests.conftest import Browsers, Clock

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def paper_of(services: Services, meeting: Meeting, pages: int, **policy: object) -> PaperVersion:
    async with services.transactions(SYSTEM) as tx:
        paper = await library.paper(tx.session, meeting, "Báo cáo", text=None)
        version = await library.version(tx.session, paper, "Báo cáo", pages=pages)
        await library.policy(tx.session, meeting, paper, **policy)  # type: ignore[arg-type]
    for number in range(1, pages + 1):
        for width in (900, 1800):
            await services.storage.put(f"{version.folder}/pages/{number}-{width}.webp", b"picture")
    return version


async def leaf(
    browser: httpx2.AsyncClient, version: PaperVersion, pages: int, clock: Clock, *, seconds: float, width: int = 1800
) -> list[int]:
    states = []
    for number in range(1, pages + 1):
        path = f"/api/versions/{version.id}/pages/{number}/image?width={width}"
        states.append((await browser.get(path)).status_code)
        clock.now += timedelta(seconds=seconds)
    return states


async def notes(services: Services) -> list[AuditEntry]:
    async with services.database.read() as session:
        found = await session.scalars(select(AuditEntry).where(AuditEntry.action == "paper.pages-taken"))
        return list(found)


@pytest.fixture
async def meeting(services: Services, province: Province) -> Meeting:
    meeting = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        await library.delegate(tx.session, meeting, province.delegate, province.da_sar_hall)
    return meeting


@pytest.mark.parametrize(
    ("policy", "seconds", "width", "noted"),
    [
        ({}, 0.2, 1800, True),
        ({"download": True, "marked": True}, 0.2, 1800, True),
        ({"download": True}, 0.2, 1800, False),  # may be taken away
        ({}, 8, 1800, False),  # reads
        ({}, 0.2, 900, False),  # what a device keeps
    ],
)
async def test_a_paper_taken_page_by_page_is_noted(
    *,
    services: Services,
    province: Province,
    browser: Browsers,
    meeting: Meeting,
    clock: Clock,
    policy: dict[str, object],
    seconds: float,
    width: int,
    noted: bool,
) -> None:
    version = await paper_of(services, meeting, 6, **policy)
    delegate = await browser(province.delegate)
    assert set(await leaf(delegate, version, 6, clock, seconds=seconds, width=width)) == {200}
    await leaf(delegate, version, 6, clock, seconds=seconds, width=width)
    found = await notes(services)
    assert len(found) == noted
    if noted:
        assert (found[0].subject_id, found[0].facts["pages"]) == (str(version.paper_id), 6)
        assert found[0].actor_name == province.delegate.full_name


async def test_hundreds_of_pages_a_minute_are_slowed_but_shown(
    services: Services, province: Province, browser: Browsers, meeting: Meeting, clock: Clock
) -> None:
    version = await paper_of(services, meeting, 210)
    delegate, organiser = await browser(province.delegate), await browser(province.organiser)
    states = await leaf(delegate, version, 210, clock, seconds=0.1)
    assert states == [200] * 200 + [429] * 10
    path = f"/api/versions/{version.id}/pages/210/image"
    refused = await delegate.get(path, params={"width": 1800})
    assert (refused.json()["code"], int(refused.headers["retry-after"]) > 500) == ("too-fast", True)
    assert (await delegate.get(path, params={"width": 900})).status_code == 200
    assert set(await leaf(organiser, version, 210, clock, seconds=0.1)) == {200}
    clock.now += timedelta(minutes=10)
    assert (await delegate.get(path, params={"width": 1800})).status_code == 200
