"""Versions come in, become ready or do not, and replace the older ones everywhere."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.errors import Conflict, NotAllowed, NotFound
from server.core.services import Services
from server.jobs.models import Job
from server.jobs.workers import Workers
from server.live.models import MeetingEvent
from server.meetings.models import AgendaItem, Meeting
from server.notifications.models import Notice
from server.papers import schemas
from server.papers.actions import versions
from server.papers.actions.versions import add_version, title_of, version_failed, version_ready, version_refused
from server.papers.live import entities
from server.papers.models import Paper, PaperVersion
from server.papers.notices import tell_job
from server.papers.schemas import ProblemOut
from server.reading.models import Receipt
from tests import builders, library
from tests.builders import MORNING, Province
from tests.conftest import Browsers

PROBLEM = ProblemOut(code="encrypted", vi="Tệp có mật khẩu. Bỏ mật khẩu rồi gửi lại.", en="Remove the password.")


@dataclass
class Place:
    services: Services
    province: Province
    meeting: Meeting
    items: list[AgendaItem]

    async def add(
        self, who: Person, *, item: AgendaItem | None = None, paper_id: int | None = None, name: str = "Bao_cao.docx"
    ) -> PaperVersion:
        async with self.services.database.read() as session:
            actor = await builders.actor_of(session, who)
        async with self.services.transactions(actor) as tx:
            return await add_version(
                tx,
                meeting_id=self.meeting.id,
                item_id=item and item.id,
                paper_id=paper_id,
                file_name=name,
                size=10,
                sha256="0" * 64,
                folder=f"{name}-{id(tx)}"[:80],
                note="Sửa trang 2",
            )

    async def ready(self, version: PaperVersion) -> bool:
        async with self.services.transactions(SYSTEM) as tx:
            return await version_ready(tx, version.id)

    async def paper(self, version: PaperVersion) -> Paper:
        async with self.services.database.read() as session:
            return await session.get_one(Paper, version.paper_id)

    async def revisions(self) -> tuple[int, int]:
        async with self.services.database.read() as session:
            found = await entities(session, self.meeting.id)
            return found["library"][""].revision, found["conversion"][""].revision  # type: ignore[attr-defined]


@pytest.fixture
async def place(services: Services, province: Province) -> Place:
    meeting = await builders.conference(services, province, "invited")
    async with services.transactions(SYSTEM) as tx:
        await library.delegate(tx.session, meeting, province.delegate, province.da_sar_hall)
        return Place(services, province, meeting, await library.items(tx.session, meeting))


async def test_a_file_becomes_a_paper(place: Place, browser: Browsers) -> None:
    version = await place.add(place.province.organiser, item=place.items[0], name="12-BC_TU  Báo cáo.docx")
    paper = await place.paper(version)
    assert (paper.title, paper.item_id, paper.current_version_id) == ("12-BC TU Báo cáo", place.items[0].id, None)
    assert (version.number, version.note, version.created_by_name) == (1, "Sửa trang 2", "Nguyễn Tổ Chức")
    async with place.services.database.read() as session:
        [job] = await session.scalars(select(Job))
        assert (job.kind, job.subject, job.data) == (
            "version.process-small",
            f"version-{version.id}",
            {"version_id": version.id},
        )
    # Readers' devices are not told of a file that they cannot read yet.
    assert await place.revisions() == (0, 1)
    client = await browser(place.province.delegate)
    path = f"/api/meetings/{place.meeting.id}/papers"
    assert (await client.get(path)).json()["papers"] == []
    assert await place.ready(version)
    assert await place.revisions() == (1, 1)
    [seen] = (await client.get(path)).json()["papers"]
    assert (seen["version"]["id"], seen["state"]) == (version.id, "ready")


async def test_a_new_version_replaces_the_old_and_says_so(place: Place) -> None:
    first = await place.add(place.province.organiser)
    await place.ready(first)
    async with place.services.transactions(SYSTEM) as tx:
        for person in (place.province.delegate, place.province.chair, place.province.stranger):
            tx.session.add(Receipt(version_id=first.id, person_id=person.id, opened_at=MORNING))
        tx.session.add(Receipt(version_id=first.id, person_id=place.province.presenter.id, delivered_at=MORNING))
    second = await place.add(place.province.organiser, paper_id=first.paper_id, name="ban hai.pdf")
    assert second.number == 2
    assert (await place.paper(second)).current_version_id == first.id
    await place.ready(second)
    paper = await place.paper(second)
    assert (paper.current_version_id, paper.title) == (second.id, "Bao cao")
    await Workers(place.services, [tell_job]).run_due()
    async with place.services.database.read() as session:
        notices = list(await session.scalars(select(Notice).order_by(Notice.person_id)))
        kinds = [event.kind for event in await session.scalars(select(MeetingEvent).order_by(MeetingEvent.seq))]
    # Who had opened the older one and may still read; not who only had it delivered, nor who is no member.
    told = {place.province.delegate.id, place.province.chair.id}
    assert {notice.person_id for notice in notices} == told
    assert notices[0].path == f"/meetings/{place.meeting.id}/papers/{paper.id}"
    assert notices[0].data == {"paper_id": paper.id, "title": "Bao cao", "version": 2, "note": "Sửa trang 2"}
    assert kinds == ["paper.version-added", "paper.version-ready"] * 2


async def test_a_slow_older_version_does_not_replace_a_newer(place: Place) -> None:
    first = await place.add(place.province.organiser)
    second = await place.add(place.province.organiser, paper_id=first.paper_id)
    await place.ready(second)
    await place.ready(first)
    assert (await place.paper(first)).current_version_id == second.id


async def test_a_version_that_is_refused_or_fails(place: Place, browser: Browsers) -> None:
    client = await browser(place.province.organiser)
    path = f"/api/meetings/{place.meeting.id}/papers"
    version = await place.add(place.province.organiser)
    async with place.services.transactions(SYSTEM) as tx:
        await version_refused(tx, version.id, PROBLEM)
    [paper] = (await client.get(path)).json()["papers"]
    assert (paper["state"], paper["pending"]["problem"]) == ("refused", PROBLEM.model_dump())
    assert (await client.post(f"/api/papers/{paper['id']}/retry")).status_code == 409
    async with place.services.transactions(SYSTEM) as tx:
        await version_failed(tx, version.id, PROBLEM)
    [paper] = (await client.get(path)).json()["papers"]
    assert paper["state"] == "failed"
    async with place.services.transactions(SYSTEM) as tx:
        for job in await tx.session.scalars(select(Job)):
            await tx.session.delete(job)
    again = (await client.post(f"/api/papers/{paper['id']}/retry")).json()
    assert (again["state"], again["pending"]["state"], again["pending"]["problem"]) == ("working", "queued", None)
    async with place.services.database.read() as session:
        assert [job.subject for job in await session.scalars(select(Job))] == [f"version-{version.id}"]
    assert await place.revisions() == (0, 4)


async def test_a_failed_new_version_leaves_the_old_one_in_place(place: Place, browser: Browsers) -> None:
    first = await place.add(place.province.organiser)
    await place.ready(first)
    second = await place.add(place.province.organiser, paper_id=first.paper_id)
    async with place.services.transactions(SYSTEM) as tx:
        await version_failed(tx, second.id, PROBLEM)
    path = f"/api/meetings/{place.meeting.id}/papers"
    for who, pending in ((place.province.organiser, "failed"), (place.province.delegate, None)):
        [paper] = (await (await browser(who)).get(path)).json()["papers"]
        assert (paper["state"], paper["version"]["id"]) == ("ready", first.id)
        assert (paper["pending"] and paper["pending"]["state"]) == pending


async def test_what_becomes_ready_after_its_paper_was_deleted_is_swept(place: Place, browser: Browsers) -> None:
    version = await place.add(place.province.organiser)
    client = await browser(place.province.organiser)
    assert (await client.delete(f"/api/papers/{version.paper_id}")).status_code == 204
    assert not await place.ready(version)
    async with place.services.transactions(SYSTEM) as tx:
        swept = [job.data["folders"] for job in await tx.session.scalars(select(Job).where(Job.kind == "papers.sweep"))]
        assert swept == [[version.folder], [version.folder]]
        assert not await version_ready(tx, 99_999)
        await version_failed(tx, 99_999, PROBLEM)


async def test_who_may_bring_a_file_in(place: Place) -> None:
    province, (first, *_, last) = place.province, place.items
    await place.add(province.presenter, item=last)
    await place.add(province.chair)
    mine = await place.add(province.secretary, item=first)
    for who, item in ((province.presenter, first), (province.presenter, None), (province.delegate, last)):
        with pytest.raises(NotAllowed):
            await place.add(who, item=item)
    with pytest.raises(NotFound):
        await place.add(province.stranger)
    with pytest.raises(NotFound):  # not ready: not even listed to him
        await place.add(province.presenter, paper_id=mine.paper_id)
    await place.ready(mine)
    with pytest.raises(NotAllowed):
        await place.add(province.presenter, paper_id=mine.paper_id)


async def test_items_and_papers_of_other_meetings_are_not_found(place: Place) -> None:
    other = await builders.conference(place.services, place.province, "invited")
    async with place.services.transactions(SYSTEM) as tx:
        [item, *_] = await library.items(tx.session, other)
        paper = await library.paper(tx.session, other)
    with pytest.raises(NotFound):
        await place.add(place.province.organiser, item=item)
    with pytest.raises(NotFound):
        await place.add(place.province.organiser, paper_id=paper.id)


async def test_a_meeting_holds_no_more_papers_than_a_page_can_list(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "MOST_PAPERS", 1)
    first = await place.add(place.province.organiser)
    with pytest.raises(Conflict, match="1 papers"):
        await place.add(place.province.organiser)
    await place.add(place.province.organiser, paper_id=first.paper_id)
    assert schemas.MOST_PAPERS == 1000


@pytest.mark.parametrize(
    ("file_name", "title"),
    [
        ("Báo cáo quý III.pdf", "Báo cáo quý III"),
        ("C:\\Users\\vp\\12-BC_TU.signed.pdf", "12-BC TU.signed"),
        ("../../etc/passwd", "passwd"),
        ("  .docx", "Tài liệu"),
        ("a\u0000b\u202ec.pdf", "a b c"),
        ("x" * 400 + ".pdf", "x" * 300),
        ("", "Tài liệu"),
    ],
)
def test_a_paper_is_titled_after_its_file(file_name: str, title: str) -> None:
    assert title_of(file_name) == title
