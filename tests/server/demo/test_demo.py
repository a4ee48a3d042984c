from collections import Counter
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from server.accounts.models import Person, RoleGrant
from server.audit import queries as audit
from server.core.actor import SYSTEM, Role
from server.core.errors import Conflict
from server.core.services import Services
from server.demo.lam_dong import DISTRICTS
from server.demo.links import SIMULATED, hall_links, visitors_links
from server.demo.load import conference, load, password
from server.demo.reorganisation import NEW
from server.meetings.models import AgendaStint, Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit
from tests import builders
from tests.conftest import Browsers, Clock
from tests.server.exchange.files import Desk, counts, everything


def test_the_province_is_whole() -> None:
    assert len(DISTRICTS) == 12
    assert [district.name for district in DISTRICTS if district.kind == "Thành phố"] == ["Đà Lạt", "Bảo Lộc"]
    wards = [name for district in DISTRICTS for name in district.wards]
    townships = [name for district in DISTRICTS for name in district.townships]
    communes = [name for district in DISTRICTS for name in district.communes]
    assert (len(wards), len(townships), len(communes)) == (18, 13, 111)
    for district in DISTRICTS:
        assert district.local <= {*district.wards, *district.townships, *district.communes}
        assert len(set(district.communes)) == len(district.communes)


async def test_161_points_people_in_every_role_and_four_meetings(services: Services, clock: Clock) -> None:
    await load(services)
    async with services.database.read() as session:
        rows = await session.execute(
            select(Unit.level, func.count(BridgePoint.id)).join(BridgePoint).group_by(Unit.level)
        )
        assert dict(rows.all()) == {"province": 5, "district": 12, "commune": 144}
        lac_duong = (await session.scalars(select(BridgePoint).where(BridgePoint.name == "Huyện ủy Lạc Dương"))).one()
        assert lac_duong.short_name == "Lạc Dương"
        assert (await session.scalars(select(Unit.name).where(Unit.id == lac_duong.unit_id))).one() == "Huyện Lạc Dương"
        roles = set(await session.scalars(select(RoleGrant.role).distinct()))
        assert roles == set(Role)
        meetings = {meeting.state: meeting for meeting in await session.scalars(select(Meeting))}
        assert set(meetings) == {"running", "invited", "draft", "ended"}
        running = meetings["running"]
        assert running.started_at == clock.now
        assert await session.scalar(select(func.count()).where(MemberPoint.meeting_id == running.id)) == 161
        current = await session.scalar(select(func.count()).where(AgendaStint.ended_at.is_(None)))
        assert current == 1
        assert await audit.first_broken(session, services.transactions.audit_key) is None
        shown = Counter(await session.scalars(select(BridgePoint.name)))
        # Đà Lạt and Bảo Lộc both have them.
        assert {name for name, count in shown.items() if count > 1} == {"Phường 1", "Phường 2"}


async def test_a_second_load_keeps_everything(services: Services, clock: Clock) -> None:
    await load(services)
    first = password(services)
    clock.pass_(hours=1)
    await load(services)
    assert password(services) == first
    assert (services.settings.var / "demo-password").stat().st_mode & 0o777 == 0o600
    async with services.database.read() as session:
        assert await session.scalar(select(func.count(Meeting.id))) == 4
        assert await session.scalar(select(func.count(BridgePoint.id))) == 161


@pytest.mark.parametrize("hours", [1, 30])
async def test_there_is_always_a_conference_in_progress(services: Services, clock: Clock, hours: int) -> None:
    await load(services)
    async with services.transactions(SYSTEM) as tx:
        before = await conference(tx.session)
        if hours == 1:
            before.state, before.ended_at = "ended", tx.now
    clock.pass_(hours=hours)
    await load(services)
    async with services.transactions(SYSTEM) as tx:
        now = await conference(tx.session)
        assert now.id != before.id
        assert (now.state, now.started_at) == ("running", clock.now)
        assert clock.now - now.starts_at < timedelta(minutes=5)
        assert await tx.session.scalar(select(func.count()).where(MemberPoint.meeting_id == now.id)) == 161
        assert (await tx.session.get_one(Meeting, before.id)).state == "ended"


async def test_a_real_database_is_left_alone(services: Services) -> None:
    await builders.province(services)
    with pytest.raises(Conflict, match="real units"):
        await load(services)


async def test_the_links_open_what_they_say(services: Services, browser: Browsers, app: FastAPI) -> None:
    await load(services)
    shown = {}
    for link in await visitors_links(services):
        client = await browser()
        answer = await client.post("/api/session/link", json={"token": link.path.removeprefix("/join/")})
        assert answer.status_code == 200
        meetings = (await client.get("/api/meetings")).json()
        running = next(each for each in meetings if each["state"] == "running")
        shown[link.en] = (answer.json()["next"], running["my"])
    assert set(shown) == {"Organiser", "Chair", "Operator", "Commune hall", "Delegate"}
    meeting_id = running["id"]
    assert shown["Organiser"][0] == "/"
    assert shown["Organiser"][1]["organise"]
    assert shown["Chair"][0] == shown["Operator"][0] == f"/meetings/{meeting_id}/console"
    assert shown["Chair"][1]["conduct"]
    assert shown["Operator"][1]["operate"]
    assert shown["Commune hall"][0] == "/hall"
    assert len(shown["Commune hall"][1]["points"]) == 1
    assert shown["Delegate"][0] == f"/meetings/{meeting_id}/delegate"
    assert shown["Delegate"][1]["view"]


async def test_simulated_halls_sign_in_as_their_points(services: Services, browser: Browsers) -> None:
    await load(services)
    lines = await hall_links(services, len(SIMULATED))
    assert len({line["point_id"] for line in lines}) == len(SIMULATED) >= 8
    assert lines[1]["name"] == "Lạc Dương"
    assert lines[1]["unit"] == "Huyện Lạc Dương"

    async def open_link(line: dict[str, str | int]) -> httpx2.Response:
        token = str(line["link"]).removeprefix("/join/")
        return await (await browser()).post("/api/session/link", json={"token": token})

    assert (await open_link(lines[0])).json()["me"]["point_id"] == lines[0]["point_id"]
    await hall_links(services, 1)
    assert (await open_link(lines[0])).status_code == 404


async def test_password_sign_in_works(services: Services, browser: Browsers) -> None:
    await load(services)
    client = await browser()
    answer = await client.post("/api/session", json={"login": "chutri", "password": password(services)})
    assert answer.status_code == 200
    async with services.database.read() as session:
        logins = set(await session.scalars(select(Person.login).where(Person.password_hash.is_not(None))))
    assert {"tochuc", "chutri", "dieuphoi", "thuky", "quantri"} <= logins


def test_the_reorganisation_forgets_no_commune() -> None:
    merged = [(district, old) for parts in NEW.values() for district, olds in parts.items() for old in olds]
    assert len(merged) == len(set(merged))
    before = {
        (district.name, name)
        for district in DISTRICTS
        for name in (*district.wards, *district.townships, *district.communes)
    }
    assert set(merged) == before
    assert len(NEW) == 51


async def test_the_tree_after_july_2025_is_one_press_away_and_back(services: Services, browser: Browsers) -> None:
    await load(services)
    await load(services)
    async with services.database.read() as session:
        person = (await session.scalars(select(Person).where(Person.login == "quantri"))).one()
    desk = Desk(await browser(person), services)
    await desk.work()
    [batch] = (await desk.client.get("/api/exchange/batches")).json()["batches"]
    assert (batch["state"], counts(batch)) == ("ready", (51, 0, 154, 0, 0)), await desk.faults(batch)
    before = await everything(services)
    done = await desk.step(batch, "apply")
    assert done["state"] == "applied", done
    async with services.database.read() as session:
        root = (await session.scalars(select(Unit).where(Unit.parent_id.is_(None)))).one()
        communes = await session.scalars(
            select(Unit.id).where(Unit.parent_id == root.id, Unit.valid_until.is_(None), Unit.level == "commune")
        )
        assert len(communes.all()) == 51
        rows = await session.execute(
            select(Unit.level, func.count(BridgePoint.id)).join(BridgePoint).group_by(Unit.level)
        )
        assert dict(rows.all()) == {"province": 17, "commune": 144}
        ended = select(Unit.id).where(Unit.valid_until.is_not(None))
        assert await session.scalar(select(func.count()).where(Person.unit_id.in_(ended))) == 0
        assert await session.scalar(select(func.count()).where(RoleGrant.unit_id.in_(ended))) == 0
    undone = await desk.step(done, "undo")
    assert undone["state"] == "undone", undone
    assert await everything(services) == before
