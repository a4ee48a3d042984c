"""Replies to invitations: what a delegate says, what becomes of a substitute, and the organiser's board of it."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from server.accounts.models import Person
from server.core.actor import SYSTEM, Actor
from server.core.services import Services
from server.invitations.replies.models import Reply
from server.jobs.models import Job
from server.meetings.models import AgendaItem, Delegate, Meeting, MemberPoint
from server.meetings.rights import meeting_rights, rights_of
from server.notifications.models import Mail, Notice
from server.papers.models import AccessPolicy
from tests.builders import Province
from tests.conftest import Browsers
from tests.server.invitations.conftest import Add
from tests.server.invitations.test_links import made, opened

ABSENT = {"answer": "absent", "reason": "Đi công tác"}


def instead(name: str, **more: str) -> dict[str, Any]:
    return {"answer": "substitute", "reason": "Bận họp huyện", "substitute": {"full_name": name, **more}}


async def seat(organiser: httpx2.AsyncClient, browser: Browsers, meeting: Meeting, line: dict[str, Any]) -> Any:
    """The delegate's telephone, by the personal link."""
    [link] = (await made(organiser, meeting, line["id"]))["links"]
    return await opened(browser, link["path"])


async def board(client: httpx2.AsyncClient, meeting: Meeting, **asked: Any) -> dict[str, Any]:
    answer = await client.get(f"/api/meetings/{meeting.id}/replies", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def figures(counts: dict[str, Any]) -> dict[str, int]:
    names = ("invited", "accepted", "absent", "proposed", "substitute", "none")
    return {name: counts[name] for name in names if counts[name]}


async def test_one_tap_answers_and_the_last_answer_counts(
    add: Add, organiser: httpx2.AsyncClient, browser: Browsers, meeting: Meeting, services: Services
) -> None:
    line, _ = await add("Cil Múp Thảo", "Người Im Lặng")
    phone = await seat(organiser, browser, meeting, line)
    url = f"/api/meetings/{meeting.id}/my-reply"
    assert (await phone.get(url)).json() == {
        "state": "none",
        "may_reply": True,
        "reason": "",
        "substitute": None,
        "stands_for": "",
        "at": None,
    }
    assert (await phone.put(url, json={"answer": "accepted"})).json()["state"] == "accepted"
    # Tapped twice on a weak line: one answer.
    await phone.put(url, json={"answer": "accepted"})
    assert (await phone.put(url, json=ABSENT)).json()["reason"] == "Đi công tác"
    refused = await phone.put(url, json={"answer": "absent"})
    assert refused.status_code == 422
    async with services.database.read() as session:
        log = list(await session.scalars(select(Reply).order_by(Reply.id)))
    assert [(each.kind, each.how) for each in log] == [("accepted", "link"), ("absent", "link")]
    shown = await board(organiser, meeting)
    assert figures(shown["total"]) == {"invited": 2, "absent": 1, "none": 1}
    [here] = [each for each in shown["points"] if each["invited"]]
    assert figures(here) == {"invited": 2, "absent": 1, "none": 1}
    top = shown["units"][0]
    assert figures(top) == figures(here), "rolled up to the top of the tree"
    assert [(each["full_name"], each["state"]) for each in shown["people"]] == [
        ("Người Im Lặng", "none"),
        ("Cil Múp Thảo", "absent"),
    ]
    assert [each["full_name"] for each in (await board(organiser, meeting, state="absent", q="thao"))["people"]] == [
        "Cil Múp Thảo"
    ]


async def test_absence_told_is_absence_with_leave_until_it_is_taken_back(
    *, add: Add, organiser: httpx2.AsyncClient, browser: Browsers, meeting: Meeting, province: Province
) -> None:
    line, online = (await add("Cil Múp Thảo"))[0], (await add("Ở Xa", point_id=None))[0]
    url = f"/api/meetings/{meeting.id}/my-reply"

    async def leave() -> int:
        answer = await organiser.get(f"/api/meetings/{meeting.id}/people")
        assert answer.status_code == 200, answer.text
        found: int = answer.json()["totals"]["leave"]
        return found

    phones = [await seat(organiser, browser, meeting, each) for each in (line, online)]
    for phone in phones:
        assert (await phone.put(url, json=ABSENT)).status_code == 200
    assert await leave() == 2
    await phones[0].put(url, json={"answer": "accepted"})
    assert await leave() == 1


async def attends(services: Services, meeting: Meeting, line: dict[str, Any]) -> bool:
    """With the own link: picture, sound and papers."""
    guest = Actor(person_id=line["person_id"], name="", only_meetings=frozenset({meeting.id}))
    async with services.database.read() as session:
        rights = await meeting_rights(session, meeting, guest)
        assert (rights.view, rights.delegate_id) == (True, line["id"])
        assert await rights_of(session, meeting, [guest]) == [rights]
        return rights.attend


async def test_consent_moves_seat_papers_and_word_to_the_substitute(
    *,
    add: Add,
    organiser: httpx2.AsyncClient,
    browser: Browsers,
    meeting: Meeting,
    province: Province,
    services: Services,
) -> None:
    [line] = await add({"full_name": "Cil Múp Thảo", "email": "thao@lamdong.example"})
    async with services.transactions(SYSTEM) as tx:
        item = (await tx.session.scalars(select(AgendaItem).where(AgendaItem.meeting_id == meeting.id))).first()
        assert item is not None
        item.presenter_id = line["person_id"]
        await tx.session.execute(
            update(MemberPoint)
            .where(MemberPoint.point_id == province.da_sar_hall.id)
            .values(speaker="Đ/c Cil Múp Thảo, Bí thư")
        )
        tx.session.add(
            AccessPolicy(meeting_id=meeting.id, item_id=item.id, audience=[{"kind": "person", "id": line["person_id"]}])
        )
    phone = await seat(organiser, browser, meeting, line)
    url = f"/api/meetings/{meeting.id}/my-reply"
    proposal = instead("Liêng Jrang Ha", title="Phó Bí thư", email="ha@lamdong.example")
    assert (await phone.put(url, json=proposal)).json()["state"] == "proposed"
    chair = await browser(province.chair)
    async with services.database.read() as session:
        told = set(await session.scalars(select(Notice.person_id).where(Notice.kind == "reply.proposed")))
    assert province.chair.id in told
    decision = f"/api/delegates/{line['id']}/substitute"
    assert (await phone.put(decision, json={"agree": True})).status_code == 403, "nobody agrees to their own"
    assert (await chair.put(decision, json={"agree": True})).json()["state"] == "substitute"
    assert (await chair.put(decision, json={"agree": True})).status_code == 409
    async with services.database.read() as session:
        stand_in = (await session.scalars(select(Delegate).where(Delegate.substitutes_id == line["id"]))).one()
        person = await session.get_one(Person, stand_in.person_id)
        assert (person.full_name, stand_in.point_id) == ("Liêng Jrang Ha", province.da_sar_hall.id)
        assert (await session.get_one(AgendaItem, item.id)).presenter_id == person.id
        speaker = await session.scalar(
            select(MemberPoint.speaker).where(MemberPoint.point_id == province.da_sar_hall.id)
        )
        assert speaker == "Liêng Jrang Ha, Phó Bí thư"
        [policy] = list(await session.scalars(select(AccessPolicy)))
        assert policy.audience == [{"kind": "person", "id": person.id}]
        [letter] = list(await session.scalars(select(Mail)))
        assert letter.to_address == "thao@lamdong.example"
        assert "Liêng Jrang Ha" in letter.text
        assert await session.scalar(select(Job.id).where(Job.kind == "links.send")), "the substitute gets a link"
    assert figures((await board(organiser, meeting))["total"]) == {"invited": 1, "substitute": 1}
    mine = (await phone.get(url)).json()
    assert (mine["state"], mine["may_reply"], mine["substitute"]["full_name"]) == (
        "substitute",
        False,
        "Liêng Jrang Ha",
    )
    assert (await phone.put(url, json={"answer": "accepted"})).json()["code"] == "represented"
    # Whoever is represented sees that, and no more: seat, papers and word are the substitute's.
    about = await phone.get(f"/api/meetings/{meeting.id}")
    assert (about.status_code, about.json()["my"]["delegate_id"]) == (200, line["id"])
    assert await attends(services, meeting, line) is False
    assert (await phone.delete(decision)).status_code == 403
    # The substitute falls away: one act, and all of it goes back.
    back = await chair.delete(decision)
    assert (back.status_code, back.json()["state"]) == (200, "none")
    assert (await chair.delete(decision)).json()["code"] == "not-represented"
    async with services.database.read() as session:
        assert (await session.get_one(AgendaItem, item.id)).presenter_id == line["person_id"]
        assert "Cil Múp Thảo" in str(
            await session.scalar(select(MemberPoint.speaker).where(MemberPoint.point_id == province.da_sar_hall.id))
        )
        [policy] = list(await session.scalars(select(AccessPolicy)))
        assert policy.audience == [{"kind": "person", "id": line["person_id"]}]
    assert await attends(services, meeting, line) is True
    assert (await phone.put(url, json={"answer": "accepted"})).json()["state"] == "accepted"
    assert figures((await board(organiser, meeting))["total"]) == {"invited": 1, "accepted": 1}


async def test_a_substitute_who_cannot_come_says_so_and_the_delegate_is_asked_anew(
    *,
    add: Add,
    organiser: httpx2.AsyncClient,
    browser: Browsers,
    meeting: Meeting,
    province: Province,
    services: Services,
) -> None:
    [line] = await add({"full_name": "Cil Múp Thảo", "email": "thao@lamdong.example"})
    noted = await organiser.put(f"/api/delegates/{line['id']}/reply", json=instead("Liêng Jrang Ha"))
    assert noted.json()["state"] == "substitute"
    lines = (await organiser.get(f"/api/meetings/{meeting.id}/delegates")).json()["delegates"]
    [stand_in] = [each for each in lines if each["substitutes_id"] == line["id"]]
    phone = await seat(organiser, browser, meeting, stand_in)
    url = f"/api/meetings/{meeting.id}/my-reply"
    mine = (await phone.get(url)).json()
    assert (mine["state"], mine["may_reply"], mine["stands_for"]) == ("accepted", True, "Cil Múp Thảo")
    assert (await phone.put(url, json={"answer": "accepted"})).json()["code"] == "only-absence"
    assert (await phone.put(url, json=instead("Người Thứ Ba"))).json()["code"] == "only-absence"
    said = (await phone.put(url, json={"answer": "absent", "reason": "Đi công tác"})).json()
    assert (said["state"], said["may_reply"], said["stands_for"]) == ("absent", False, "Cil Múp Thảo")
    assert (await phone.get(url)).status_code in (401, 404), "the link ends with the place"
    assert figures((await board(organiser, meeting))["total"]) == {"invited": 1, "none": 1}
    assert await attends(services, meeting, line) is True
    async with services.database.read() as session:
        told = set(await session.scalars(select(Notice.person_id).where(Notice.kind == "reply.stepped-back")))
        assert {province.chair.id, line["person_id"]} <= told
        letters = list(await session.scalars(select(Mail.text).where(Mail.to_address == "thao@lamdong.example")))
        assert "Liêng Jrang Ha báo không dự thay" in letters[-1]
        assert "Đi công tác" in letters[-1]


@pytest.mark.parametrize("way", ["one", "many"])
async def test_a_substitute_taken_off_the_list_gives_back_what_was_handed_over(
    *, add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services, way: str
) -> None:
    [line] = await add("Cil Múp Thảo")
    async with services.transactions(SYSTEM) as tx:
        item = (await tx.session.scalars(select(AgendaItem).where(AgendaItem.meeting_id == meeting.id))).first()
        assert item is not None
        item.presenter_id = line["person_id"]
    noted = await organiser.put(f"/api/delegates/{line['id']}/reply", json=instead("Liêng Jrang Ha"))
    assert noted.json()["state"] == "substitute"
    lines = (await organiser.get(f"/api/meetings/{meeting.id}/delegates")).json()["delegates"]
    [stand_in] = [each for each in lines if each["substitutes_id"] == line["id"]]
    assert await attends(services, meeting, line) is False
    if way == "one":
        await organiser.delete(f"/api/delegates/{stand_in['id']}")
    else:
        path = f"/api/meetings/{meeting.id}/delegates/remove"
        assert (await organiser.post(path, json={"delegate_ids": [stand_in["id"]]})).json()["done"] == [stand_in["id"]]
    async with services.database.read() as session:
        assert (await session.get_one(AgendaItem, item.id)).presenter_id == line["person_id"]
    assert await attends(services, meeting, line) is True
    # Taken off together with whom they stood for, nothing is left to hand back.
    await organiser.put(f"/api/delegates/{line['id']}/reply", json=instead("Liêng Jrang Ha"))
    lines = (await organiser.get(f"/api/meetings/{meeting.id}/delegates")).json()["delegates"]
    everybody = [each["id"] for each in lines]
    path = f"/api/meetings/{meeting.id}/delegates/remove"
    assert (await organiser.post(path, json={"delegate_ids": everybody})).json()["done"] == everybody


async def test_who_was_declined_is_asked_again(
    add: Add, organiser: httpx2.AsyncClient, browser: Browsers, meeting: Meeting
) -> None:
    [line] = await add("Cil Múp Thảo")
    phone = await seat(organiser, browser, meeting, line)
    url = f"/api/meetings/{meeting.id}/my-reply"
    await phone.put(url, json=instead("Liêng Jrang Ha"))
    answer = await organiser.put(
        f"/api/delegates/{line['id']}/substitute", json={"agree": False, "reason": "Hội nghị cần đồng chí Bí thư"}
    )
    assert answer.json()["state"] == "declined"
    mine = (await phone.get(url)).json()
    assert (mine["state"], mine["reason"], mine["may_reply"]) == ("declined", "Hội nghị cần đồng chí Bí thư", True)
    assert figures((await board(organiser, meeting))["total"]) == {"invited": 1, "none": 1}
    assert (await phone.put(url, json={"answer": "accepted"})).json()["state"] == "accepted"


async def test_what_was_said_by_telephone_is_noted_by_who_keeps_the_list(
    *, add: Add, organiser: httpx2.AsyncClient, secretary: httpx2.AsyncClient, meeting: Meeting, province: Province
) -> None:
    [own] = await add("Của Đạ Sar")
    [other] = await add("Của Tỉnh", point_id=province.lat_hall.id)
    put = await secretary.put(f"/api/delegates/{own['id']}/reply", json=ABSENT)
    assert put.json() == {"delegate_id": own["id"], "state": "absent"}
    assert (await secretary.put(f"/api/delegates/{other['id']}/reply", json=ABSENT)).status_code == 403
    seen = await board(secretary, meeting)
    assert [each["full_name"] for each in seen["people"]] == ["Của Đạ Sar"]
    assert (seen["people"][0]["how"], seen["may_decide"]) == ("by-hand", False)
    # A hall's secretary proposes; who organises agrees as they note it.
    assert (await secretary.put(f"/api/delegates/{own['id']}/reply", json=instead("A B"))).json()["state"] == "proposed"
    answer = await organiser.put(f"/api/delegates/{other['id']}/reply", json=instead("C D"))
    assert answer.json()["state"] == "substitute"


@pytest.mark.parametrize("state", ["draft", "ended"])
async def test_no_replies_before_and_after(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services, state: str
) -> None:
    [line] = await add("Cil Múp Thảo")
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(update(Meeting).values(state=state))
    answer = await organiser.put(f"/api/delegates/{line['id']}/reply", json={"answer": "accepted"})
    assert (answer.status_code, answer.json()["code"]) == (409, "no-replies-now")
