"""Two windows on one meeting: what is written in one, the other is told of, and nobody else is."""

import pytest
from sqlalchemy import delete

from server.accounts.models import RoleGrant
from server.core.actor import SYSTEM
from server.core.services import Services
from server.live import registry
from server.live.desks import noun_of
from tests import builders
from tests.conftest import Browsers
from tests.server.conftest import Join
from tests.sockets import LiveClient, Refused

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("kind", "noun"),
    [
        ("delegates.added", "delegate"),
        ("delegate.edited", "delegate"),
        ("meeting.edited", "meeting"),
        ("access.asked", "access"),
        ("papers.reordered", "paper"),
    ],
)
def test_nouns(kind: str, noun: str) -> None:
    assert noun_of(kind) == noun


def _nouns(client: LiveClient) -> set[str]:
    return {noun for data in client.signalled("changed") for noun in data["nouns"]}


@SQLITE
async def test_a_desk_is_told_what_another_wrote_and_others_are_told_nothing(
    services: Services, province: builders.Province, browser: Browsers, join: Join
) -> None:
    meeting = await builders.conference(services, province, "invited", listed=True)
    elsewhere = await builders.conference(services, province, "invited", listed=True)
    desk = await join(meeting.id, province.organiser, "desk")
    member = await join(meeting.id, province.delegate, "member")
    console = await join(meeting.id, province.secretary, "console")
    other = await join(elsewhere.id, province.organiser, "desk")
    assert desk.snapshot["collections"] == {}

    client = await browser(province.secretary)
    written = {"point_id": meeting.main_point_id, "people": [{"full_name": "Nông Thị Mới"}]}
    answer = await client.post(f"/api/meetings/{meeting.id}/delegates", json=written)
    assert answer.is_success, answer.text
    await desk.until(lambda: "delegate" in _nouns(desk), 1.0)
    opened = await client.post(f"/api/meetings/{meeting.id}/open")
    assert opened.is_success, opened.text
    await desk.until(lambda: "meeting" in _nouns(desk), 1.5)

    assert not desk.events
    await member.until(lambda: any(event["kind"] == "meeting.opened" for event in member.events))
    for nobody in (member, console, other):
        assert not nobody.signalled("changed")


@SQLITE
async def test_many_changes_at_once_are_few_signals(
    services: Services, province: builders.Province, browser: Browsers, join: Join
) -> None:
    meeting = await builders.conference(services, province, "invited", listed=True)
    desk = await join(meeting.id, province.organiser, "desk")
    client = await browser(province.secretary)
    for number in range(12):
        written = {"point_id": meeting.main_point_id, "people": [{"full_name": f"Đại biểu {number}"}]}
        assert (await client.post(f"/api/meetings/{meeting.id}/delegates", json=written)).is_success
    edited = await client.get(f"/api/meetings/{meeting.id}/delegates")
    assert edited.json()["total"] >= 12
    await desk.until(lambda: len(desk.signalled("changed")) >= 2)
    assert len(desk.signalled("changed")) < 8


@SQLITE
async def test_a_desk_is_no_console_and_no_follower(
    services: Services, province: builders.Province, join: Join
) -> None:
    meeting = await builders.conference(services, province, "running", listed=True)
    console = await join(meeting.id, province.secretary, "console")
    desk = await join(meeting.id, province.organiser, "desk")
    await join(meeting.id, province.delegate, "member")
    await console.until(lambda: any(data["people"] == 1 for data in console.signalled("watching")))
    assert all(data["people"] <= 1 for data in console.signalled("watching"))
    for command in ("floor.mute_all", "content.start", "meeting.end"):
        with pytest.raises(Refused) as refused:
            await desk.command(command)
        assert refused.value.code == "not-allowed"


@SQLITE
async def test_who_loses_the_right_is_told_no_more(
    services: Services, province: builders.Province, monkeypatch: pytest.MonkeyPatch, join: Join
) -> None:
    monkeypatch.setattr(registry, "CHECK_SECONDS", 0.5)
    meeting = await builders.conference(services, province, "invited", listed=True)
    desk = await join(meeting.id, province.organiser, "desk")
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(delete(RoleGrant).where(RoleGrant.person_id == province.organiser.id))
    assert await desk.closed() in (4403, 4404)
