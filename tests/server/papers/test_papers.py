"""Papers over HTTP: the list, facts and order, who may read, recall; and what reaches the live channel and the log."""

from typing import Any

import pytest
from sqlalchemy import select

from server.core.actor import SYSTEM
from server.jobs.models import Job
from server.jobs.workers import Workers
from server.meetings.models import Meeting
from server.notifications.models import Notice
from server.papers.models import AccessPolicy, Pack, Paper, PaperPage, PaperVersion
from server.papers.notices import tell_job
from server.reading.models import Receipt
from server.wiring import JOBS
from tests import builders, library
from tests.builders import MORNING, Province
from tests.conftest import Browsers
from tests.server.papers.conftest import Place


async def test_the_list_is_what_each_may_see(place: Place) -> None:
    async with place.services.transactions(SYSTEM) as tx:
        paper = await tx.session.get_one(Paper, place.paper.id)
        await library.version(tx.session, paper, "Bản hai")
        await library.version(tx.session, paper, "Bản ba", state="working", stage="ocr", progress=0.4)
        await library.paper(tx.session, place.meeting, "Chương trình")
    seen = (await place.delegate.get(place.list_path)).json()
    assert [each["title"] for each in seen["papers"]] == ["Chương trình", "Báo cáo kinh tế - xã hội"]
    report = seen["papers"][1]
    assert (report["state"], report["my"]) == ("ready", {"read": True, "download": False, "manage": False})
    assert (report["version"]["number"], report["version"]["page_count"]) == (2, 2)
    assert report["version"]["has_outline"]
    assert (report["version"]["guess"], report["pending"], report["policy"]) == (None, None, None)
    assert [(each["number"], each["page_count"]) for each in report["older"]] == [(1, 2)]
    assert (seen["can_manage"], seen["upload_to"]) == (False, {"meeting": False, "items": []})
    managed = (await place.organiser.get(place.list_path)).json()
    assert managed["papers"][1]["pending"]["stage"] == "ocr"
    assert managed["papers"][1]["version"]["guess"]["title"] == "Bản hai"
    assert managed["papers"][1]["policy"] == {
        "revision": 0,
        "own": False,
        "hidden": False,
        "opens_at": None,
        "download": False,
        "marked": False,
        "audience": [],
    }
    assert managed["upload_to"] == {"meeting": True, "items": [item.id for item in place.items]}


async def test_a_reader_opens_a_version(place: Place) -> None:
    version = place.paper.current_version_id
    opened = (await place.delegate.get(f"/api/versions/{version}")).json()
    assert opened["pages"] == [[595, 842], [595, 842]]
    assert opened["outline"] == [{"title": "Kính thưa hội nghị", "page": 1, "level": 1}]
    assert opened["paper"]["id"] == place.paper.id
    assert opened["page_labels"] == []
    async with place.services.transactions(SYSTEM) as tx:
        (await tx.session.get_one(PaperVersion, version)).page_labels = ["i", "1"]
    assert (await place.delegate.get(f"/api/versions/{version}")).json()["page_labels"] == ["i", "1"]
    text = await place.delegate.get(f"/api/versions/{version}/text?from=2&to=9")
    assert text.json() == {
        "pages": [{"number": 2, "lines": [[0.1, 0.1, 0.8, 0.02, [[0.1, 0.8, "Kính thưa hội nghị"]]]]}]
    }
    for wrong in ("from=3&to=2", "from=1&to=51", "from=0", "to=x"):
        assert (await place.delegate.get(f"/api/versions/{version}/text?{wrong}")).status_code == 422
    assert (await place.delegate.get(f"/api/versions/{version}/pages/3/image")).status_code == 404
    assert (await place.delegate.get(f"/api/versions/{version}/pages/1/image?width=901")).status_code == 422
    missing = await place.delegate.get(f"/api/versions/{version}/pages/1/image")
    assert missing.status_code == 404  # its files are not there


async def test_pages_stay_in_the_browser_and_are_asked_for_each_time(place: Place) -> None:
    async with place.services.database.read() as session:
        version = await session.get_one(PaperVersion, place.paper.current_version_id)
    await library.store(place.services, version, "ảnh trang")
    for path in (f"/api/versions/{version.id}/pages/1/image?width=1800", f"/api/versions/{version.id}/text"):
        first = await place.delegate.get(path)
        assert first.headers["cache-control"] == "private, max-age=0, must-revalidate"
        known = {"If-None-Match": f'"other", {first.headers["etag"]}'}
        again = await place.delegate.get(path, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert (await place.delegate.get(path, headers={"If-None-Match": '"other"'})).status_code == 200
    assert (await place.delegate.get(f"/api/versions/{version.id}/pages/1/image")).headers[
        "content-type"
    ] == "image/webp"
    await place.organiser.post(f"{place.path}/recall", json={"reason": "Sai số liệu"})
    gone = await place.delegate.get(path, headers=known)
    assert (gone.status_code, gone.json()["code"]) == (410, "recalled")


async def test_long_text_is_compressed(place: Place) -> None:
    async with place.services.transactions(SYSTEM) as tx:
        paper = await library.paper(tx.session, place.meeting, text="Kính thưa hội nghị " * 100)
    path = f"/api/versions/{paper.current_version_id}/text"
    answer = await place.delegate.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    plain = await place.delegate.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == answer.json()


async def test_facts_are_edited(place: Place) -> None:
    facts = {
        "title": "Báo cáo quý III",
        "kind": "bao-cao",
        "number": "12-BC/TU",
        "issued_on": "2026-10-01",
        "issuer": "Tỉnh ủy",
        "urgency": "khan",
        "signed_as": "clean",
    }
    before = await place.revision()
    edited = (await place.organiser.patch(place.path, json=facts)).json()
    assert {name: edited[name] for name in facts} == facts
    emptied = (await place.organiser.patch(place.path, json={"issued_on": None, "title": None})).json()
    assert (emptied["issued_on"], emptied["title"]) == (None, "Báo cáo quý III")
    async with place.services.database.read() as session:
        assert (await session.get_one(Paper, place.paper.id)).number_folded == "12-bc/tu"
    entity, events, entries = await place.state()
    assert entity.revision == before + 2
    assert [event.kind for event in events] == ["paper.edited", "paper.edited"]
    assert entries[-1].facts["changed"] == ["issued_on"]
    unchanged = await place.organiser.patch(place.path, json={"title": "Báo cáo quý III"})
    assert unchanged.status_code == 200
    assert await place.revision() == before + 2


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"kind": "to-roi"}, "kind"),
        ({"number": "1" * 61}, "number"),
        ({"issued_on": "hôm qua"}, "issued_on"),
        ({"urgency": "gấp"}, "urgency"),
        ({"position": -1}, "position"),
        ({"hidden": True}, "hidden"),
    ],
)
async def test_wrong_facts_are_said_at_their_field(place: Place, wrong: dict[str, Any], where: str) -> None:
    answer = await place.organiser.patch(place.path, json=wrong)
    assert answer.status_code == 422
    assert where in answer.json()["details"]["fields"]


async def test_order_and_place(place: Place) -> None:
    first, second, _ = place.items
    async with place.services.transactions(SYSTEM) as tx:
        more = [
            await library.paper(tx.session, place.meeting, f"Phụ lục {n}", item=first, position=n) for n in (1, 2, 3)
        ]
    ids = [place.paper.id, *(paper.id for paper in more)]

    async def order() -> list[int]:
        papers = (await place.delegate.get(place.list_path)).json()["papers"]
        assert sorted(paper["position"] for paper in papers if paper["item_id"] == first.id) == list(
            range(sum(paper["item_id"] == first.id for paper in papers))
        )
        return [paper["id"] for paper in papers]

    answer = await place.organiser.put(f"{place.list_path}/order", json={"paper_ids": [ids[2], ids[0]]})
    assert [paper["id"] for paper in answer.json()["papers"]] == await order() == [ids[2], ids[0], ids[1], ids[3]]
    await place.organiser.patch(f"/api/papers/{ids[3]}", json={"position": 1})
    assert await order() == [ids[2], ids[3], ids[0], ids[1]]
    await place.organiser.patch(f"/api/papers/{ids[2]}", json={"item_id": second.id})
    assert await order() == [ids[3], ids[0], ids[1], ids[2]]
    await place.organiser.patch(f"/api/papers/{ids[2]}", json={"item_id": first.id, "position": 0})
    assert await order() == [ids[2], ids[3], ids[0], ids[1]]
    await place.organiser.patch(f"/api/papers/{ids[2]}", json={"item_id": second.id})
    await place.organiser.patch(f"/api/papers/{ids[1]}", json={"item_id": None})
    assert await order() == [ids[1], ids[3], ids[0], ids[2]]
    for wrong in ([ids[0], 99_999], [99_999]):
        refused = await place.organiser.put(f"{place.list_path}/order", json={"paper_ids": wrong})
        assert refused.status_code == 404


async def test_a_paper_moves_only_within_its_meeting(place: Place, province: Province) -> None:
    other = await builders.conference(place.services, province, "running")
    async with place.services.database.read() as session:
        [foreign, *_] = await library.items(session, other)
    for item_id in (foreign.id, 99_999):
        assert (await place.organiser.patch(place.path, json={"item_id": item_id})).status_code == 404


async def test_a_presenter_manages_what_he_presents_alone(place: Place, browser: Browsers) -> None:
    presenter = await browser(place.province.presenter)
    async with place.services.transactions(SYSTEM) as tx:
        mine = await library.paper(tx.session, place.meeting, "Bài trình bày", item=place.items[-1])
    assert (await presenter.patch(f"/api/papers/{mine.id}", json={"title": "Bài mới"})).status_code == 200
    for elsewhere in (None, place.items[0].id):
        refused = await presenter.patch(f"/api/papers/{mine.id}", json={"item_id": elsewhere})
        assert refused.status_code == 403
    assert (await presenter.patch(place.path, json={"title": "Của người khác"})).status_code == 403
    order = await presenter.put(f"{place.list_path}/order", json={"paper_ids": [mine.id, place.paper.id]})
    assert order.status_code == 403
    mixed = (await presenter.get(place.list_path)).json()
    assert mixed["upload_to"] == {"meeting": False, "items": [place.items[-1].id]}
    assert [paper["my"]["manage"] for paper in mixed["papers"]] == [False, True]


async def test_recall_and_restore(place: Place) -> None:
    async with place.services.transactions(SYSTEM) as tx:
        for person in (place.province.delegate, place.province.organiser, place.province.stranger):
            tx.session.add(Receipt(version_id=place.paper.current_version_id, person_id=person.id, opened_at=MORNING))
        tx.session.add(
            Pack(
                meeting_id=place.meeting.id,
                content_key="a",
                version_ids=[place.paper.current_version_id],
                folder="pack-a",
                created_at=MORNING,
            )
        )
    recalled = (await place.organiser.post(f"{place.path}/recall", json={"reason": "Sai số liệu"})).json()
    assert (recalled["state"], recalled["recall_reason"]) == ("recalled", "Sai số liệu")
    assert recalled["version"] is not None  # who manages it still reads it
    [seen] = (await place.delegate.get(place.list_path)).json()["papers"]
    assert (seen["state"], seen["version"], seen["older"], seen["my"]["read"]) == ("recalled", None, [], False)
    assert seen["recall_reason"] == "Sai số liệu"
    entity, events, entries = await place.state()
    assert entity.recalled == [place.paper.id]
    assert events[-1].changes == [{"collection": "library", "key": "", "value": entity.model_dump(mode="json")}]
    assert (events[-1].kind, entries[-1].action) == ("paper.recalled", "paper.recalled")
    assert await Workers(place.services, [tell_job]).run_due() == 1
    async with place.services.database.read() as session:
        [notice] = await session.scalars(select(Notice))
        assert (notice.person_id, notice.kind) == (place.province.delegate.id, "paper.recalled")
        assert notice.data["reason"] == "Sai số liệu"
        assert (await session.scalars(select(Pack))).all() == []
        assert [job.data for job in await session.scalars(select(Job))] == [{"folders": ["pack-a"]}]
    assert (await place.organiser.post(f"{place.path}/recall", json={"reason": "Lần nữa"})).status_code == 409
    restored = (await place.organiser.post(f"{place.path}/restore")).json()
    assert (restored["state"], restored["recall_reason"]) == ("ready", "")
    assert (await place.state())[0].recalled == []
    assert (await place.delegate.get(f"/api/versions/{place.paper.current_version_id}")).status_code == 200
    assert (await place.organiser.post(f"{place.path}/restore")).status_code == 409
    assert (await place.organiser.post(f"{place.path}/recall", json={"reason": " "})).status_code == 422


async def test_a_deleted_paper_is_gone_with_its_files(place: Place) -> None:
    async with place.services.database.read() as session:
        version = await session.get_one(PaperVersion, place.paper.current_version_id)
    await library.store(place.services, version, "ảnh")
    assert (await place.organiser.delete(place.path)).status_code == 204
    for client in (place.organiser, place.delegate):
        assert (await client.get(place.list_path)).json()["papers"] == []
        assert (await client.get(f"/api/versions/{version.id}")).status_code == 404
    assert (await place.organiser.delete(place.path)).status_code == 404
    assert (await place.state())[0].recalled == [place.paper.id]
    await Workers(place.services, JOBS).run_due()
    assert not await place.services.storage.exists(f"{version.folder}/original")
    async with place.services.database.read() as session:
        assert (await session.scalars(select(PaperPage))).all() == []


async def test_a_deleted_draft_takes_its_files_along(place: Place) -> None:
    async with place.services.transactions(SYSTEM) as tx:
        meeting = await tx.session.get_one(Meeting, place.meeting.id)
        meeting.state = "draft"
        version = await tx.session.get_one(PaperVersion, place.paper.current_version_id)
        await library.policy(tx.session, meeting, place.paper, download=True)
    await library.store(place.services, version, "ảnh")
    assert (await place.organiser.delete(f"/api/meetings/{place.meeting.id}")).status_code == 204
    await Workers(place.services, JOBS).run_due()
    assert not await place.services.storage.exists(f"{version.folder}/pages/1-900.webp")
    async with place.services.database.read() as session:
        for table in (Paper, PaperVersion, PaperPage, AccessPolicy):
            assert (await session.scalars(select(table))).all() == []
