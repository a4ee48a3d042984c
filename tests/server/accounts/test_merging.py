"""Two records of one person become one: all that there is of either is the person's, and nothing names the other."""

from typing import Any

import pytest
from sqlalchemy import func, select

from server.accounts.models import AccessLink, Person, RoleGrant
from server.attendance.models import PersonCheck
from server.audit.queries import entries_about
from server.core.actor import SYSTEM, Role
from server.core.database import Base
from server.core.references import referring
from server.core.services import Services
from server.meetings.models import Delegate, Meeting
from server.papers.models import AccessPolicy
from server.reading.models import Annotation, AnnotationSequence, Receipt
from tests import builders, library
from tests.builders import MORNING, Neighbour, Province
from tests.conftest import Browsers

NAME = "Bon Niêng Ka Lim"


@pytest.fixture
async def two(services: Services, province: Province) -> tuple[Person, Person]:
    """Kept and gone, in one unit."""
    async with services.transactions(SYSTEM) as tx:
        kept = await builders.person(tx.session, province.da_sar, NAME, Role.DELEGATE)
        kept.title = "Bí thư Đảng ủy xã"
        gone = await builders.person(
            tx.session, province.da_sar, NAME, Role.DELEGATE, Role.HALL_SECRETARY, login="kalim"
        )
        gone.title, gone.phone = "Chủ tịch Hội đồng nhân dân xã", "0263 555 0001"
    return kept, gone


def note(person: Person, paper_id: int, version_id: int | None, name: str, seq: int) -> Annotation:
    facts: dict[str, Any] = {"kind": "note", "body": {"text": name}, "written_at": MORNING, "updated_at": MORNING}
    return Annotation(
        person_id=person.id, id=name * 36, seq=seq, paper_id=paper_id, version_id=version_id, page=1, **facts
    )


async def everywhere(services: Services, province: Province, kept: Person, gone: Person) -> Meeting:
    """Both on the list of one meeting that is over, each with something of what a person leaves."""
    meeting = await builders.conference(services, province, "ended")
    async with services.transactions(SYSTEM) as tx:
        paper = await library.paper(tx.session, meeting)
        await library.policy(
            tx.session, meeting, paper, audience=[{"kind": "person", "id": gone.id}, {"kind": "person", "id": kept.id}]
        )
        lists = [await library.delegate(tx.session, meeting, who, province.da_sar_hall) for who in (kept, gone)]
        lists[0].removed_at = MORNING
        for delegate, kind in zip(lists, ("in", "out"), strict=True):
            tx.session.add(
                PersonCheck(
                    meeting_id=meeting.id, delegate_id=delegate.id, kind=kind, how="list", at=MORNING, by_id=gone.id
                )
            )
        for who, pages, seconds in ((kept, "1", 10), (gone, "2", 5)):
            tx.session.add(
                Receipt(
                    version_id=paper.current_version_id,
                    person_id=who.id,
                    opened_at=MORNING,
                    pages_seen=pages,
                    seen_count=1,
                    seconds=seconds,
                )
            )
        tx.session.add_all(
            [
                note(kept, paper.id, paper.current_version_id, "a", 1),
                note(gone, paper.id, paper.current_version_id, "b", 1),
                AnnotationSequence(person_id=kept.id, seq=1),
                AnnotationSequence(person_id=gone.id, seq=1),
            ]
        )
        row = await tx.session.get_one(Meeting, meeting.id)
        row.secretary_id = gone.id
    return meeting


async def test_all_there_is_moves(
    browser: Browsers, province: Province, services: Services, two: tuple[Person, Person]
) -> None:
    kept, gone = two
    meeting = await everywhere(services, province, kept, gone)
    theirs = await browser(gone)
    admin = await browser(province.admin)
    preview = (await admin.get(f"/api/people/{kept.id}/merge/{gone.id}")).json()
    assert preview["same_name"]
    assert {name: count for name, count in preview["moves"].items() if count} == {
        "roles": 2,
        "leads": 1,
        "lists": 1,
        "checks": 1,
        "receipts": 1,
        "notes": 1,
    }
    answer = await admin.post(f"/api/people/{kept.id}/merge", json={"gone_id": gone.id})
    assert answer.status_code == 200, answer.text
    merged = answer.json()
    assert (merged["phone"], merged["login"], merged["title"]) == ("0263 555 0001", "kalim", "Bí thư Đảng ủy xã")
    assert [post["title"] for post in merged["posts"]] == ["Bí thư Đảng ủy xã", "Chủ tịch Hội đồng nhân dân xã"]
    assert {role["role"] for role in merged["roles"]} == {"delegate", "hall-secretary"}
    assert (await theirs.get("/api/session")).status_code == 401
    assert (await admin.get(f"/api/people/{gone.id}")).status_code == 404
    async with services.database.read() as session:
        for column in referring("people"):
            named = await session.scalar(select(func.count()).where(column == gone.id))
            assert not named, f"{column.table.name}.{column.name}"
        [delegate] = await session.scalars(
            select(Delegate).where(Delegate.meeting_id == meeting.id, Delegate.person_id == kept.id)
        )
        assert delegate.removed_at is None, "who is expected under either name is expected"
        checks = await session.scalars(select(PersonCheck.kind).where(PersonCheck.delegate_id == delegate.id))
        assert sorted(checks) == ["in", "out"]
        receipt = await session.scalar(select(Receipt).where(Receipt.person_id == kept.id))
        assert receipt is not None
        assert (receipt.pages_seen, receipt.seen_count, receipt.seconds) == ("3", 2, 15)
        notes = await session.execute(select(Annotation.id, Annotation.seq).where(Annotation.person_id == kept.id))
        assert {name[0]: seq for name, seq in notes} == {"a": 1, "b": 2}
        assert (await session.get_one(AnnotationSequence, kept.id)).seq == 2
        assert (await session.scalar(select(AccessPolicy.audience))) == [{"kind": "person", "id": kept.id}]
        [entry] = [each for each in await entries_about(session, "person", kept.id) if each.action == "person.merged"]
        assert (entry.facts["gone_id"], entry.facts["gone"]["full_name"]) == (gone.id, NAME)


async def test_links_on_letters_stay_and_others_end(
    browser: Browsers, province: Province, services: Services, two: tuple[Person, Person]
) -> None:
    kept, gone = two
    meeting = await builders.conference(services, province, "invited")
    admin, organiser = await browser(province.admin), await browser(province.organiser)
    async with services.transactions(SYSTEM) as tx:
        delegate = await library.delegate(tx.session, meeting, gone, province.da_sar_hall)
    made = await organiser.post(
        f"/api/meetings/{meeting.id}/links", json={"delegate_ids": [delegate.id], "send": False}
    )
    assert made.status_code == 200, made.text
    open_all = await admin.post("/api/links", json={"person_id": gone.id})
    assert (await admin.post(f"/api/people/{kept.id}/merge", json={"gone_id": gone.id})).status_code == 200
    async with services.database.read() as session:
        links = await session.execute(
            select(AccessLink.meeting_id, AccessLink.revoked_at).where(AccessLink.person_id == kept.id)
        )
        assert {meeting_id: revoked is None for meeting_id, revoked in links} == {meeting.id: True, None: False}
    token = open_all.json()["link"].removeprefix("/join/")
    assert (await (await browser()).post("/api/session/link", json={"token": token})).status_code == 404


async def test_not_while_a_meeting_is_open(
    browser: Browsers, province: Province, services: Services, two: tuple[Person, Person]
) -> None:
    kept, gone = two
    meeting = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        await library.delegate(tx.session, meeting, gone, province.da_sar_hall)
    answer = await (await browser(province.admin)).post(f"/api/people/{kept.id}/merge", json={"gone_id": gone.id})
    assert (answer.status_code, answer.json()["code"]) == (409, "meeting-under-way")
    assert answer.json()["details"]["meetings"] == [meeting.id]


async def test_who_may_merge(
    browser: Browsers,
    province: Province,
    neighbour: Neighbour,
    services: Services,
    two: tuple[Person, Person],
) -> None:
    kept, gone = two
    async with services.transactions(SYSTEM) as tx:
        small = await builders.person(tx.session, province.lac_duong, "Quản Trị Huyện", Role.ADMIN)
        tx.session.add(RoleGrant(person_id=gone.id, role=Role.ORGANISER, unit_id=province.root.id))
    # The one that goes may more than the small administrator: no role comes into reach by merging.
    for who, status in ((small, 403), (neighbour.admin, 403), (province.organiser, 403)):
        client = await browser(who)
        assert (await client.get(f"/api/people/{kept.id}/merge/{gone.id}")).status_code == status
        assert (await client.post(f"/api/people/{kept.id}/merge", json={"gone_id": gone.id})).status_code == status
    theirs = await browser(neighbour.admin)
    own = f"/api/people/{neighbour.chair.id}/merge"
    assert (await theirs.post(own, json={"gone_id": gone.id})).status_code == 403
    admin = await browser(province.admin)
    for kept_id, gone_id in ((kept.id, kept.id), (kept.id, province.admin.id)):
        answer = await admin.post(f"/api/people/{kept_id}/merge", json={"gone_id": gone_id})
        assert answer.status_code == 409


async def test_who_may_be_the_same(
    browser: Browsers, province: Province, neighbour: Neighbour, services: Services, two: tuple[Person, Person]
) -> None:
    kept, gone = two
    async with services.transactions(SYSTEM) as tx:
        by_phone = await builders.person(tx.session, province.lat, NAME)
        by_phone.phone = "0263.555.0001"
        await builders.person(tx.session, province.da_sar, "Bon Niêng Ka Lím")
        await builders.person(tx.session, province.hiep_an, NAME)
        await builders.person(tx.session, neighbour.root, NAME)
    admin = await browser(province.admin)
    alike = [each["id"] for each in (await admin.get(f"/api/people/{gone.id}/alike")).json()]
    assert alike == [kept.id, by_phone.id], "a tone mark, another place, another province make another person"
    for person, day in ((kept, "1975-09-02"), (gone, "1980-01-01")):
        await admin.patch(f"/api/people/{person.id}", json={"born_on": day})
    assert [each["id"] for each in (await admin.get(f"/api/people/{gone.id}/alike")).json()] == [by_phone.id]


def test_every_reference_is_known() -> None:
    tables = {column.table.name for column in referring("people")}
    assert {"delegates", "receipts", "role_grants", "sign_in_sessions", "meetings", "posts"} <= tables
    assert {column.table.name for column in referring("delegates")} >= {"person_checks", "access_requests"}
    assert Base.metadata.tables.keys() >= tables
