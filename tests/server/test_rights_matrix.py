"""Every route of the API for everybody: who is not named is turned away. A new route fails here until it has a row."""

from datetime import timedelta

import pytest
from fastapi import FastAPI

from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.invitations.models import AccessRequest
from server.invitations.nominations.models import NominationCall
from server.invitations.rate_limits import EntryLimits
from server.meetings.models import Delegate, Meeting
from server.organisations.models import BridgePoint, Unit
from server.papers.models import PaperVersion
from tests import builders, library
from tests.builders import MORNING, NEIGHBOURS, Neighbour, Province
from tests.conftest import Browsers
from tests.server.rights_table import CONTENT, ELSEWHERE, EVERYBODY, LEADS, ROWS, SIGNED_IN, Row, World


def test_every_route_has_its_row(app: FastAPI) -> None:
    routes = {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path.startswith("/api/")
    }
    assert routes == {row.route for row in ROWS} | ELSEWHERE


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.route)
async def test_who_is_not_named_is_turned_away(
    *, row: Row, app: FastAPI, browser: Browsers, province: Province, neighbour: Neighbour, services: Services
) -> None:
    world = None
    for who in sorted(EVERYBODY, key=lambda who: (who in row.allowed, who)):
        app.state.services.components.put(EntryLimits())
        # Who is turned away, or only reads, leaves the world as it was.
        if world is None or (who in row.allowed and not row.route.startswith("GET ")):
            world = await fresh(services, province, row.state)
        client = await browser(None if who == "anonymous" else neighbour.who.get(who) or getattr(province, who))
        method, template = row.route.split(" ")
        paper = getattr(world, row.paper)
        path = template.format(
            meeting_id=world.meeting.id,
            unit_id=world.unit.id,
            point_id=province.da_sar_hall.id if row.hall else world.point.id,
            person_id=world.person.id,
            item_id=world.item.id,
            paper_id=paper.id,
            version_id=paper.current_version_id,
            number=1,
            delegate_id=world.delegate.id,
            request_id=world.request.id,
            batch_id=world.batch.id,
            kind="units",
            code=world.meeting.public_code,
            device_id=world.device.id,
            code_id=world.code.id,
            template_id=world.template.id,
            group_id=world.group.id,
        )
        answer = await client.request(method, path, json=row.body(world))
        if who in row.allowed:
            assert answer.status_code < 300, (who, answer.text)
        elif who == "anonymous":
            assert answer.status_code == 401, answer.text
        else:
            assert answer.status_code in row.denied_as, (who, answer.text)
        if answer.content:
            assert answer.headers["content-type"].startswith(CONTENT)


async def test_two_provinces_know_nothing_of_each_other(
    browser: Browsers, province: Province, neighbour: Neighbour, services: Services
) -> None:
    """What lists answer with, and whom and what one may name: each only the own."""
    here = (await fresh(services, province, "invited")).meeting
    sides: list[tuple[Person, Person, Meeting, Meeting, Person, Unit, BridgePoint]] = [
        (province.admin, province.organiser, here, neighbour.meeting, neighbour.chair, neighbour.root, neighbour.hall),
        (neighbour.admin, neighbour.organiser, neighbour.meeting, here, province.chair, province.root, province.main),
    ]
    for admin, organiser, own, foreign, leader, unit, hall in sides:
        for who in (admin, organiser):
            client = await browser(who)
            people = {each["unit_name"] for each in (await client.get("/api/people?limit=200")).json()}
            assert people
            assert unit.name not in people, who.full_name
            assert {each["id"] for each in (await client.get("/api/meetings")).json()} == {own.id}, who.full_name
            assert (await client.get(f"/api/people/{leader.id}")).status_code in (403, 404)
            named = await client.patch(f"/api/people/{leader.id}", json={"email": "ke@xau.example"})
            assert named.status_code in (403, 404)
            assert (await client.post("/api/links", json={"person_id": leader.id})).status_code in (403, 404)
            assert (await client.post("/api/links", json={"point_id": hall.id})).status_code in (403, 404)
        client = await browser(organiser)
        chosen = {"point_id": None, "people": [{"person_id": leader.id}]}
        assert (await client.post(f"/api/meetings/{own.id}/delegates", json=chosen)).status_code == 422
        assert (await client.post(f"/api/meetings/{foreign.id}/delegates", json=chosen)).status_code == 404
        for wrong in ({"chair_id": leader.id}, {"unit_id": unit.id}, {"points": [{"point_id": hall.id}]}):
            patched = await client.patch(f"/api/meetings/{own.id}", json={"version": 1, **wrong})
            assert patched.status_code in (403, 409, 422), (wrong, patched.text)
        async with services.transactions(SYSTEM) as tx:
            paper = await library.paper(tx.session, own)
        for audience in ({"kind": "person", "id": leader.id}, {"kind": "point", "id": hall.id}):
            answer = await client.put(f"/api/papers/{paper.id}/policy", json={"audience": [audience]})
            assert answer.status_code == 422, (audience, answer.text)


async def test_nobody_else_sees_a_draft(browser: Browsers, province: Province, services: Services) -> None:
    draft = await builders.conference(services, province, "draft")
    for who in sorted(SIGNED_IN - NEIGHBOURS):
        client = await browser(getattr(province, who))
        expected = 200 if who in LEADS else 404
        assert (await client.get(f"/api/meetings/{draft.id}")).status_code == expected, who
        assert len((await client.get("/api/meetings")).json()) == (who in LEADS), who


async def fresh(services: Services, province: Province, state: str) -> World:
    async with services.transactions(SYSTEM) as tx:
        unit = await builders.unit(tx.session, "Thôn", province.lat)
        meeting = await builders.meeting(
            tx.session,
            province.root,
            province.halls,
            state=state,
            chair=province.chair,
            secretary=province.secretary,
            presenter=province.presenter,
            created_by=province.organiser,
        )
        first, *_, last = await library.items(tx.session, meeting)
        paper = await library.paper(tx.session, meeting, item=first)
        invited = await builders.person(tx.session, province.da_sar, "Được Mời")
        invited.phone = "0912345678"
        place = {"meeting_id": meeting.id, "point_id": province.da_sar_hall.id}
        delegate = Delegate(person_id=invited.id, added_at=MORNING, **place)
        request = AccessRequest(
            token_hash=f"{meeting.id}", full_name="Khách", unit_text="", asked_at=services.clock(), **place
        )
        call = NominationCall(
            meeting_id=meeting.id,
            deadline=services.clock() + timedelta(days=1),
            remind_hours=[],
            done=[],
            contact="Ban tổ chức",
            asked_at=MORNING,
        )
        tx.session.add_all([delegate, request, call])
        await tx.session.flush()
        point = await builders.point(tx.session, province.lat, "Phòng")
        device, code = await builders.hall_device(tx, services.settings, point)
        ready = await tx.session.get_one(PaperVersion, paper.current_version_id)
        await library.version(tx.session, paper, "hỏng", state="failed")
        world = World(
            province=province,
            meeting=meeting,
            unit=unit,
            point=point,
            device=device,
            code=code,
            person=await builders.person(tx.session, province.lat, "Người"),
            twin=await builders.person(tx.session, province.lat, "Người"),
            item=last,
            paper=paper,
            delegate=delegate,
            request=request,
            template=await builders.template(tx.session, province.root, f"Mẫu {meeting.id}"),
            group=await builders.group(tx.session, province.root, f"Nhóm {meeting.id}", [province.da_sar_hall]),
            batch=await builders.import_batch(tx.session, province.root),
            recalled=await library.paper(tx.session, meeting, recalled_at=MORNING, recall_reason="Sai"),
        )
    await library.store(services, ready, "nội dung")
    await library.store_stampable(services, ready, "nội dung")
    return world
