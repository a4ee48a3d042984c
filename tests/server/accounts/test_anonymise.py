"""Whoever must be forgotten: nothing but the audit log and the log of events, which goes in time, has the name."""

from sqlalchemy import select

from server.accounts.actions.anonymise import NAMELESS
from server.accounts.models import Person, RoleGrant, SignInSession
from server.audit.actions import record
from server.core.actor import SYSTEM, Role
from server.core.database import Base
from server.core.services import Services
from server.invitations.models import AccessRequest
from server.meetings.models import Meeting
from server.reading.models import Annotation
from tests import builders, library
from tests.builders import MORNING, Province
from tests.conftest import Browsers
from tests.server.conftest import Join

NAME = "Zơ Râm Quên Đi"


async def known(services: Services, province: Province) -> tuple[Person, Meeting]:
    """Somebody who took part in everything, with a name in every place that takes one."""
    meeting = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        person = await builders.person(tx.session, province.da_sar, NAME, Role.HALL_SECRETARY, login="quendi")
        person.email, person.phone, person.title = "quendi@xa.example", "0912345678", "Bí thư quendi"
        item = (await library.items(tx.session, meeting))[0]
        paper = await library.paper(tx.session, meeting, item=item)
        tx.session.add(
            Annotation(
                person_id=person.id,
                id="8c0f0f4e-9d4f-4f0c-8f3e-6d1a1a1a1a1a",
                seq=1,
                paper_id=paper.id,
                version_id=paper.current_version_id,
                page=1,
                kind="note",
                body={"text": "của Quên Đi"},
                written_at=MORNING,
                updated_at=MORNING,
            )
        )
        delegate = await library.delegate(tx.session, meeting, person, province.da_sar_hall)
        tx.session.add(
            AccessRequest(
                token_hash="x",
                full_name=NAME,
                unit_text="xã",
                phone="0912345678",
                asked_at=MORNING,
                meeting_id=meeting.id,
                delegate_id=delegate.id,
                state="granted",
            )
        )
    return person, meeting


async def mentions(services: Services) -> set[str]:
    """Tables with the name, the address or the number in them."""
    found = set()
    async with services.database.read() as session:
        for table in Base.metadata.sorted_tables:
            rows = "".join(map(repr, await session.execute(select(table)))).casefold()
            if any(word in rows for word in ("quên đi", "quen di", "quendi", "0912345678", "ốm nặng")):
                found.add(table.name)
    return found


async def test_nothing_but_the_log_keeps_the_name(services: Services, province: Province, browser: Browsers) -> None:
    person, meeting = await known(services, province)
    theirs = await browser(person)
    here = f"/api/meetings/{meeting.id}/points/{province.da_sar_hall.id}"
    async with services.database.read() as session:
        delegate_id = (await session.scalars(select(AccessRequest.delegate_id))).one()
    leave = {"delegate_ids": [delegate_id], "kind": "leave", "reason": "ốm nặng"}
    assert (await theirs.post(f"{here}/checks", json=leave)).status_code == 200
    assert (await theirs.post(f"{here}/sign-off", json={})).status_code < 300
    admin = await browser(province.admin)
    path, body = f"/api/people/{person.id}/anonymise", {"full_name": NAME}
    refused = await admin.post(path, json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "still-takes-part")
    assert refused.json()["details"]["meetings"] == [meeting.id]
    async with services.transactions(SYSTEM) as tx:
        ended = await tx.session.get_one(Meeting, meeting.id)
        ended.state, ended.ended_at = "ended", MORNING
    wrong = await admin.post(path, json={"full_name": "Ai Đó"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")
    answer = await admin.post(path, json={"full_name": " zơ râm quên ĐI "})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["full_name"], answer.json()["roles"], answer.json()["disabled"]) == (NAMELESS, [], True)
    assert (await theirs.get("/api/session")).status_code == 401
    assert await mentions(services) <= {"audit_entries", "meeting_events"}
    async with services.database.read() as session:
        for table in (RoleGrant, SignInSession):
            assert not (await session.scalars(select(table).where(table.person_id == person.id))).all()
    people = (await (await browser(province.chair)).get(f"/api/meetings/{meeting.id}/people")).json()
    assert people["totals"]["leave"] == 1


async def test_open_sockets_of_theirs_end(
    services: Services, province: Province, browser: Browsers, join: Join
) -> None:
    async with services.transactions(SYSTEM) as tx:
        person = await builders.person(tx.session, province.root, NAME, Role.OPERATOR)
    meeting = await builders.conference(services, province, "running")
    console = await join(meeting.id, person, "console")
    admin = await browser(province.admin)
    assert (await admin.post(f"/api/people/{person.id}/anonymise", json={"full_name": NAME})).status_code == 200
    assert await console.closed() == 4401


async def test_nobody_forgets_himself_or_who_is_not_his(
    services: Services, province: Province, browser: Browsers
) -> None:
    admin = await browser(province.admin)
    own = await admin.post(f"/api/people/{province.admin.id}/anonymise", json={"full_name": province.admin.full_name})
    assert own.status_code == 409
    async with services.transactions(SYSTEM) as tx:
        small = await builders.person(tx.session, province.da_sar, "Quản Trị Xã", Role.ADMIN)
        there = await builders.person(tx.session, province.da_sar, NAME, Role.ORGANISER)
        great = await builders.person(tx.session, province.da_sar, "Lãnh Đạo")
        tx.session.add(RoleGrant(person_id=great.id, role=Role.OPERATOR, unit_id=province.root.id))
        await record(tx, "test", "thing", 1)
    client = await browser(small)
    for who, status in ((there, 200), (great, 403), (province.organiser, 403)):
        answer = await client.post(f"/api/people/{who.id}/anonymise", json={"full_name": who.full_name})
        assert answer.status_code == status, who.full_name
