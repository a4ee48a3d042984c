"""The leak matrix: every way that a paper's content goes out × every kind of reader.

Each paper holds a string of its own that stands nowhere else: in its text, pictures, files, outline, notes, file name,
guess. A reader with the right gets it (so no row is empty); nobody else ever sees it, in no answer's body or headers,
and is answered as `Case` says. New ways of getting at content are one line in `WAYS`.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from server.accounts.actions.links import make_bound_links
from server.accounts.dependencies import COOKIE
from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.documents.models import Paper, PaperVersion
from server.meetings.models import AgendaItem, Meeting
from server.organisations.models import BridgePoint
from tests import builders, library
from tests.builders import MORNING, Province
from tests.conftest import Browsers

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

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
OUTSIDE = frozenset({"admin", "stranger", "district_organiser", "hiep_an_hall", "scoped_elsewhere"})
READERS = MEMBERS | OUTSIDE | {"scoped", "anonymous"}
"""`scoped`: the delegate by a personal link to this meeting; `scoped_elsewhere`: by a link to another one."""
MEMBER_READERS = MEMBERS | {"scoped"}
LATER = MORNING + timedelta(hours=1)

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


@dataclass
class Way:
    """How content goes out. `ask` returns one answer about one paper."""

    name: str
    ask: Callable[[World, httpx2.AsyncClient, Secret], Awaitable[httpx2.Response]]
    shows: Callable[[Secret], str | None] = lambda secret: secret.words
    """What stands in the answer to a reader; None: content is proved otherwise (a 304)."""
    of_all: bool = False
    """Speaks of everything the reader may see (a list, a search): answered with 200 to every member, without what is
    not theirs."""
    outside: int = 404
    """What such a way answers to who does not see the meeting at all."""
    good: int = 200
    takes: bool = False
    """Only for who may take papers away; other readers are told 403."""
    nothing: int = 200
    """What `of_all` answers to who sees the meeting and has no part in it."""


def get(path: str, **more: Any) -> Callable[[World, httpx2.AsyncClient, Secret], Awaitable[httpx2.Response]]:
    """`path` with {meeting}, its {code}, {paper}, {version} (the newest), {older}."""

    async def ask(world: World, client: httpx2.AsyncClient, secret: Secret) -> httpx2.Response:
        places = {
            "meeting": world.meeting.id,
            "code": world.meeting.public_code,
            "paper": secret.paper.id,
            "version": secret.newest.id,
            "folder": secret.newest.folder,
            "older": secret.older.id,
        }
        headers = {name: value.format(**places) for name, value in more.get("headers", {}).items()}
        return await client.get(path.format(**places), headers=headers)

    return ask


def search(
    query: str, *, here: bool = False
) -> Callable[[World, httpx2.AsyncClient, Secret], Awaitable[httpx2.Response]]:
    return get(f"/api/search?limit=100&q={query}" + ("&meeting_id={meeting}" if here else ""))


WAYS = [
    Way("list", get("/api/meetings/{meeting}/papers"), of_all=True),
    Way("version", get("/api/versions/{version}")),
    Way("older version", get("/api/versions/{older}"), lambda secret: secret.older_words),
    Way("text", get("/api/versions/{version}/text?from=1&to=2")),
    Way("older text", get("/api/versions/{older}/text?from=1&to=2"), lambda secret: secret.older_words),
    Way("picture", get("/api/versions/{version}/pages/1/image?width=900")),
    Way("large picture", get("/api/versions/{version}/pages/2/image?width=1800")),
    Way("older picture", get("/api/versions/{older}/pages/1/image"), lambda secret: secret.older_words),
    Way(
        "text the browser has",
        get("/api/versions/{version}/text", headers={"If-None-Match": 'W/"{folder}-text-1-20"'}),
        lambda _: None,
        good=304,
    ),
    Way(
        "picture the browser has",
        get("/api/versions/{version}/pages/1/image", headers={"If-None-Match": '"{folder}-1-900"'}),
        lambda _: None,
        good=304,
    ),
    Way(
        "any picture the browser has",
        get("/api/versions/{older}/pages/1/image", headers={"If-None-Match": "*"}),
        lambda _: None,
        good=304,
    ),
    # copies and packs (what is inside a pack: test_take_away)
    Way("download", get("/api/versions/{version}/download"), takes=True),
    Way("download of the original", get("/api/versions/{version}/download?form=original"), lambda _: None, takes=True),
    Way("pack", get("/api/meetings/{meeting}/pack"), lambda _: None, of_all=True, nothing=409),
    # reading
    Way("search", search("moi"), lambda secret: secret.words.removesuffix("moi"), of_all=True, outside=200),
    Way("search here", search("moi", here=True), lambda secret: secret.words[:-3], of_all=True, outside=200),
    Way("search for older text", search("cu"), lambda _: None, of_all=True, outside=200),
    Way("search for a number", search(MARKER), lambda _: None, of_all=True, outside=200),
    # invitations: the code says where the meeting is, to who may see it, and nothing of what is in it
    Way("the meeting's code", get("/api/m/{code}"), lambda _: None, of_all=True),
    Way("the code as a picture", get("/api/meetings/{meeting}/qr.svg"), lambda _: None, of_all=True),
]


@pytest.fixture
async def world(services: Services, province: Province, browser: Browsers) -> World:
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
    people: dict[str, Person | BridgePoint] = {"guest": guest, "at_duc_trong": elsewhere}
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
    return world


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


def status(case: Case, way: Way, who: str) -> int:
    """What the reader is to be answered."""
    if who == "anonymous":
        return 401
    if way.of_all:
        return way.outside if not sees_the_meeting(who) else 200 if who in MEMBER_READERS else way.nothing
    if told_to(who, case):
        return way.good if may_take(way, who, case) else 403
    told = MEMBER_READERS if case.told is None else case.told
    return case.status if who in told else 404


def sees_the_meeting(who: str) -> bool:
    """A role above or at a member point shows that the meeting is there, and none of its papers."""
    return who in MEMBER_READERS | {"admin", "district_organiser"}


def told_to(who: str, case: Case) -> bool:
    """Content of the paper is for this reader."""
    return case.name != "deleted" and who in case.readers | MANAGERS


def may_take(way: Way, who: str, case: Case) -> bool:
    """Unstamped originals are for managers."""
    return not way.takes or who in MANAGERS or (case.download and "original" not in way.name)


async def test_nothing_leaks(world: World) -> None:
    wrong = []
    for way in WAYS:
        for who in sorted(READERS):
            for case in CASES[:1] if way.of_all else CASES:
                answer = await way.ask(world, world.clients[who], world.secrets[case.name])
                said = f"{way.name} of “{case.name}” by {who}: {answer.status_code} {answer.text[:200]}"
                wrong += [f"{fault}: {said}" for fault in faults(world, way, who, case, answer)]
    assert wrong == [], "\n".join(wrong[:20])


def faults(world: World, way: Way, who: str, case: Case, answer: httpx2.Response) -> Iterator[str]:
    if answer.status_code != status(case, way, who):
        yield f"not {status(case, way, who)}"
    seen = answer.text + str(answer.headers)
    for other in CASES:
        asked = way.of_all or other is case
        shown = way.shows(world.secrets[other.name])
        told = asked and told_to(who, other) and may_take(way, who, other)
        if told and shown is not None and shown not in seen:
            yield f"a reader does not get “{other.name}”"
        if not told and f"{MARKER}{CASES.index(other)}-" in seen:
            yield f"LEAK of “{other.name}”"


async def test_titles_are_listed_to_those_who_are_told(world: World) -> None:
    """What is shut but not secret stands in the list, with its title and no content; the rest does not."""
    for who in sorted(MEMBER_READERS):
        papers = (await world.clients[who].get(f"/api/meetings/{world.meeting.id}/papers")).json()["papers"]
        found = {paper["title"] for paper in papers}
        for case in CASES:
            told = case.listed and who in (MEMBER_READERS if case.told is None else case.told)
            assert (f"Tài liệu {case.name}" in found) == (told_to(who, case) or told), (who, case.name)
