"""Who may read, set at papers and agenda items; and that no move opens a paper silently."""

from datetime import datetime, timedelta
from typing import Any

from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import AgendaItem
from server.papers.models import Paper
from tests import builders, library
from tests.builders import MORNING, Province
from tests.conftest import Browsers, Clock
from tests.server.papers.conftest import Place


async def test_policies_are_set_and_inherited(place: Place) -> None:
    item_path = f"/api/items/{place.items[0].id}/paper-policy"
    assert (await place.organiser.get(item_path)).json() is None
    before = await place.revision()
    opens_at = MORNING + timedelta(hours=1)
    written = {
        "hidden": False,
        "opens_at": opens_at.isoformat(),
        "download": True,
        "audience": [
            {"kind": "unit", "id": place.province.lac_duong.id},
            {"kind": "point", "id": place.province.main.id},
            {"kind": "person", "id": place.province.delegate.id},
            {"kind": "role", "role": "guest"},
        ],
    }
    set_ = (await place.organiser.put(item_path, json=written)).json()
    assert [entry["name"] for entry in set_["audience"]] == [
        "Huyện Lạc Dương",
        "Hội trường Tỉnh ủy",
        "Liêng Đại Biểu",
        "",
    ]
    assert set_ == (await place.organiser.get(item_path)).json()
    [paper] = (await place.organiser.get(place.list_path)).json()["papers"]
    assert paper["policy"] == {**set_, "own": False, "revision": 0}
    assert paper["state"] == "locked"
    own = (await place.organiser.put(f"{place.path}/policy", json={"download": True})).json()
    assert own["policy"] == {
        "revision": own["policy"]["revision"],
        "own": True,
        "hidden": False,
        "opens_at": None,
        "download": True,
        "marked": False,
        "audience": [],
    }
    [seen] = (await place.delegate.get(place.list_path)).json()["papers"]
    assert (seen["state"], seen["my"]["download"]) == ("ready", True)
    again = (await place.organiser.put(f"{place.path}/policy", json=None)).json()
    assert again["policy"]["own"] is False
    [seen] = (await place.delegate.get(place.list_path)).json()["papers"]
    assert (seen["state"], seen["opens_at"]) == ("locked", opens_at.isoformat().replace("+00:00", "Z"))
    assert (
        await place.organiser.put(item_path, content="null", headers={"Content-Type": "application/json"})
    ).json() is None
    assert (await place.delegate.get(place.list_path)).json()["papers"][0]["state"] == "ready"
    entity, events, entries = await place.state()
    assert entity.revision - before == len(events) == sum("policy" in entry.action for entry in entries) == 4


async def test_a_locked_paper_opens_by_itself(place: Place, clock: Clock) -> None:
    async with place.services.transactions(SYSTEM) as tx:
        await tx.session.get_one(Paper, place.paper.id)
        place.paper.number = "12-BC/TU"
        await tx.session.merge(place.paper)
    opens_at = clock.now + timedelta(minutes=10)
    await place.organiser.put(f"{place.path}/policy", json={"opens_at": opens_at.isoformat()})
    [paper] = (await place.delegate.get(place.list_path)).json()["papers"]
    assert (paper["title"], paper["number"], paper["version"]) == ("Báo cáo kinh tế - xã hội", "", None)
    refused = await place.delegate.get(f"/api/versions/{place.paper.current_version_id}")
    assert (refused.status_code, refused.json()["code"]) == (403, "locked")
    assert refused.json()["details"] == {"opens_at": opens_at.isoformat()}
    clock.pass_(minutes=10)
    [paper] = (await place.delegate.get(place.list_path)).json()["papers"]
    assert (paper["state"], paper["number"]) == ("ready", "12-BC/TU")
    assert (await place.delegate.get(f"/api/versions/{place.paper.current_version_id}")).status_code == 200


async def test_an_audience_must_exist(place: Place, province: Province, services: Services) -> None:
    async with services.transactions(SYSTEM) as tx:
        elsewhere = await builders.point(tx.session, province.lat, "Không dự")
    audience = [
        {"kind": "unit", "id": 99_999},
        {"kind": "point", "id": elsewhere.id},
        {"kind": "person", "id": 99_999},
        {"kind": "role", "role": "guest"},
    ]
    for path in (f"{place.path}/policy", f"/api/items/{place.items[0].id}/paper-policy"):
        answer = await place.organiser.put(path, json={"audience": audience})
        assert answer.status_code == 422
        assert set(answer.json()["details"]["fields"]) == {"audience.0.id", "audience.1.id", "audience.2.id"}
    for wrong in ({"kind": "ward", "id": 1}, {"kind": "role", "role": "king"}, {"kind": "unit"}):
        answer = await place.organiser.put(f"{place.path}/policy", json={"audience": [wrong]})
        assert answer.status_code == 422


async def test_who_will_read_is_shown_before_saving(place: Place) -> None:
    async with place.services.transactions(SYSTEM) as tx:
        online = await builders.person(tx.session, place.province.lat, "Dự Trực Tuyến")
        await library.delegate(tx.session, place.meeting, online)
    now = (await place.organiser.get(f"{place.path}/readers")).json()
    assert (now["lists"]["people"], now["halls"]) == (2, 6)
    assert {(point["name"], point["count"]) for point in now["points"]} >= {("Đạ Sar", 1), ("", 1), ("Lát", 0)}
    narrow = {"audience": [{"kind": "unit", "id": place.province.da_sar.id}], "opens_at": "2027-01-01T00:00:00Z"}
    would = (await place.organiser.post(f"{place.list_path}/readers", json=narrow)).json()
    assert would == {
        "lists": {"points": 6, "listed_points": 1, "people": 1, "online": 0},
        "halls": 1,
        "points": [{"point_id": place.province.da_sar_hall.id, "name": "Đạ Sar", "count": 1}],
    }
    hidden = (await place.organiser.post(f"{place.list_path}/readers", json={"hidden": True})).json()
    nobody = {"points": 6, "listed_points": 0, "people": 0, "online": 0}
    assert hidden == {"lists": nobody, "halls": 0, "points": []}
    assert (await place.organiser.get(f"{place.path}/readers")).json() == now


async def stricter(place: Place, item: AgendaItem) -> None:
    path = f"/api/items/{item.id}/paper-policy"
    assert (await place.organiser.put(path, json={"hidden": True})).status_code == 200


async def test_leaving_a_stricter_item_does_not_open_a_paper(place: Place) -> None:
    first, second, third = place.items
    await stricter(place, first)
    moved = (await place.organiser.patch(place.path, json={"item_id": second.id})).json()
    assert (moved["state"], moved["policy"]["own"]) == ("hidden", True)
    assert (await place.delegate.get(place.list_path)).json()["papers"] == []
    # Where the same counts anyway, nothing is copied; from an item without a policy, the new one's counts.
    async with place.services.transactions(SYSTEM) as tx:
        same = await library.paper(tx.session, place.meeting, item=first)
        free = await library.paper(tx.session, place.meeting, item=second)
    await stricter(place, third)
    for paper in (same, free):
        moved = (await place.organiser.patch(f"/api/papers/{paper.id}", json={"item_id": third.id})).json()
        assert (moved["state"], moved["policy"]["own"]) == ("hidden", False)


async def test_papers_of_a_deleted_item_stay_and_stay_shut(place: Place) -> None:
    first, second, third = place.items
    async with place.services.transactions(SYSTEM) as tx:
        await library.paper(tx.session, place.meeting, "Của cả cuộc họp", position=0)
        own = await library.paper(tx.session, place.meeting, "Có quy định riêng", item=first, position=1)
        await library.policy(tx.session, place.meeting, own, download=True)
    before = await place.revision()
    await stricter(place, first)
    agenda = [{"id": item.id, "title": item.title, "minutes": 5} for item in (second, third)]
    edit = {"version": 1, "agenda": agenda}
    assert (await place.organiser.patch(f"/api/meetings/{place.meeting.id}", json=edit)).status_code == 200
    managed = (await place.organiser.get(place.list_path)).json()["papers"]
    assert [(paper["title"], paper["item_id"], paper["position"], paper["policy"]["own"]) for paper in managed] == [
        ("Của cả cuộc họp", None, 0, False),
        ("Báo cáo kinh tế - xã hội", None, 1, True),
        ("Có quy định riêng", None, 2, True),
    ]
    assert managed[1]["state"] == "hidden"
    seen = (await place.delegate.get(place.list_path)).json()
    assert [paper["title"] for paper in seen["papers"]] == ["Của cả cuộc họp", "Có quy định riêng"]
    entity, events, _ = await place.state()
    assert events[-1].kind == "meeting.edited"
    library_changes = [change for change in events[-1].changes if change["collection"] == "library"]
    assert library_changes == [{"collection": "library", "key": "", "value": entity.model_dump(mode="json")}]
    assert entity.revision == seen["revision"] == before + 2


async def test_a_presenter_looks_nobody_up_by_naming_readers(place: Place, browser: Browsers) -> None:
    """What is saved is answered with names: for who may not search people, only of those who take part."""
    presenter = await browser(place.province.presenter)
    path = f"/api/items/{place.items[-1].id}/paper-policy"

    def naming(*people: Person) -> dict[str, Any]:
        return {"audience": [{"kind": "person", "id": person.id} for person in people]}

    province = place.province
    refused = await presenter.put(path, json=naming(province.delegate, province.stranger))
    assert (refused.status_code, list(refused.json()["details"]["fields"])) == (422, ["audience.1.id"])
    assert province.stranger.full_name not in refused.text
    taking_part = naming(province.delegate, province.chair, province.secretary, province.presenter)
    assert (await presenter.put(path, json=taking_part)).status_code == 200
    # The organiser may search people, and what stands there already may stay.
    assert (await place.organiser.put(path, json=naming(province.stranger))).status_code == 200
    assert (await presenter.put(path, json={**naming(province.stranger), "download": True})).status_code == 200


async def test_of_two_who_say_who_may_read_the_second_is_told(place: Place) -> None:
    """At a paper and at an agenda item, also where the first took away what was set, or set it anew."""
    for path in (f"{place.path}/policy", f"/api/items/{place.items[0].id}/paper-policy"):

        async def put(seen: int, policy: dict[str, Any] | None, path: str = path) -> tuple[int, Any]:
            answer = await place.organiser.put(f"{path}?revision={seen}", json=policy)
            return answer.status_code, answer.json()

        named = {"audience": [{"kind": "person", "id": place.province.delegate.id}]}
        status, made = await put(0, named)
        assert status == 200
        seen = (made if "audience" in made else made["policy"])["revision"]
        status, clash = await put(0, {"hidden": True})
        assert (status, clash["code"]) == (409, "edited-meanwhile")
        assert [each["name"] for each in clash["details"]["current"]["audience"]] == ["Liêng Đại Biểu"]
        assert clash["details"]["revision"] == seen
        assert clash["details"]["changed_by"] == place.province.organiser.full_name
        assert datetime.fromisoformat(clash["details"]["changed_at"]).tzinfo is not None
        assert (await put(seen, None))[0] == 200
        status, clash = await put(seen, {"download": True})
        assert (status, clash["details"]["current"], clash["details"]["revision"]) == (409, None, 0)
        assert (await put(0, named))[0] == 200
        # Set anew, it is not what was seen at first, though it looks the same.
        assert (await put(seen, {"download": True}))[0] == 409


async def test_of_two_who_edit_a_paper_the_second_is_told(place: Place) -> None:
    first = await place.organiser.patch(f"{place.path}?revision=1", json={"title": "Báo cáo (sửa)"})
    assert first.json()["revision"] == 2
    second = await place.organiser.patch(f"{place.path}?revision=1", json={"number": "12-BC/TU"})
    assert (second.status_code, second.json()["code"]) == (409, "edited-meanwhile")
    details = second.json()["details"]
    assert details["current"]["title"] == "Báo cáo (sửa)"
    assert details["changed_by"] == place.province.organiser.full_name
    # What changes nothing is no edit.
    assert (await place.organiser.patch(place.path, json={"title": "Báo cáo (sửa)"})).json()["revision"] == 2
