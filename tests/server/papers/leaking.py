"""Papers whose contents must not get out, and everybody who might try: for `test_leaks`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2

from server.accounts.actions.links import make_bound_links
from server.accounts.dependencies import COOKIE
from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import AgendaItem, Meeting
from server.organisations.models import BridgePoint
from server.papers.models import Paper, PaperVersion
from server.reading.models import Annotation, AnnotationSequence
from tests import builders, library
from tests.builders import MORNING, Province
from tests.conftest import Browsers

MARKER = "BiMatTuyetDoi"
"""Every paper's secret begins with it."""


@dataclass
class Secret:
    """One paper with a newest and an older version, and the words that only its readers may see."""

    paper: Paper
    newest: PaperVersion
    older: PaperVersion
    words: str
    older_words: str


@dataclass
class Case:
    """A paper whose policy or state shuts some of the readers out."""

    name: str
    readers: frozenset[str]
    """Who gets its content; managers always do."""
    status: int = 404
    """What the others are told who are members of the meeting; everybody else is told 404."""
    told: frozenset[str] | None = None
    """The members who are told `status`; None: all. The rest is told 404."""
    listed: bool = False
    """Its title stands in the list of who is told `status`."""
    policy: Callable[["World"], dict[str, Any]] | None = None
    at_item: bool = False
    """The policy is set at the agenda item."""
    download: bool = False
    """Its readers may take it away."""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class World:
    services: Services
    province: Province
    meeting: Meeting
    other_meeting: Meeting
    items: list[AgendaItem]
    secrets: dict[str, Secret]
    clients: dict[str, httpx2.AsyncClient]


MANAGERS = frozenset({"organiser", "chair", "secretary"})
IN_DA_SAR = frozenset({"delegate", "technician", "hall_secretary", "district_technician", "da_sar_hall"})
MEMBERS = MANAGERS | IN_DA_SAR | {"guest", "operator", "presenter", "main", "lac_duong_hall", "at_duc_trong"}
OUTSIDE = frozenset(
    {"admin", "stranger", "district_organiser", "hiep_an_hall", "scoped_elsewhere", *builders.NEIGHBOURS}
)
READERS = MEMBERS | OUTSIDE | {"scoped", "anonymous"}
"""`scoped`: the delegate by a personal link to this meeting; `scoped_elsewhere`: by a link to another one."""
MEMBER_READERS = MEMBERS | {"scoped"}
DEVICES = frozenset({"main", "lac_duong_hall", "da_sar_hall", "hiep_an_hall", "neighbour_hall"})
LATER = MORNING + timedelta(hours=1)
NAMELESS = DEVICES | {"anonymous", "scoped", "scoped_elsewhere"}

CASES = [
    Case("open", MEMBER_READERS),
    Case("to take away", MEMBER_READERS, policy=lambda _: {"download": True}, download=True),
    Case(
        "branch",
        IN_DA_SAR | {"lac_duong_hall", "scoped"},
        policy=lambda w: {"audience": [{"kind": "unit", "id": w.province.lac_duong.id}]},
    ),
    Case(
        "point",
        IN_DA_SAR | {"scoped"},
        policy=lambda w: {"audience": [{"kind": "point", "id": w.province.da_sar_hall.id}]},
        at_item=True,
    ),
    Case("role", frozenset({"guest"}), policy=lambda _: {"audience": [{"kind": "role", "role": "guest"}]}),
    Case(
        "person",
        frozenset({"at_duc_trong"}),
        policy=lambda w: {"audience": [{"kind": "person", "id": w.clients["at_duc_trong"].person_id}]},  # type: ignore[attr-defined]
    ),
    Case("hidden", frozenset(), policy=lambda _: {"hidden": True, "download": True}),
    Case("hidden by its item", frozenset(), policy=lambda _: {"hidden": True}, at_item=True),
    Case("locked", frozenset(), 403, listed=True, policy=lambda _: {"opens_at": LATER, "download": True}),
    Case(
        "locked, and for some",
        frozenset(),
        403,
        told=IN_DA_SAR | {"scoped"},
        listed=True,
        policy=lambda w: {"opens_at": LATER, "audience": [{"kind": "point", "id": w.province.da_sar_hall.id}]},
    ),
    Case("recalled", frozenset(), 410, listed=True, facts={"recalled_at": MORNING, "recall_reason": "Sai số liệu"}),
    Case(
        "recalled, and for some",
        frozenset(),
        410,
        told=frozenset({"guest"}),
        listed=True,
        policy=lambda _: {"audience": [{"kind": "role", "role": "guest"}]},
        facts={"recalled_at": MORNING, "recall_reason": "Sai số liệu"},
    ),
    Case("deleted", frozenset(), facts={"deleted_at": MORNING}),
]


async def make_world(services: Services, province: Province, browser: Browsers) -> World:
    halls = [province.main, province.lac_duong_hall, province.duc_trong_hall, province.da_sar_hall]
    meeting = await builders.conference(services, province, "running", halls)
    other_meeting = await builders.conference(services, province, "running", [province.main])
    async with services.transactions(SYSTEM) as tx:
        guest = await builders.person(tx.session, province.root, "Khách Mời")
        elsewhere = await builders.person(tx.session, province.hiep_an, "Dự Nơi Khác")
        for each in (meeting, other_meeting):
            await library.delegate(tx.session, each, province.delegate, province.da_sar_hall)
        await library.delegate(tx.session, meeting, guest, None, "guest")
        await library.delegate(tx.session, meeting, elsewhere, province.duc_trong_hall)
        # One item for each paper, so that a policy at an item is about one paper.
        items = [
            AgendaItem(meeting_id=meeting.id, position=9 + n, title=f"Mục {n}", minutes=5) for n in range(len(CASES))
        ]
        tx.session.add_all(items)
        await tx.session.flush()
    world = World(services, province, meeting, other_meeting, items, {}, {})
    neighbour = await builders.neighbour(services)
    people: dict[str, Person | BridgePoint] = {"guest": guest, "at_duc_trong": elsewhere, **neighbour.who}
    for who in READERS - {"anonymous", "scoped", "scoped_elsewhere"}:
        owner = people.get(who) or getattr(province, who)
        world.clients[who] = await browser(owner)
        world.clients[who].person_id = owner.id  # type: ignore[attr-defined]
    world.clients["anonymous"] = await browser()
    for who, where in (("scoped", meeting), ("scoped_elsewhere", other_meeting)):
        world.clients[who] = await browser()
        await come_by_link(services, world.clients[who], province.delegate, where)
    for case, item in zip(CASES, items, strict=True):
        world.secrets[case.name] = await secret(world, case, item)
    await mark(world)
    reminded = await world.clients["organiser"].post(f"/api/meetings/{meeting.id}/reminders", json={})
    assert reminded.json()["in_app"] == 3, "the delegate, the guest, and who is expected elsewhere"
    return world


async def mark(world: World) -> None:
    """Everybody has highlighted a page of every paper, whenever that was."""
    people = {client.person_id for who, client in world.clients.items() if who not in NAMELESS}  # type: ignore[attr-defined]
    async with world.services.transactions(SYSTEM) as tx:
        for person_id in people:
            tx.session.add(AnnotationSequence(person_id=person_id, seq=len(CASES)))
            for seq, each in enumerate(world.secrets.values(), 1):
                body = {"rects": [[0.1, 0.1, 0.5, 0.1]], "text": each.words, "color": "vang"}
                place = {"paper_id": each.paper.id, "version_id": each.newest.id, "page": 1}
                times = {"written_at": MORNING, "updated_at": MORNING}
                tx.session.add(
                    Annotation(
                        person_id=person_id, id=str(uuid4()), seq=seq, kind="highlight", body=body, **place, **times
                    )
                )


async def come_by_link(services: Services, client: httpx2.AsyncClient, who: Person, meeting: Meeting) -> None:
    async with services.transactions(SYSTEM) as tx:
        made = await make_bound_links(
            tx, meeting.id, [who.id], next_path="/", expires_at=services.clock() + timedelta(days=1)
        )
    answer = await client.post("/api/session/link", json={"token": made[who.id].path.removeprefix("/join/")})
    assert answer.status_code == 200, answer.text
    assert client.cookies.get(COOKIE)


async def secret(world: World, case: Case, item: AgendaItem) -> Secret:
    number = CASES.index(case)
    words, older_words = f"{MARKER}{number}-moi", f"{MARKER}{number}-cu"
    async with world.services.transactions(SYSTEM) as tx:
        paper = await library.paper(
            tx.session,
            world.meeting,
            f"Tài liệu {case.name}",
            item=item,
            text=older_words,
            number=words,
            issuer=words,
            **case.facts,
        )
        older = await tx.session.get_one(PaperVersion, paper.current_version_id)
        newest = await library.version(tx.session, paper, words)
        if case.policy is not None:
            await library.policy(tx.session, world.meeting, item if case.at_item else paper, **case.policy(world))
    await library.store(world.services, older, older_words)
    await library.store(world.services, newest, words)
    await library.store_stampable(world.services, newest, words)
    return Secret(paper, newest, older, words, older_words)


def told_to(who: str, case: Case) -> bool:
    """Content of the paper is for this reader."""
    return case.name != "deleted" and who in case.readers | MANAGERS


def may_know(who: str, case: Case) -> bool:
    """That there is such a paper: its title is listed."""
    told = MEMBER_READERS if case.told is None else case.told
    return told_to(who, case) or (case.listed and who in told)
