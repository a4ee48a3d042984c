"""Who may use which route of the API: a row for each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from server.accounts.models import Person
from server.devices.models import DeviceCode, HallDevice
from server.exchange.models import ImportBatch
from server.invitations.models import AccessRequest
from server.meetings.models import AgendaItem, Delegate, Meeting
from server.meetings.planning.models import MeetingTemplate, PointGroup
from server.organisations.models import BridgePoint, Unit
from server.papers.models import Paper
from tests.builders import MORNING, NEIGHBOURS, Province

NOBODY: frozenset[str] = frozenset()
PEOPLE = frozenset(
    {
        "stranger",
        "delegate",
        "hall_secretary",
        "technician",
        "district_technician",
        "presenter",
        "secretary",
        "chair",
        "operator",
        "organiser",
        "district_organiser",
        "admin",
    }
)
NEIGHBOURING = NEIGHBOURS - {"neighbour_hall"}
"""People of another province."""
SIGNED_IN = PEOPLE | {"da_sar_hall", "hiep_an_hall"} | NEIGHBOURS
EVERYBODY = SIGNED_IN | {"anonymous"}
INVOLVED = SIGNED_IN - {"stranger"} - NEIGHBOURS
"""Everybody with a part in the conference over all halls. `district_organiser` and `hiep_an_hall` by their halls."""
TAKES_PART = INVOLVED - {"admin", "district_organiser", "delegate"}
"""Not they, who only learn of it; the delegate is on no list here."""
ADMIN = frozenset({"admin"})
ADMINS = frozenset({"admin", "neighbour_admin"})
"""Each reads of the own units alone."""
ORGANISER = frozenset({"organiser"})
LOOKS_AFTER = ADMIN | {"organiser", "operator", "district_technician"}
"""The devices of Lát's hall."""
LOOKS_AFTER_SOME = LOOKS_AFTER | {
    "technician",
    "district_organiser",
    "neighbour_admin",
    "neighbour_organiser",
    "neighbour_operator",
}
"""Those of any hall."""
LEADS = frozenset({"organiser", "chair", "secretary"})
RUNS = LEADS | {"operator"}
TAKES = RUNS | {"hall_secretary", "technician", "district_technician", "da_sar_hall"}
"""The attendance of Đạ Sar."""
KEEPS_LISTS = LEADS | {"hall_secretary"}
"""Of Đạ Sar's delegates."""
HALLS = frozenset({"technician", "hall_secretary", "district_technician", "da_sar_hall", "hiep_an_hall"})
MEMBERS = RUNS | HALLS | {"presenter"}
"""Who reads the papers. `delegate` is no delegate of this conference: he is on no list."""
PRESENTS = LEADS | {"presenter"}


@dataclass
class World:
    """Fresh for each attempt."""

    province: Province
    meeting: Meeting
    unit: Unit
    point: BridgePoint
    person: Person
    twin: Person
    """Of the same name and unit."""
    item: AgendaItem
    """The presenter's."""
    paper: Paper
    """Of another item, with a ready version and one that failed."""
    recalled: Paper
    delegate: Delegate
    """Expected in Đạ Sar."""
    request: AccessRequest
    """Of a stranger in Đạ Sar's hall."""
    device: HallDevice
    """Of `point`."""
    code: DeviceCode
    """Likewise."""
    template: MeetingTemplate
    group: PointGroup
    batch: ImportBatch
    """Over the whole province."""


def nothing(_world: World) -> None:
    return None


TESTED = {"camera": "ok", "microphone": "ok", "level_db": -30, "loop": "heard", "connected": True}
CALL = {"deadline": (MORNING + timedelta(hours=1)).isoformat(), "contact": "Ban tổ chức"}
LETTER = {"form": "state", "organ": "UBND"}


def meeting_body(world: World) -> dict[str, Any]:
    where = world.province
    return {
        "kind": "hoi-nghi",
        "title": "Họp",
        "unit_id": where.root.id,
        "starts_at": MORNING.isoformat(),
        "ends_at": (MORNING + timedelta(hours=1)).isoformat(),
        "main_point_id": where.main.id,
    }


LATER = {"starts_at": "2090-01-02T07:30:00+07:00", "ends_at": "2090-01-02T09:00:00+07:00"}
PLAN = {"kind": "cuoc-hop", "title": "Giao ban {tuần}", "start": "08:00", "minutes": 90}


@dataclass
class Row:
    route: str
    """As in the OpenAPI document."""
    allowed: frozenset[str]
    state: str = "invited"
    body: Callable[[World], Any] = nothing
    denied_as: set[int] = field(default_factory=lambda: {403, 404})
    paper: str = "paper"
    """Which of the world's the row is about."""
    hall: bool = False
    """About the hall of Đạ Sar, a member of the meeting; otherwise points are of the directory."""


ROWS = [
    Row("GET /api/health", EVERYBODY),
    Row("GET /api/health/live", EVERYBODY),
    Row("GET /api/health/ready", EVERYBODY),
    # There are two roots here, and nobody administers both (tests/server/system/test_state.py).
    Row("GET /api/first-steps", frozenset({"admin", "neighbour_admin"})),
    Row("GET /api/system", NOBODY),
    Row("PATCH /api/system", NOBODY, body=lambda _: {"time_zone": "Asia/Tokyo"}),
    Row("POST /api/system/mail-trial", NOBODY, body=lambda _: {}),
    Row("POST /api/system/sms-trial", NOBODY, body=lambda _: {"to": "0912345678"}),
    Row("POST /api/system/trials", NOBODY, body=lambda _: {"kind": "audit"}),
    Row("POST /api/system/again", NOBODY, body=lambda _: {"mails": True}),
    Row("POST /api/page-faults", EVERYBODY, body=lambda _: {"page": "/", "build": "1", "message": "x"}),
    Row("GET /api/session/ways", EVERYBODY),
    Row("GET /api/session", SIGNED_IN),
    Row("DELETE /api/session", SIGNED_IN),
    Row("GET /api/sessions", SIGNED_IN),
    Row("GET /api/session/second-factor", PEOPLE | NEIGHBOURING),
    Row("GET /api/units", SIGNED_IN),
    Row(
        "POST /api/units",
        ADMIN,
        body=lambda w: {"parent_id": w.province.root.id, "name": "A", "short_name": "A", "level": "below"},
    ),
    Row("PATCH /api/units/{unit_id}", ADMIN, body=lambda _: {"name": "B"}),
    Row("DELETE /api/units/{unit_id}", ADMIN),
    Row("GET /api/units/{unit_id}/uses", ADMIN),
    Row("POST /api/units/{unit_id}/close", ADMIN, body=lambda _: {"valid_until": "2025-06-30"}),
    Row("POST /api/units/{unit_id}/reopen", ADMIN),
    Row("POST /api/points", ADMIN, body=lambda w: {"unit_id": w.province.lat.id, "name": "A", "short_name": "A"}),
    Row("PATCH /api/points/{point_id}", ADMIN, body=lambda _: {"name": "B"}),
    Row("DELETE /api/points/{point_id}", ADMIN),
    Row("GET /api/points/{point_id}/uses", ADMIN),
    Row(
        "GET /api/people",
        frozenset({"admin", "organiser", "district_organiser", "neighbour_admin", "neighbour_organiser"}),
    ),
    Row("GET /api/people/directory", frozenset({"admin", "neighbour_admin"})),
    Row("GET /api/people/duplicates", frozenset({"admin", "neighbour_admin"})),
    Row("GET /api/roles", frozenset({"admin", "neighbour_admin"})),
    Row("GET /api/people/{person_id}", ADMIN),
    Row("POST /api/people", ADMIN, body=lambda w: {"unit_id": w.province.lat.id, "full_name": "A"}),
    Row("PATCH /api/people/{person_id}", ADMIN, body=lambda _: {"title": "B"}),
    Row("PUT /api/people/{person_id}/roles", ADMIN, body=lambda _: []),
    Row("PUT /api/people/{person_id}/posts", ADMIN, body=lambda w: [{"unit_id": w.province.lat.id, "title": "B"}]),
    Row("GET /api/people/{person_id}/sessions", ADMIN),
    Row("DELETE /api/people/{person_id}/sessions", ADMIN),
    # Hall devices: of Lạc Dương's technicians the point in Lát, too (whose each is: tests/server/devices).
    Row("GET /api/devices", LOOKS_AFTER_SOME),
    Row("PATCH /api/devices/{device_id}", LOOKS_AFTER, body=lambda _: {"name": "B"}),
    Row("DELETE /api/devices/{device_id}", LOOKS_AFTER),
    Row("POST /api/device-codes", LOOKS_AFTER, body=lambda w: {"point_id": w.point.id}),
    Row("DELETE /api/device-codes/{code_id}", LOOKS_AFTER),
    Row("POST /api/device-codes/sheet.pdf", LOOKS_AFTER, body=lambda w: {"point_ids": [w.point.id]}),
    Row("POST /api/device/report", EVERYBODY, body=lambda _: {"build": "1"}),
    Row("GET /api/hall", frozenset({"da_sar_hall", "hiep_an_hall", "neighbour_hall"})),
    Row("DELETE /api/sessions", SIGNED_IN),
    Row("GET /api/people/{person_id}/alike", ADMIN),
    Row("POST /api/people/{person_id}/merge", ADMIN, body=lambda w: {"gone_id": w.twin.id}),
    Row("POST /api/people/{person_id}/anonymise", ADMIN, body=lambda w: {"full_name": w.person.full_name}),
    Row("POST /api/links", ADMIN, body=lambda w: {"person_id": w.person.id}),
    Row("GET /api/meetings", SIGNED_IN),
    Row("POST /api/meetings", ORGANISER, body=meeting_body),
    Row("GET /api/meeting-templates", SIGNED_IN),
    Row(
        "POST /api/meeting-templates",
        ORGANISER,
        body=lambda w: {"unit_id": w.province.root.id, "name": "A", "plan": PLAN},
    ),
    Row("GET /api/meeting-templates/{template_id}", ORGANISER),
    Row("DELETE /api/meeting-templates/{template_id}", ORGANISER),
    Row(
        "POST /api/meeting-clashes",
        ORGANISER | {"district_organiser", "neighbour_organiser"},
        body=lambda w: {**LATER, "point_ids": [w.province.lat_hall.id]},
    ),
    Row("GET /api/calendar", SIGNED_IN),
    Row("POST /api/calendar", SIGNED_IN - {"da_sar_hall", "hiep_an_hall", "neighbour_hall"}),
    Row("DELETE /api/calendar", SIGNED_IN - {"da_sar_hall", "hiep_an_hall", "neighbour_hall"}),
    Row("GET /api/point-groups", SIGNED_IN),
    Row(
        "POST /api/point-groups",
        ORGANISER,
        body=lambda w: {"unit_id": w.province.root.id, "name": "A", "point_ids": [w.province.lat_hall.id]},
    ),
    Row("DELETE /api/point-groups/{group_id}", ORGANISER),
    Row("GET /api/meetings/{meeting_id}", INVOLVED),
    Row("PATCH /api/meetings/{meeting_id}", ORGANISER, body=lambda _: {"version": 1, "title": "B"}),
    Row("DELETE /api/meetings/{meeting_id}", ORGANISER, "draft"),
    Row("POST /api/meetings/{meeting_id}/invite", ORGANISER, "draft"),
    Row("POST /api/meetings/{meeting_id}/withdraw", ORGANISER),
    Row("POST /api/meetings/{meeting_id}/open", RUNS),
    Row("POST /api/meetings/{meeting_id}/close", RUNS, "open"),
    Row("POST /api/meetings/{meeting_id}/postpone", ORGANISER, body=lambda _: {"reason": "Bão"}),
    Row("POST /api/meetings/{meeting_id}/cancel", ORGANISER, body=lambda _: {"reason": "Bão"}),
    Row("POST /api/meetings/{meeting_id}/reschedule", ORGANISER, body=lambda _: LATER),
    # Nothing has changed, so it is refused to all; by right or not: tests/server/meetings/test_announcements.py.
    Row("POST /api/meetings/{meeting_id}/announce", NOBODY, body=lambda _: {}, denied_as={403, 404, 409}),
    Row("POST /api/meetings/{meeting_id}/start", RUNS, "open"),
    Row("POST /api/meetings/{meeting_id}/end", RUNS, "running"),
    Row("GET /api/meetings/{meeting_id}/attendance", RUNS, "ended"),
    Row("GET /api/meetings/{meeting_id}/attendance.xlsx", RUNS, "ended"),
    Row("GET /api/meetings/{meeting_id}/attendance.csv", RUNS, "ended"),
    Row("GET /api/meetings/{meeting_id}/incidents", RUNS, "ended"),
    Row("POST /api/meetings/{meeting_id}/incidents", RUNS, "ended", body=lambda _: {"text": "Mất điện"}),
    Row("GET /api/meetings/{meeting_id}/incidents.xlsx", RUNS, "ended"),
    Row("GET /api/meetings/{meeting_id}/speeches", RUNS, "ended"),
    Row("GET /api/meetings/{meeting_id}/speeches.xlsx", RUNS, "ended"),
    Row("GET /api/meetings/{meeting_id}/audit.xlsx", ORGANISER),
    Row("GET /api/audit", ADMINS),
    Row("GET /api/audit.xlsx", ADMINS),
    Row("GET /api/audit.csv", ADMINS),
    Row("GET /api/audit/chain", ADMINS),
    Row("POST /api/audit/chain", ADMINS),
    Row("POST /api/meetings/{meeting_id}/reopen", LEADS, "ended", body=lambda _: {"reason": "Bấm nhầm"}),
    # Attendance of people.
    Row("GET /api/meetings/{meeting_id}/people", RUNS, "running"),
    Row("GET /api/meetings/{meeting_id}/people.xlsx", RUNS, "ended"),
    Row("GET /api/meetings/{meeting_id}/people.pdf", RUNS, "ended"),
    Row("GET /api/meetings/{meeting_id}/points/{point_id}/people", TAKES, "running", hall=True),
    Row(
        "POST /api/meetings/{meeting_id}/points/{point_id}/checks",
        TAKES,
        "running",
        body=lambda w: {"delegate_ids": [w.delegate.id], "kind": "in"},
        hall=True,
    ),
    Row(
        "POST /api/meetings/{meeting_id}/points/{point_id}/headcount",
        TAKES,
        "running",
        body=lambda _: {"count": 5},
        hall=True,
    ),
    Row(
        "POST /api/meetings/{meeting_id}/points/{point_id}/substitutes",
        TAKES,
        "running",
        body=lambda w: {"delegate_id": w.delegate.id, "full_name": "A"},
        hall=True,
    ),
    # A person signs, not a device; and not who keeps the picture.
    Row(
        "POST /api/meetings/{meeting_id}/points/{point_id}/sign-off",
        KEEPS_LISTS,
        "running",
        body=lambda _: {},
        hall=True,
    ),
    # documents
    Row("GET /api/meetings/{meeting_id}/papers", INVOLVED),
    Row("PUT /api/meetings/{meeting_id}/papers/order", LEADS, body=lambda w: {"paper_ids": [w.paper.id]}),
    Row("POST /api/meetings/{meeting_id}/papers/readers", PRESENTS, body=lambda _: {"hidden": True}),
    Row("PATCH /api/papers/{paper_id}", LEADS, body=lambda _: {"title": "B"}),
    Row("DELETE /api/papers/{paper_id}", LEADS),
    Row("POST /api/papers/{paper_id}/recall", LEADS, body=lambda _: {"reason": "Sai số liệu"}),
    Row("POST /api/papers/{paper_id}/restore", LEADS, paper="recalled"),
    Row("POST /api/papers/{paper_id}/retry", LEADS),
    Row("PUT /api/papers/{paper_id}/policy", LEADS, body=lambda _: {"download": True}),
    Row("GET /api/papers/{paper_id}/readers", LEADS),
    Row("GET /api/items/{item_id}/paper-policy", PRESENTS),
    Row("PUT /api/items/{item_id}/paper-policy", PRESENTS, body=lambda _: {"hidden": True}),
    Row("GET /api/versions/{version_id}", MEMBERS),
    Row("GET /api/versions/{version_id}/text", MEMBERS),
    Row("GET /api/versions/{version_id}/pages/{number}/image", MEMBERS),
    # Files to take away: without a policy nobody but managers takes any.
    Row("GET /api/versions/{version_id}/download", LEADS),
    Row("GET /api/meetings/{meeting_id}/pack", LEADS, denied_as={404, 409}),
    Row("POST /api/meetings/{meeting_id}/pack", LEADS, body=lambda _: {}, denied_as={404, 409}),
    # Invitations and notices.
    Row("GET /api/meetings/{meeting_id}/delegates", KEEPS_LISTS),
    Row(
        "POST /api/meetings/{meeting_id}/delegates",
        KEEPS_LISTS,
        body=lambda w: {"point_id": w.province.da_sar_hall.id, "people": [{"full_name": "A"}]},
    ),
    Row("POST /api/meetings/{meeting_id}/delegates/copy", LEADS, body=lambda w: {"meeting_id": w.meeting.id}),
    Row("PATCH /api/delegates/{delegate_id}", KEEPS_LISTS, body=lambda _: {"role": "guest"}),
    Row("DELETE /api/delegates/{delegate_id}", KEEPS_LISTS),
    Row(
        "POST /api/meetings/{meeting_id}/delegates/move",
        KEEPS_LISTS,
        body=lambda w: {"delegate_ids": [w.delegate.id], "point_id": w.province.da_sar_hall.id},
    ),
    Row(
        "PUT /api/meetings/{meeting_id}/delegates/order",
        KEEPS_LISTS,
        body=lambda w: {"delegate_ids": [w.delegate.id], "point_id": w.province.da_sar_hall.id},
    ),
    Row(
        "POST /api/meetings/{meeting_id}/delegates/remove",
        KEEPS_LISTS,
        body=lambda w: {"delegate_ids": [w.delegate.id]},
    ),
    Row("GET /api/meetings/{meeting_id}/delegates/template.xlsx", KEEPS_LISTS),
    Row("GET /api/meetings/{meeting_id}/devices", LEADS),
    Row("GET /api/meetings/{meeting_id}/letters", LEADS),
    Row("POST /api/meetings/{meeting_id}/links", LEADS, body=lambda _: {"delegate_ids": None, "send": False}),
    Row("POST /api/meetings/{meeting_id}/links/revoke", LEADS, body=lambda w: {"delegate_ids": [w.delegate.id]}),
    Row("POST /api/meetings/{meeting_id}/sms/preview", LEADS, body=lambda _: {"delegate_ids": None}),
    Row("POST /api/meetings/{meeting_id}/sms", LEADS, body=lambda _: {"delegate_ids": None}),
    Row("GET /api/meetings/{meeting_id}/sms", LEADS),
    Row("GET /api/meetings/{meeting_id}/qr.svg", INVOLVED),
    Row("GET /api/meetings/{meeting_id}/qr.png", INVOLVED),
    Row("GET /api/meetings/{meeting_id}/poster.pdf", INVOLVED),
    Row("GET /api/meetings/{meeting_id}/name-cards.pdf", KEEPS_LISTS),
    Row("GET /api/meetings/{meeting_id}/receipts.xlsx", KEEPS_LISTS),
    Row("GET /api/meetings/{meeting_id}/delegates.xlsx", KEEPS_LISTS),
    Row("GET /api/m/{code}", INVOLVED),
    Row(
        "POST /api/m/{code}/requests",
        EVERYBODY,
        body=lambda _: {"full_name": "A", "unit_text": "B", "phone": "0912345678"},
    ),
    Row("POST /api/requests/answer", EVERYBODY, body=lambda _: {"request": "0-secret"}),
    Row("POST /api/meetings/{meeting_id}/code", ORGANISER),
    Row("GET /api/meetings/{meeting_id}/requests", KEEPS_LISTS),
    Row(
        "POST /api/requests/{request_id}/grant",
        KEEPS_LISTS,
        body=lambda w: {"point_id": w.province.da_sar_hall.id},
    ),
    Row("POST /api/requests/{request_id}/refuse", KEEPS_LISTS),
    Row("GET /api/meetings/{meeting_id}/replies", KEEPS_LISTS),
    Row("PUT /api/delegates/{delegate_id}/reply", KEEPS_LISTS, body=lambda _: {"answer": "absent", "reason": "A"}),
    Row("GET /api/meetings/{meeting_id}/letter", LEADS),
    Row("PUT /api/meetings/{meeting_id}/letter", LEADS, body=lambda _: LETTER),
    Row("POST /api/meetings/{meeting_id}/letter/preview.pdf", LEADS, body=lambda _: LETTER),
    Row("POST /api/meetings/{meeting_id}/letter/preview.png", LEADS, body=lambda _: LETTER),
    Row("POST /api/meetings/{meeting_id}/prints", KEEPS_LISTS, body=lambda _: {}),
    Row("GET /api/meetings/{meeting_id}/prints", KEEPS_LISTS),
    Row(
        "POST /api/meetings/{meeting_id}/series",
        ORGANISER,
        body=lambda _: {"every": "week", "title": "A", "dates": ["2090-01-02"]},
    ),
    Row("POST /api/meetings/{meeting_id}/series/follow", ORGANISER),
    Row("POST /api/meetings/{meeting_id}/series/end", ORGANISER, body=lambda _: {"reason": "A"}),
    Row("GET /api/meetings/{meeting_id}/nominations", LEADS),
    Row("PUT /api/meetings/{meeting_id}/nominations", LEADS, body=lambda _: CALL),
    Row("POST /api/meetings/{meeting_id}/nominations/remind", LEADS),
    Row("POST /api/meetings/{meeting_id}/nominations/lock", LEADS),
    Row("POST /api/meetings/{meeting_id}/points/{point_id}/nomination/lock", LEADS, hall=True),
    Row(
        "POST /api/meetings/{meeting_id}/points/{point_id}/nomination/reopen",
        LEADS,
        hall=True,
        body=lambda _: {"until": CALL["deadline"]},
    ),
    Row(
        "PUT /api/meetings/{meeting_id}/points/{point_id}/nomination/contact",
        LEADS,
        hall=True,
        body=lambda _: {"full_name": "A"},
    ),
    Row("POST /api/meetings/{meeting_id}/points/{point_id}/nomination/link", LEADS, hall=True, body=lambda _: {}),
    Row("GET /api/meetings/{meeting_id}/points/{point_id}/nomination", KEEPS_LISTS, hall=True),
    Row(
        "POST /api/meetings/{meeting_id}/points/{point_id}/nomination/people",
        KEEPS_LISTS,
        hall=True,
        body=lambda _: {"people": [{"full_name": "A"}]},
    ),
    Row("POST /api/meetings/{meeting_id}/points/{point_id}/nomination/submit", KEEPS_LISTS, hall=True),
    Row(
        "DELETE /api/meetings/{meeting_id}/points/{point_id}/nomination/people/{delegate_id}",
        KEEPS_LISTS,
        hall=True,
    ),
    Row("GET /api/meetings/{meeting_id}/reply-reminders", LEADS),
    Row("PUT /api/meetings/{meeting_id}/reply-reminders", LEADS, body=lambda _: {"days": [1]}),
    Row("POST /api/meetings/{meeting_id}/reply-reminders/now", LEADS),
    Row("POST /api/meetings/{meeting_id}/links.xlsx", LEADS, body=lambda _: {}),
    Row("POST /api/meetings/{meeting_id}/requests/grant-listed", KEEPS_LISTS),
    # Readiness: a hall's own tests (of Lạc Dương's technicians, too), the board for who runs the meeting.
    Row("POST /api/points/{point_id}/tests", LOOKS_AFTER, body=lambda _: TESTED),
    Row("GET /api/points/{point_id}/tests", LOOKS_AFTER),
    Row("GET /api/meetings/{meeting_id}/readiness", RUNS),
    Row("POST /api/meetings/{meeting_id}/readiness/reminders", RUNS),
    Row("GET /api/meetings/{meeting_id}/points/{point_id}/readiness", RUNS, hall=True),
    Row(
        "POST /api/meetings/{meeting_id}/points/{point_id}/verdicts",
        RUNS,
        body=lambda _: {"verdict": "passed"},
        hall=True,
    ),
    Row("GET /api/meetings/{meeting_id}/rehearsals", RUNS),
    # Votes; what is done with one that is there: tests/server/ballots/test_rights.py.
    Row("GET /api/meetings/{meeting_id}/ballots", TAKES_PART, state="running"),
    Row(
        "POST /api/meetings/{meeting_id}/ballots",
        LEADS,
        state="running",
        body=lambda _: {"title": "A", "options": ["Có", "Không"]},
    ),
    Row("GET /api/notices", SIGNED_IN),
    Row("POST /api/notices/read", SIGNED_IN, body=lambda _: {"ids": None}),
    # Reading: one's own (whose they are: tests/server/reading), and the board.
    Row("POST /api/notes/sync", PEOPLE | NEIGHBOURING, body=lambda _: {"since": 0, "changes": []}),
    Row("POST /api/receipts", PEOPLE | NEIGHBOURING, body=lambda _: {"entries": []}),
    Row("GET /api/meetings/{meeting_id}/my-receipts", INVOLVED & PEOPLE),
    Row("GET /api/meetings/{meeting_id}/receipts", KEEPS_LISTS),
    Row("POST /api/meetings/{meeting_id}/reminders", LEADS, body=lambda _: {}),
    Row("GET /api/search", SIGNED_IN),
    Row("GET /api/exchange/batches", ADMIN | {"neighbour_admin"}),
    Row("GET /api/exchange/batches/{batch_id}", ADMIN),
    Row("GET /api/exchange/batches/{batch_id}/rows", ADMIN),
    Row("GET /api/exchange/batches/{batch_id}/bad.xlsx", ADMIN),
    Row("POST /api/exchange/batches/{batch_id}/apply", ADMIN),
    Row("DELETE /api/exchange/batches/{batch_id}", ADMIN),
    Row("GET /api/exchange/{kind}/template.xlsx", ADMIN | {"neighbour_admin"}),
    Row("GET /api/exchange/{kind}/all.xlsx", ADMIN | {"neighbour_admin"}),
]

CONTENT = ("application/json", "text/csv", "application/vnd", "application/pdf", "image/")

ELSEWHERE = {
    # The address is its own key (tests/server/meetings/test_feeds.py).
    "GET /api/calendar/{token}.ics",
    # There must be one first (tests/server/papers/test_take_away.py).
    "GET /api/meetings/{meeting_id}/pack.pdf",
    "DELETE /api/meetings/{meeting_id}/pack",
    # A file, not JSON (tests/server/invitations/test_import.py); member points alone (test_door.py).
    "POST /api/meetings/{meeting_id}/delegates/import",
    "POST /api/meetings/{meeting_id}/delegates/import/refused.xlsx",
    "GET /api/meetings/{meeting_id}/points/{point_id}/code",
    "GET /api/meetings/{meeting_id}/points/{point_id}/people.svg",
    # A file, not JSON; and what must be applied first (tests/server/exchange).
    "POST /api/exchange/batches",
    "POST /api/exchange/batches/{batch_id}/undo",
    # The uploader's own, with headers of their own (tests/server/papers/test_uploads.py).
    "OPTIONS /api/meetings/{meeting_id}/uploads",
    "POST /api/meetings/{meeting_id}/uploads",
    "HEAD /api/uploads/{token}",
    "PATCH /api/uploads/{token}",
    "DELETE /api/uploads/{token}",
    # The delegate's own; and what there must be first (tests/server/attendance/people).
    "POST /api/m/{code}/check-in",
    "POST /api/meetings/{meeting_id}/online",
    "GET /api/meetings/{meeting_id}/my-attendance",
    "GET /api/meetings/{meeting_id}/my-reply",
    "GET /api/meetings/{meeting_id}/my-requests",
    # There must be one first (tests/server/ballots/test_rights.py).
    *(
        f"{method} /api/meetings/{{meeting_id}}/ballots/{{ballot_id}}{rest}"
        for method, rest in (
            ("GET", ""),
            ("PUT", ""),
            ("DELETE", ""),
            ("POST", "/open"),
            ("POST", "/close"),
            ("POST", "/publish"),
            ("POST", "/void"),
            ("PUT", "/shown"),
            ("POST", "/vote"),
            ("GET", "/vote"),
            ("GET", "/codes"),
            ("GET", "/record.pdf"),
            ("GET", "/record.docx"),
            ("GET", "/votes.xlsx"),
            ("GET", "/tallies"),
            ("GET", "/points/{point_id}"),
            ("POST", "/points/{point_id}/tallies"),
            ("POST", "/tallies/{tally_id}/countersign"),
            ("DELETE", "/tallies/{tally_id}"),
        )
    ),
    # There must be one first (tests/server/invitations/test_official.py).
    "GET /api/prints/{print_id}/volumes/{number}.pdf",
    # Needs to be told whom to look for (tests/server/invitations/test_nominations.py).
    "GET /api/meetings/{meeting_id}/points/{point_id}/nomination/people",
    # There must be one first (tests/server/meetings/test_series.py).
    "GET /api/meetings/{meeting_id}/series",
    # Somebody must be proposed first (tests/server/invitations/test_replies.py).
    "PUT /api/delegates/{delegate_id}/substitute",
    "DELETE /api/delegates/{delegate_id}/substitute",
    "PUT /api/meetings/{meeting_id}/my-reply",
    "DELETE /api/meetings/{meeting_id}/points/{point_id}/substitutes/{delegate_id}",
    "DELETE /api/meetings/{meeting_id}/points/{point_id}/sign-off",
    # Signing in is what these do; a wrong password or token is not a matter of roles (tests/server/accounts).
    "POST /api/session",
    "POST /api/session/link",
    # For whoever has forgotten it; by the link that was sent (tests/server/accounts/test_password_reset.py).
    "POST /api/session/password-reset",
    "POST /api/session/password-reset/owner",
    "PUT /api/session/password-reset",
    # Leads browsers on (tests/server/accounts/test_openid.py).
    "GET /api/session/oidc",
    "GET /api/session/oidc/return",
    "POST /api/session/oidc",
    "DELETE /api/people/{person_id}/identity",
    "POST /api/device",
    # For everybody who has a machine to set up; a script (tests/server/devices/test_kiosk.py).
    "GET /api/device/kiosk.sh",
    "PUT /api/session/password",
    # With one's own password, or one's own telephone (tests/server/accounts/test_second_factor.py).
    "POST /api/session/second-factor",
    "PUT /api/session/second-factor",
    "POST /api/session/second-factor/off",
    "DELETE /api/people/{person_id}/second-factor",
    # Needs to be told which, and gives the own ones only (tests/server/reading/test_notes.py).
    "GET /api/notes/export.pdf",
    # Of an empty system, for whoever has its link (tests/server/system/test_first_start.py).
    "GET /api/setup",
    "POST /api/setup",
    # There must be one first (tests/server/readiness).
    "GET /api/meetings/{meeting_id}/rehearsals/{rehearsal_id}",
    "PATCH /api/meetings/{meeting_id}/rehearsals/{rehearsal_id}",
    # There must be a media node (tests/e2e/test_first_start.py).
    "POST /api/media-probe",
    # Of who may try (tests/server/live/test_relays.py).
    "GET /api/media-probe",
    # There must be a mark first (tests/server/papers).
    "POST /api/papers/{paper_id}/overrule-mark",
    # There must be one first (tests/server/accounts/test_scoped.py).
    "POST /api/meetings/{meeting_id}/devices/{session_id}/confirm",
    "DELETE /api/meetings/{meeting_id}/devices/{session_id}",
    # Of the own ones only (tests/server/accounts).
    "DELETE /api/sessions/{session_id}",
    # Of two (tests/server/accounts/test_merging.py).
    "GET /api/people/{person_id}/merge/{gone_id}",
    # There must be one first (tests/server/accounts/test_reach.py).
    "DELETE /api/people/{person_id}/sessions/{session_id}",
}
