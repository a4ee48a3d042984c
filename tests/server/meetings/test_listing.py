"""The list by the page: the database's condition sees what the rights see, and no more."""

from datetime import timedelta

from sqlalchemy import insert, select

from server.core.actor import SYSTEM, Actor
from server.core.services import Services
from server.meetings.listing import meetings
from server.meetings.models import Delegate, Meeting, MemberPoint
from server.meetings.rights import rights_in
from tests import builders
from tests.builders import MORNING, Province
from tests.conftest import Browsers


async def _fill(services: Services, province: Province) -> list[Actor]:
    """Meetings of three units in every state, and everybody who may look at them."""
    async with services.transactions(SYSTEM) as tx:
        session = tx.session
        delegate = await builders.person(session, province.lat, "Cil Đại Biểu")
        made: list[Meeting] = []
        for unit, points in (
            (province.root, [province.main, province.da_sar_hall]),
            (province.lac_duong, [province.lac_duong_hall, province.lat_hall]),
            (province.duc_trong, [province.duc_trong_hall]),
        ):
            for state in ("draft", "invited", "open", "running", "ended", "postponed", "cancelled"):
                chair = province.chair if unit is province.lac_duong else None
                presenter = province.presenter if unit is province.duc_trong else None
                creator = province.technician if unit is province.lac_duong else None
                made.append(
                    await builders.meeting(
                        session, unit, points, state=state, chair=chair, presenter=presenter, created_by=creator
                    )
                )
        for each in made[::2]:
            session.add(Delegate(meeting_id=each.id, person_id=delegate.id, added_at=tx.now))
        session.add(Delegate(meeting_id=made[3].id, person_id=delegate.id, added_at=tx.now, removed_at=tx.now))
        await session.flush()
        people = [
            await builders.actor_of(session, who)
            for who in (
                province.admin,
                province.organiser,
                province.operator,
                province.chair,
                province.secretary,
                province.presenter,
                province.technician,
                province.hall_secretary,
                delegate,
            )
        ]
        bound = Actor(
            person_id=delegate.id, name="by a link", only_meetings=frozenset({made[2].id, made[3].id, made[4].id})
        )
    by_small_links = [
        Actor(person_id=who.id, name="by an administrator's link", within=unit.path)
        for who in (province.chair, province.presenter)
        for unit in (province.lac_duong, province.duc_trong)
    ]
    halls = [builders.device_of(hall) for hall in (province.main, province.da_sar_hall, province.lat_hall)]
    return [*people, bound, *by_small_links, *halls, SYSTEM]


async def test_the_page_holds_exactly_what_may_be_seen(services: Services, province: Province) -> None:
    actors = await _fill(services, province)
    async with services.database.read() as session:
        everything = list(await session.scalars(select(Meeting)))
        sizes = set()
        for actor in actors:
            rights = await rights_in(session, everything, actor)
            may_see = {each.id for each in everything if rights[each.id].view}
            listed = [each.id for each in await meetings(session, actor, now=MORNING)]
            assert set(listed) == may_see, actor
            pages = [
                await meetings(session, actor, now=MORNING, limit=2, offset=start)
                for start in range(0, len(everything), 2)
            ]
            assert [each.id for page in pages for each in page] == listed, actor
            coming = [each.id for each in await meetings(session, actor, now=MORNING, when="coming")]
            ended = [each.id for each in await meetings(session, actor, now=MORNING, when="ended")]
            assert coming + ended == listed, actor
            sizes.add(len(listed))
    assert len(sizes) > 4  # not everybody sees the same


async def test_titles_are_found_without_diacritics_beyond_the_page(
    browser: Browsers, services: Services, province: Province
) -> None:
    async with services.transactions(SYSTEM) as tx:
        for number in range(30):
            await builders.meeting(
                tx.session,
                province.root,
                [province.main],
                state="ended",
                starts_at=MORNING + timedelta(days=number),
                title=f"Giao ban tháng {number}",
            )
        rare = await builders.meeting(
            tx.session, province.root, [province.main], state="ended", title="Tổng kết mùa cà phê", starts_at=MORNING
        )
    client = await browser(province.organiser)
    page = (await client.get("/api/meetings", params={"limit": 10})).json()
    assert [each["title"] for each in page] == [f"Giao ban tháng {number}" for number in range(29, 19, -1)]
    found = (await client.get("/api/meetings", params={"q": "ca phe tong", "when": "ended"})).json()
    assert [each["id"] for each in found] == [rare.id]
    assert (await client.get("/api/meetings", params={"q": "100%"})).json() == []
    assert (await client.get("/api/meetings", params={"limit": 201})).status_code == 422


async def test_a_page_is_read_without_the_thousands_before_it(services: Services, province: Province) -> None:
    """A delegate of one among very many meetings: the database reads that one's rows."""
    async with services.transactions(SYSTEM) as tx:
        delegate = await builders.person(tx.session, province.lat, "Cil Đại Biểu")
        first = await builders.meeting(tx.session, province.root, [province.main], state="ended")
        columns = {column.name: getattr(first, column.name) for column in Meeting.__table__.columns}
        for of in ("id", "public_code"):
            del columns[of]
        await tx.session.execute(
            insert(Meeting), [{**columns, "description": "x" * 2000, "public_code": f"c{n}"} for n in range(2000)]
        )
        ids = list(await tx.session.scalars(select(Meeting.id)))
        await tx.session.execute(
            insert(MemberPoint), [{"meeting_id": i, "point_id": province.lat_hall.id} for i in ids]
        )
        tx.session.add(Delegate(meeting_id=first.id, person_id=delegate.id, added_at=tx.now))
        await tx.session.flush()
        actor = await builders.actor_of(tx.session, delegate)
    async with services.database.read() as session:
        loaded = []
        found = await meetings(session, actor, now=MORNING)
        loaded = [each for each in session.identity_map.values() if isinstance(each, Meeting)]
    assert [each.id for each in found] == [first.id]
    assert len(loaded) <= 1
