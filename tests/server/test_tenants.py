"""Two provinces in one installation: whatever people of the one ask for, and whatever ids of the other they write into
a request, not a name of the other comes back, and nothing of it changes."""

import base64
import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import ColumnElement, select, update
from websockets.exceptions import ConnectionClosedError

from server.accounts.models import Person, SignInSession
from server.audit.log import AuditLog
from server.ballots.models import Ballot, Tally
from server.ballots.schemas import BallotWrite
from server.core.actor import SYSTEM, Role
from server.core.database import Base
from server.core.services import Services
from server.invitations.models import AccessRequest
from server.invitations.official.models import LetterPrint
from server.invitations.rate_limits import EntryLimits
from server.live.client import NO_SUCH_MEETING, NOT_SIGNED_IN
from server.meetings.models import Meeting
from server.organisations.models import BridgePoint, Unit
from server.papers.models import PaperVersion
from server.readiness.models import Rehearsal
from server.speaking.models import SpeakingRequest, SpeakingTurn
from tests import builders, library
from tests.builders import MORNING, Neighbour, Province
from tests.conftest import Browsers, signed_in
from tests.server.rights_table import LATER, PLAN, TESTED
from tests.sockets import LiveServer, Refused

MARK = "zqtuyetmat"
"""Part of every name, title, address and file name of the province that is asked about."""
REFUSED = frozenset({401, 403, 404, 409, 412, 415, 422})


@dataclass(frozen=True)
class Ids:
    """Of everything in one province, by the name that paths and bodies call it."""

    meeting_id: int
    unit_id: int
    point_id: int
    person_id: int
    gone_id: int
    item_id: int
    paper_id: int
    version_id: int
    delegate_id: int
    request_id: int
    print_id: int
    session_id: int
    device_id: int
    code_id: int
    template_id: int
    group_id: int
    batch_id: int
    rehearsal_id: int
    waiting_id: int
    turn_id: int
    ballot_id: int
    tally_id: int
    code: str
    kind: str = "units"
    number: int = 1
    token: str = "a" * 43


@dataclass
class Two:
    foreign: Ids
    own: Ids
    """The neighbour's."""
    before: dict[str, list[str]]


@pytest.fixture
async def two(services: Services, province: Province, neighbour: Neighbour) -> Two:
    here = await builders.conference(services, province, "running")
    own = await _furnished(services, neighbour.hall, neighbour.chair, neighbour.meeting, "bên kia")
    foreign = await _furnished(services, province.da_sar_hall, province.chair, here, MARK)
    async with services.transactions(SYSTEM) as tx:
        units = select(Unit.id).where(Unit.path.startswith(province.root.path))
        named: tuple[tuple[type[Base], ColumnElement[bool], dict[str, Any]], ...] = (
            (Unit, Unit.id.in_(units), {"name": Unit.name + MARK, "short_name": Unit.short_name + MARK}),
            (
                BridgePoint,
                BridgePoint.unit_id.in_(units),
                {"name": BridgePoint.name + MARK, "short_name": BridgePoint.short_name + MARK},
            ),
            (Person, Person.unit_id.in_(units), {"full_name": Person.full_name + MARK}),
            (Meeting, Meeting.id == here.id, {"title": f"Họp {MARK}"}),
        )
        for model, which, values in named:
            await tx.session.execute(
                update(model).where(which).values(values).execution_options(synchronize_session=False)
            )
        for item in await library.items(tx.session, here):
            item.title += MARK
    return Two(foreign, own, await _marked(services))


async def _furnished(services: Services, hall: BridgePoint, chair: Person, meeting: Meeting, mark: str) -> Ids:
    """A paper, a delegate, a request, a session in the meeting; `mark` is in everything that has a name."""
    async with services.transactions(SYSTEM) as tx:
        item = (await library.items(tx.session, meeting))[0]
        paper = await library.paper(tx.session, meeting, f"Tờ trình {mark}", item=item, text=f"nội dung {mark}")
        unit = await tx.session.get_one(Unit, hall.unit_id)
        guest = await builders.person(tx.session, unit, f"Đại Biểu {mark}")
        guest.email, guest.phone = f"{mark}@xa.example", f"09{mark}"
        delegate = await library.delegate(tx.session, meeting, guest, hall)
        request = AccessRequest(
            token_hash=f"{meeting.id}",
            full_name=f"Khách {mark}",
            unit_text=mark,
            asked_at=services.clock(),
            meeting_id=meeting.id,
            point_id=hall.id,
        )
        letters = LetterPrint(
            meeting_id=meeting.id,
            asked={"by": {"person_id": chair.id, "name": mark}},
            volumes=[{"name": f"Huyện {mark}", "letters": 1, "size": 1}],
            created_at=services.clock(),
            created_by=chair.id,
        )
        rehearsal = Rehearsal(meeting_id=meeting.id, kind="trial", opened_at=services.clock(), note=mark)
        waiting = SpeakingRequest(meeting_id=meeting.id, point_id=hall.id, name=mark, raised_at=services.clock())
        turn = SpeakingTurn(meeting_id=meeting.id, point_id=hall.id, name=mark, began_at=services.clock())
        ballot = Ballot(
            **BallotWrite(title=f"Biểu quyết {mark}", options=["Có", "Không"], hands=True).model_dump(
                exclude={"revision"}
            ),
            meeting_id=meeting.id,
            state="open",
            created_at=services.clock(),
        )
        tx.session.add_all([request, letters, rehearsal, waiting, turn, ballot])
        await tx.session.flush()
        figures = {"counts": [1, 0], "issued": 1, "returned": 1, "void": 0}
        tally = Tally(
            ballot_id=ballot.id,
            point_id=hall.id,
            kind="hands",
            state="entered",
            at=services.clock(),
            by_name=mark,
            **figures,
        )
        tx.session.add(tally)
        batch = await builders.import_batch(tx.session, unit, mark)
        await tx.session.flush()
        template = await builders.template(tx.session, unit, f"Mẫu {mark}")
        group = await builders.group(tx.session, unit, f"Nhóm {mark}", [hall])
        version = await tx.session.get_one(PaperVersion, paper.current_version_id)
        device, code = await builders.hall_device(tx, services.settings, hall)
        device.name = mark
    await library.store(services, version, f"nội dung {mark}")
    await library.store_stampable(services, version, f"nội dung {mark}")
    await signed_in(services, chair)
    async with services.database.read() as session:
        opened = await session.scalar(select(SignInSession.id).where(SignInSession.person_id == chair.id))
    assert opened is not None
    return Ids(
        meeting_id=meeting.id,
        unit_id=unit.id,
        point_id=hall.id,
        person_id=chair.id,
        gone_id=chair.id,
        item_id=item.id,
        paper_id=paper.id,
        version_id=version.id,
        delegate_id=delegate.id,
        request_id=request.id,
        print_id=letters.id,
        session_id=opened,
        device_id=device.id,
        code_id=code.id,
        template_id=template.id,
        group_id=group.id,
        batch_id=batch.id,
        rehearsal_id=rehearsal.id,
        waiting_id=waiting.id,
        turn_id=turn.id,
        ballot_id=ballot.id,
        tally_id=tally.id,
        code=meeting.public_code,
    )


async def _marked(services: Services) -> dict[str, list[str]]:
    """Every row that has the mark in it."""
    found = {}
    async with services.database.read() as session:
        for table in Base.metadata.sorted_tables:
            if table.name != "audit_entries":
                rows = (await session.execute(select(table))).all()
                found[table.name] = sorted(repr(row) for row in rows if MARK in repr(row))
    return found


def operations(app: FastAPI) -> Iterator[tuple[str, str]]:
    """(method, path) of every route that names something."""
    for path, methods in app.openapi()["paths"].items():
        if path.startswith("/api/") and "{" in path:
            yield from ((method.upper(), path) for method in methods)


ABOUT_NOTHING = {
    "OPTIONS /api/meetings/{meeting_id}/uploads",
    "POST /api/m/{code}/requests",
    "GET /api/exchange/{kind}/template.xlsx",
    "GET /api/exchange/{kind}/all.xlsx",
}
"""The same for all meetings; and what strangers are there for, who have seen the code."""


BALLOT = "/api/meetings/{meeting_id}/ballots/{ballot_id}"


def bodies(route: str, ids: Ids, own: Ids) -> list[Any]:
    """What would do something, if it were allowed."""
    known: dict[str, list[Any]] = {
        "PATCH /api/units/{unit_id}": [{"name": "B"}, {"parent_id": own.unit_id}],
        "POST /api/units/{unit_id}/close": [
            {"valid_until": "2025-06-30"},
            {"valid_until": "2025-06-30", "successor_id": own.unit_id},
        ],
        "PATCH /api/points/{point_id}": [{"name": "B"}, {"unit_id": own.unit_id}],
        "PATCH /api/devices/{device_id}": [{"name": "B"}],
        "POST /api/points/{point_id}/tests": [TESTED, {**TESTED, "meeting_id": ids.meeting_id}],
        "POST /api/meetings/{meeting_id}/points/{point_id}/verdicts": [{"verdict": "passed"}],
        "PATCH /api/meetings/{meeting_id}/rehearsals/{rehearsal_id}": [{"note": "B"}],
        "PATCH /api/people/{person_id}": [{"title": "B"}, {"unit_id": own.unit_id}],
        "PUT /api/people/{person_id}/posts": [[], [{"unit_id": own.unit_id, "title": "B"}]],
        "POST /api/people/{person_id}/merge": [{"gone_id": own.person_id}],
        "PUT /api/people/{person_id}/roles": [[], [{"role": "admin", "unit_id": own.unit_id}]],
        "POST /api/meetings/{meeting_id}/delegates": [{"point_id": own.point_id, "people": [{"full_name": "A"}]}],
        "POST /api/meetings/{meeting_id}/points/{point_id}/checks": [{"delegate_ids": [ids.delegate_id], "kind": "in"}],
        "POST /api/meetings/{meeting_id}/points/{point_id}/headcount": [{"count": 4}],
        "POST /api/meetings/{meeting_id}/points/{point_id}/substitutes": [
            {"delegate_id": ids.delegate_id, "full_name": "X"}
        ],
        "POST /api/meetings/{meeting_id}/delegates/copy": [
            {"meeting_id": own.meeting_id},
            {"meeting_id": ids.meeting_id},
        ],
        "POST /api/papers/{paper_id}/recall": [{"reason": "x"}],
        f"PUT {BALLOT}": [{"title": "B", "options": ["Có", "Không"]}],
        f"POST {BALLOT}/vote": [{"marks": "10", "key": "12345678"}],
        f"PUT {BALLOT}/shown": [{"shown": True}],
        f"POST {BALLOT}/points/{{point_id}}/tallies": [{"counts": [1, 0]}],
        "PUT /api/papers/{paper_id}/policy": [{"hidden": True}, None],
        "PUT /api/items/{item_id}/paper-policy": [{"hidden": True}],
        "PATCH /api/papers/{paper_id}": [{"title": "B"}, {"item_id": own.item_id}],
        "PATCH /api/meetings/{meeting_id}": [{"version": 1, "title": "B"}],
        "PATCH /api/delegates/{delegate_id}": [{"role": "guest"}],
        "POST /api/requests/{request_id}/grant": [
            {"point_id": own.point_id},
            {"point_id": ids.point_id, "delegate_id": own.delegate_id},
        ],
        "POST /api/m/{code}/check-in": [{"hall": "12345"}],
        "POST /api/meetings/{meeting_id}/online": [{"online": True}],
        "POST /api/meetings/{meeting_id}/links": [{"delegate_ids": None, "send": False}],
        "POST /api/meetings/{meeting_id}/links/revoke": [{"delegate_ids": [ids.delegate_id]}],
        "POST /api/meetings/{meeting_id}/sms/preview": [{"delegate_ids": None}],
        "POST /api/meetings/{meeting_id}/sms": [{"delegate_ids": None}],
        "POST /api/papers/{paper_id}/overrule-mark": [{"reason": "x"}],
        "POST /api/meetings/{meeting_id}/reopen": [{"reason": "x"}],
        "POST /api/meetings/{meeting_id}/postpone": [{"reason": "x"}],
        "POST /api/meetings/{meeting_id}/cancel": [{"reason": "x"}],
        "POST /api/meetings/{meeting_id}/reschedule": [LATER],
        "PUT /api/meetings/{meeting_id}/papers/order": [{"paper_ids": [ids.paper_id]}],
    }
    return known.get(route, [{}])


async def neighbours(services: Services, neighbour: Neighbour) -> dict[str, Person | BridgePoint | None]:
    async with services.transactions(SYSTEM) as tx:
        staff = await builders.person(
            tx.session, neighbour.root, "Kỹ Thuật Tỉnh Bạn", Role.TECHNICIAN, Role.HALL_SECRETARY
        )
    return {**neighbour.who, "staff": staff, "anonymous": None}


def leaks(answer: httpx2.Response) -> bool:
    return MARK in f"{answer.text} {answer.headers} {answer.content!r}".casefold()


async def test_no_path_leads_to_the_other_province(
    app: FastAPI, browser: Browsers, neighbour: Neighbour, two: Two, services: Services
) -> None:
    """Every route, with ids of the other province in its path: all of them, and each beside own ones."""
    tried = 0
    for who, someone in (await neighbours(services, neighbour)).items():
        client = await browser(someone)
        for method, template in operations(app):
            route = f"{method} {template}"
            names = [name for name in re.findall(r"{(\w+)}", template) if name != "number"]
            if route in ABOUT_NOTHING:
                continue
            ways = [two.foreign]
            ways += [
                dataclasses.replace(two.own, **{name: getattr(two.foreign, name)}) for name in names if len(names) > 1
            ]
            for ids in ways:
                path = template.format(**dataclasses.asdict(ids))
                for body in bodies(route, two.foreign, two.own):
                    app.state.services.components.put(EntryLimits())
                    answer = await client.request(method, path, json=body, headers={"Tus-Resumable": "1.0.0"})
                    assert answer.status_code in REFUSED, (who, method, path, body, answer.status_code, answer.text)
                    assert not leaks(answer), (who, method, path, body, answer.text)
                    tried += 1
    assert tried > 500
    assert await _marked(services) == two.before


def _named(own: Ids, foreign: Ids) -> list[tuple[str, str, Any]]:
    """(method, path, body) of requests about own things that name the other's, in bodies and queries."""
    meeting = f"/api/meetings/{own.meeting_id}"
    audiences = [[{"kind": kind, "id": getattr(foreign, f"{kind}_id")}] for kind in ("unit", "point", "person")]
    at = {"starts_at": MORNING.isoformat(), "ends_at": (MORNING + timedelta(hours=1)).isoformat()}
    new = {"kind": "hoi-nghi", "title": "x", "unit_id": own.unit_id, "main_point_id": own.point_id, **at}
    elsewhere: list[dict[str, Any]] = [
        {"unit_id": foreign.unit_id},
        {"main_point_id": foreign.point_id},
        {"chair_id": foreign.person_id},
        {"secretary_id": foreign.person_id},
        {"points": [{"point_id": foreign.point_id}]},
        {"agenda": [{"title": "x", "minutes": 1, "presenter_id": foreign.person_id}]},
    ]
    note = {
        "id": "8c0f0f4e-9d4f-4f0c-8f3e-6d1a1a1a1a1a",
        "base": 0,
        "paper_id": foreign.paper_id,
        "version_id": foreign.version_id,
        "page": 1,
        "kind": "note",
        "body": {"x": 0, "y": 0, "text": "a", "color": "red"},
        "written_at": MORNING.isoformat(),
    }
    receipt = {"version_id": foreign.version_id, "delivered": True, "pages": [1], "at": MORNING.isoformat()}
    return [
        ("PUT", f"{meeting}/papers/order", {"paper_ids": [foreign.paper_id, own.paper_id]}),
        *(("POST", f"{meeting}/papers/readers", {"audience": audience}) for audience in audiences),
        *(("PUT", f"/api/papers/{own.paper_id}/policy", {"audience": audience}) for audience in audiences),
        *(("PUT", f"/api/items/{own.item_id}/paper-policy", {"audience": audience}) for audience in audiences),
        ("PATCH", f"/api/papers/{own.paper_id}", {"item_id": foreign.item_id}),
        ("POST", f"{meeting}/pack", {"point_id": foreign.point_id}),
        ("GET", f"{meeting}/pack?point_id={foreign.point_id}", None),
        ("DELETE", f"{meeting}/pack?point_id={foreign.point_id}", None),
        ("GET", f"{meeting}/pack.pdf?point_id={foreign.point_id}", None),
        (
            "POST",
            f"{meeting}/points/{own.point_id}/checks",
            {"delegate_ids": [own.delegate_id, foreign.delegate_id], "kind": "in"},
        ),
        (
            "POST",
            f"{meeting}/points/{own.point_id}/substitutes",
            {"delegate_id": foreign.delegate_id, "full_name": "A"},
        ),
        ("GET", f"/api/notes/export.pdf?paper_id={foreign.paper_id}", None),
        ("GET", f"/api/notes/export.pdf?meeting_id={foreign.meeting_id}", None),
        ("GET", f"/api/search?q={MARK}&meeting_id={foreign.meeting_id}", None),
        ("GET", "/api/search?q=noi dung", None),
        ("POST", "/api/receipts", {"entries": [receipt]}),
        ("POST", "/api/notes/sync", {"since": 0, "changes": [note]}),
        ("GET", f"{meeting}/receipts?paper_id={foreign.paper_id}", None),
        ("GET", f"{meeting}/receipts?point_id={foreign.point_id}", None),
        ("POST", f"{meeting}/reminders", {"delegate_ids": [foreign.delegate_id]}),
        ("GET", f"/api/people?unit_id={foreign.unit_id}", None),
        ("GET", "/api/people?limit=200", None),
        ("GET", f"/api/people?near={foreign.unit_id}", None),
        ("GET", "/api/people/directory?limit=200", None),
        ("GET", f"/api/people/directory?unit_id={foreign.unit_id}", None),
        ("GET", f"/api/people/{own.person_id}/merge/{foreign.person_id}", None),
        ("POST", f"/api/people/{own.person_id}/merge", {"gone_id": foreign.person_id}),
        ("PUT", f"/api/people/{own.person_id}/posts", [{"unit_id": foreign.unit_id, "title": "A"}]),
        ("POST", "/api/people", {"unit_id": foreign.unit_id, "full_name": "A"}),
        ("PUT", f"/api/people/{own.person_id}/roles", [{"role": "organiser", "unit_id": foreign.unit_id}]),
        ("PATCH", f"/api/people/{own.person_id}", {"unit_id": foreign.unit_id}),
        ("POST", "/api/units", {"parent_id": foreign.unit_id, "name": "A", "short_name": "A", "level": "below"}),
        ("PATCH", f"/api/units/{own.unit_id}", {"parent_id": foreign.unit_id}),
        ("POST", "/api/points", {"unit_id": foreign.unit_id, "name": "A", "short_name": "A"}),
        ("POST", "/api/links", {"point_id": foreign.point_id}),
        ("POST", "/api/device-codes", {"point_id": foreign.point_id}),
        ("POST", "/api/device-codes/sheet.pdf", {"point_ids": [own.point_id, foreign.point_id]}),
        ("POST", "/api/device-codes/sheet.pdf", {"unit_id": foreign.unit_id}),
        ("GET", f"/api/devices?unit_id={foreign.unit_id}&limit=200", None),
        ("GET", "/api/devices?limit=200", None),
        ("POST", f"/api/points/{own.point_id}/tests", {**TESTED, "meeting_id": foreign.meeting_id}),
        ("GET", f"{meeting}/points/{foreign.point_id}/readiness", None),
        ("POST", f"{meeting}/points/{foreign.point_id}/verdicts", {"verdict": "passed"}),
        ("GET", f"{meeting}/rehearsals/{foreign.rehearsal_id}", None),
        ("PATCH", f"{meeting}/rehearsals/{foreign.rehearsal_id}", {"note": "A"}),
        ("POST", "/api/links", {"person_id": foreign.person_id}),
        ("GET", "/api/meetings?when=past", None),
        ("GET", "/api/meetings?when=all", None),
        ("GET", "/api/notices", None),
        ("POST", "/api/notices/read", {"ids": list(range(1, 30))}),
        ("GET", "/api/units", None),
        ("GET", "/api/exchange/batches", None),
        ("GET", "/api/sessions", None),
        ("GET", "/api/audit?limit=200", None),
        ("GET", f"/api/audit?person_id={foreign.person_id}", None),
        ("GET", f"{meeting}/audit.xlsx", None),
        *(("PATCH", meeting, {"version": 1, **there}) for there in elsewhere),
        ("PATCH", meeting, {"version": 1, "agenda": [{"id": foreign.item_id, "title": "x", "minutes": 1}]}),
        *(("POST", "/api/meetings", {**new, **there}) for there in elsewhere),
        ("GET", f"{meeting}/delegates?point_id={foreign.point_id}", None),
        ("POST", f"{meeting}/delegates", {"point_id": foreign.point_id, "people": [{"full_name": "A"}]}),
        ("POST", f"{meeting}/delegates", {"point_id": own.point_id, "people": [{"person_id": foreign.person_id}]}),
        ("PATCH", f"/api/delegates/{own.delegate_id}", {"point_id": foreign.point_id}),
        ("POST", f"{meeting}/delegates/copy", {"meeting_id": foreign.meeting_id}),
        ("GET", "/api/meeting-templates", None),
        ("POST", "/api/meeting-templates", {"unit_id": foreign.unit_id, "name": "A", "plan": PLAN}),
        (
            "POST",
            "/api/meeting-templates",
            {
                "unit_id": own.unit_id,
                "name": "A",
                "plan": {
                    **PLAN,
                    "chair_id": foreign.person_id,
                    "main_point_id": foreign.point_id,
                    "points": [{"point_id": foreign.point_id}],
                },
            },
        ),
        (
            "POST",
            "/api/meeting-clashes",
            {**at, "point_ids": [foreign.point_id, own.point_id], "person_ids": [foreign.person_id]},
        ),
        ("GET", "/api/point-groups", None),
        ("POST", "/api/point-groups", {"unit_id": foreign.unit_id, "name": "A", "point_ids": [own.point_id]}),
        ("POST", "/api/point-groups", {"unit_id": own.unit_id, "name": "A", "point_ids": [foreign.point_id]}),
        ("POST", f"{meeting}/links", {"delegate_ids": [foreign.delegate_id], "send": False}),
        ("POST", f"{meeting}/links/revoke", {"delegate_ids": [foreign.delegate_id]}),
        ("POST", f"{meeting}/sms/preview", {"delegate_ids": [foreign.delegate_id]}),
        ("POST", f"{meeting}/sms", {"delegate_ids": [foreign.delegate_id]}),
        ("POST", f"/api/requests/{own.request_id}/grant", {"point_id": foreign.point_id}),
        (
            "POST",
            f"/api/requests/{own.request_id}/grant",
            {"point_id": own.point_id, "delegate_id": foreign.delegate_id},
        ),
    ]


async def test_naming_the_others_things_tells_and_changes_nothing(
    *, app: FastAPI, browser: Browsers, neighbour: Neighbour, province: Province, two: Two, services: Services
) -> None:
    log: AuditLog = app.state.services.components[AuditLog]
    for someone in (province.admin, province.organiser, province.da_sar_hall):
        local = await browser(someone)
        assert (await local.get(f"/api/meetings/{two.own.meeting_id}")).status_code == 404
        await local.post("/api/links", json={"point_id": two.foreign.point_id})
    await log.write_refusals()
    before = await _marked(services)
    for who, someone in (await neighbours(services, neighbour)).items():
        client = await browser(someone)
        for method, path, body in _named(two.own, two.foreign):
            answer = await client.request(method, path, json=body)
            assert answer.status_code < 500, (who, method, path, body)
            assert not leaks(answer), (who, method, path, body, answer.text)
        for metadata in ({"paper_id": two.foreign.paper_id}, {"item_id": two.foreign.item_id}):
            said = {"filename": "a.pdf", **metadata}
            header = ",".join(
                f"{name} {base64.b64encode(str(value).encode()).decode()}" for name, value in said.items()
            )
            answer = await client.post(
                f"/api/meetings/{two.own.meeting_id}/uploads",
                headers={"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Metadata": header},
            )
            assert answer.status_code in REFUSED, (who, metadata)
            assert not leaks(answer)
    assert await _marked(services) == before


async def test_the_log_tells_each_root_of_its_own(
    browser: Browsers, neighbour: Neighbour, province: Province, two: Two, services: Services
) -> None:
    sides = ((province.admin, province.root), (neighbour.admin, neighbour.root))
    for admin, root in sides:
        client = await browser(admin)
        made = await client.post("/api/people", json={"unit_id": root.id, "full_name": f"Mới {root.id}"})
        assert made.status_code == 201
    for (admin, root), (other, _) in zip(sides, reversed(sides), strict=True):
        entries = (await (await browser(admin)).get("/api/audit?action=person.created")).json()["entries"]
        assert [each["facts"]["unit_id"] for each in entries] == [root.id]
        assert admin.id != other.id


async def test_no_live_command_reaches_the_other_province(
    server: LiveServer, neighbour: Neighbour, two: Two, services: Services
) -> None:
    foreign, own = two.foreign, two.own
    for who, someone in (await neighbours(services, neighbour)).items():
        cookie = await signed_in(services, someone) if someone is not None else None
        for part in ("member", "console", f"hall&point={foreign.point_id}", f"hall&point={own.point_id}"):
            connection = await server.dial(f"/api/meetings/{foreign.meeting_id}/live?as={part}", cookie)
            with pytest.raises(ConnectionClosedError) as closed:
                await connection.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == (NO_SUCH_MEETING if cookie else NOT_SIGNED_IN), (who, part)
    commands: list[tuple[str, dict[str, Any]]] = [
        ("hand.dismiss", {"point_id": foreign.point_id}),
        ("speaking.call", {"request_id": foreign.waiting_id}),
        ("speaking.move", {"request_id": foreign.waiting_id, "before_id": None}),
        ("speaking.mark", {"request_id": foreign.waiting_id}),
        ("turn.pause", {"turn_id": foreign.turn_id}),
        ("turn.resume", {"turn_id": foreign.turn_id}),
        ("turn.extend", {"turn_id": foreign.turn_id, "seconds": 60}),
        ("turn.finish", {"turn_id": foreign.turn_id}),
        ("floor.give", {"point_id": foreign.point_id}),
        ("floor.take", {"point_id": foreign.point_id}),
        ("stage.show", {"point_id": foreign.point_id}),
        ("layout.set", {"layout": "stage-row", "pinned": [foreign.point_id]}),
        ("view.set", {"tiles": [foreign.point_id]}),
        ("view.set", {"preview": foreign.point_id}),
        ("page.present", {"paper_id": foreign.paper_id, "page": 1}),
        ("agenda.go", {"item_id": foreign.item_id}),
        ("content.start", {"again": f"point-{foreign.point_id}"}),
    ]
    for someone in (neighbour.chair, neighbour.operator, neighbour.organiser):
        client = await server.join(own.meeting_id, await signed_in(services, someone), "console")
        for name, data in commands:
            with pytest.raises(Refused) as refused:
                await client.command(name, **data)
            assert MARK not in repr(refused.value.error), name
        assert MARK not in repr(client.frames)
        await client.close()
    assert await _marked(services) == two.before
