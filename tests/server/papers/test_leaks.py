"""The leak matrix: every way that a paper's content goes out × every kind of reader.

Each paper holds a string of its own that stands nowhere else: in its text, pictures, files, outline, notes, file name,
guess. A reader with the right gets it (so no row is empty); nobody else ever sees it, in no answer's body or headers,
and is answered as `Case` says. New ways of getting at content are one line in `WAYS`.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from sqlalchemy import delete, select

from server.core.actor import SYSTEM
from server.core.services import Services
from server.jobs.models import Job
from server.papers.delivery.pages import etag_of
from server.papers.models import Pack
from tests.builders import Province
from tests.conftest import Browsers
from tests.server.conftest import Join
from tests.server.papers.leaking import (
    CASES,
    DEVICES,
    IN_DA_SAR,
    MANAGERS,
    MARKER,
    MEMBER_READERS,
    OUTSIDE,
    READERS,
    Case,
    Secret,
    World,
    make_world,
    may_know,
    told_to,
)

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


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
    only: dict[str, int] = field(default_factory=dict)
    """Who is told something else."""


def get(path: str, **more: Any) -> Callable[[World, httpx2.AsyncClient, Secret], Awaitable[httpx2.Response]]:
    """`path` with {meeting}, its {code}, {paper}, {version} (the newest), {older}."""

    async def ask(world: World, client: httpx2.AsyncClient, secret: Secret) -> httpx2.Response:
        places = {
            "meeting": world.meeting.id,
            "code": world.meeting.public_code,
            "paper": secret.paper.id,
            "version": secret.newest.id,
            "etag": etag_of(secret.newest),
            "da_sar": world.province.da_sar_hall.id,
            "older": secret.older.id,
        }
        headers = {name: value.format(**places) for name, value in more.get("headers", {}).items()}
        return await client.get(path.format(**places), headers=headers)

    return ask


async def notes(world: World, client: httpx2.AsyncClient, secret: Secret) -> httpx2.Response:
    """All of one's own, with the words of the pages that were highlighted."""
    return await client.post("/api/notes/sync", json={"since": 0, "changes": []})


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
        get("/api/versions/{version}/text", headers={"If-None-Match": 'W/"{etag}-text-1-20"'}),
        lambda _: None,
        good=304,
    ),
    Way(
        "picture the browser has",
        get("/api/versions/{version}/pages/1/image", headers={"If-None-Match": '"{etag}-1-900"'}),
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
    # What was marked while a page could be read is given back only as long as it can.
    Way("notes", notes, of_all=True, outside=200, only=dict.fromkeys(DEVICES, 403)),
    Way("notices", get("/api/notices"), lambda _: None, of_all=True, outside=200),
    Way(
        "receipts board",
        get("/api/meetings/{meeting}/receipts?limit=500"),
        lambda _: None,
        of_all=True,
        only=dict.fromkeys(READERS - OUTSIDE - MANAGERS - {"hall_secretary"}, 403)
        | {"admin": 403, "district_organiser": 403, "anonymous": 401},
    ),
    Way(
        "own receipts",
        get("/api/meetings/{meeting}/my-receipts"),
        lambda _: None,
        of_all=True,
        only=dict.fromkeys(DEVICES, 403),
    ),
    Way(
        "print set",
        get("/api/meetings/{meeting}/pack?point_id={da_sar}"),
        lambda _: None,
        of_all=True,
        only=dict.fromkeys(READERS - OUTSIDE - MANAGERS - IN_DA_SAR - {"operator"}, 403)
        | {"delegate": 403, "admin": 403, "district_organiser": 403, "anonymous": 401},
    ),
    # invitations: the code says where the meeting is, to who may see it, and nothing of what is in it
    Way("the meeting's code", get("/api/m/{code}"), lambda _: None, of_all=True),
    Way("the code as a picture", get("/api/meetings/{meeting}/qr.svg"), lambda _: None, of_all=True),
]


@pytest.fixture
async def world(services: Services, province: Province, browser: Browsers) -> World:
    return await make_world(services, province, browser)


def status(case: Case, way: Way, who: str) -> int:
    """What the reader is to be answered."""
    if who == "anonymous":
        return 401
    if who in way.only:
        return way.only[who]
    if way.of_all:
        return way.outside if not sees_the_meeting(who) else 200 if who in MEMBER_READERS else way.nothing
    if told_to(who, case):
        return way.good if may_take(way, who, case) else 403
    told = MEMBER_READERS if case.told is None else case.told
    return case.status if who in told else 404


def sees_the_meeting(who: str) -> bool:
    """A role above or at a member point shows that the meeting is there, and none of its papers."""
    return who in MEMBER_READERS | {"admin", "district_organiser"}


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
        told = asked and who not in way.only and told_to(who, other) and may_take(way, who, other)
        if told and shown is not None and shown not in seen:
            yield f"a reader does not get “{other.name}”"
        if not told and f"{MARKER}{CASES.index(other)}-" in seen:
            yield f"LEAK of “{other.name}”"
        if not may_know(who, other) and f'"Tài liệu {other.name}"' in seen:
            yield f"LEAK of the title of “{other.name}”"


async def test_titles_are_listed_to_those_who_are_told(world: World) -> None:
    """What is shut but not secret stands in the list, with its title and no content; the rest does not."""
    for who in sorted(MEMBER_READERS):
        papers = (await world.clients[who].get(f"/api/meetings/{world.meeting.id}/papers")).json()["papers"]
        found = {paper["title"] for paper in papers}
        for case in CASES:
            assert (f"Tài liệu {case.name}" in found) == may_know(who, case), (who, case.name)


async def test_a_pack_holds_what_its_reader_may_take_away(world: World) -> None:
    """The file itself is made of these versions, and found by who has exactly them."""
    for who in sorted(MEMBER_READERS):
        async with world.services.transactions(SYSTEM) as tx:
            await tx.session.execute(delete(Pack))
        assert (await world.clients[who].get(f"/api/meetings/{world.meeting.id}/pack.pdf")).status_code == 409
        answer = await world.clients[who].post(f"/api/meetings/{world.meeting.id}/pack", json={})
        assert answer.status_code == 200, answer.text
        async with world.services.database.read() as session:
            [pack] = await session.scalars(select(Pack))
            [job] = await session.scalars(select(Job).where(Job.subject == f"pack-{pack.id}"))
        mine = [case for case in CASES if told_to(who, case) and (who in MANAGERS or case.download)]
        if who in MANAGERS:
            mine = [case for case in mine if "recalled_at" not in case.facts]
        assert sorted(pack.version_ids) == sorted(world.secrets[case.name].newest.id for case in mine), who
        for case in CASES:
            assert (f"{MARKER}{CASES.index(case)}-moi" in json.dumps(job.data)) == (case in mine), (who, case.name)


async def test_the_live_channel_says_nothing_of_papers_but_numbers(world: World, join: Join) -> None:
    """Snapshot, events of every kind of change, signals: everybody hears them, so nobody hears a word."""
    province, meeting = world.province, world.meeting
    listeners = [
        await join(meeting.id, province.delegate, "member"),
        await join(meeting.id, province.technician, "member"),
        await join(meeting.id, province.da_sar_hall),
        chair := await join(meeting.id, province.chair, "console"),
    ]
    organiser, name = world.clients["organiser"], MARKER
    hidden, opened = world.secrets["hidden"].paper.id, world.secrets["open"].paper.id
    for method, path, body in (
        ("PATCH", f"/api/papers/{hidden}", {"title": f"{name} nhan đề", "number": f"{name}-1", "issuer": name}),
        ("PUT", f"/api/papers/{hidden}/policy", {"hidden": True, "download": True}),
        ("POST", f"/api/papers/{hidden}/recall", {"reason": f"{name} sai"}),
        ("POST", f"/api/papers/{hidden}/restore", None),
        ("DELETE", f"/api/papers/{hidden}", None),
    ):
        answer = await organiser.request(method, path, json=body)
        assert answer.status_code < 300, answer.text
    await chair.command("page.present", paper_id=opened, page=2)
    for client in listeners:
        await client.until(lambda client=client: client.state["presentation"])  # type: ignore[misc]
        assert hidden in client.state["library"][""]["recalled"]
        heard = json.dumps(client.frames, ensure_ascii=False)
        assert name not in heard
        assert "Tài liệu " not in heard
