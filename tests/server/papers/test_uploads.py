"""tus 1.0.0: what its specification asks of a server, rights on every request, and nothing lost when lines break."""

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy import select, update

from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.services import Services
from server.jobs.models import Job
from server.jobs.workers import Workers
from server.meetings.models import AgendaItem, Meeting
from server.papers.models import Paper, PaperVersion, Upload
from server.papers.uploads.receiving import clean_name, clearing
from tests import builders, papers
from tests.builders import Province
from tests.conftest import Browsers, Clock, signed_in
from tests.sockets import LiveServer

TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = {**TUS, "Content-Type": "application/offset+octet-stream"}


def metadata(file_name: str = "Báo cáo.pdf", **others: str) -> str:
    pairs = {"filename": file_name, **others}
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


async def begin(client: httpx2.AsyncClient, meeting: Meeting, size: int, **others: str) -> str:
    answer = await client.post(
        f"/api/meetings/{meeting.id}/uploads",
        headers={**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(**others)},
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["upload-expires"].endswith("GMT")
    return str(answer.headers["location"])


async def send(client: httpx2.AsyncClient, place: str, offset: int, body: bytes, **headers: str) -> httpx2.Response:
    return await client.patch(place, content=body, headers={**CHUNK, "Upload-Offset": str(offset), **headers})


@pytest.fixture
async def meeting(services: Services, province: Province) -> Meeting:
    return await builders.conference(services, province, "invited")


async def test_a_file_comes_in_by_chunks(
    services: Services, browser: Browsers, province: Province, meeting: Meeting, settings: Settings
) -> None:
    client = await browser(province.organiser)
    content = papers.pdf()
    place = await begin(client, meeting, len(content), note="Sửa số liệu")
    answer = await send(client, place, 0, content[:1000])
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, "1000")
    assert answer.headers["tus-resumable"] == "1.0.0"
    asked = await client.head(place, headers=TUS)
    assert (asked.headers["upload-offset"], asked.headers["upload-length"]) == ("1000", str(len(content)))
    assert asked.headers["cache-control"] == "no-store"
    done = await send(client, place, 1000, content[1000:])
    assert done.status_code == 204

    async with services.database.read() as session:
        version = await session.get_one(PaperVersion, int(done.headers["nhipcau-version"]))
        paper = await session.get_one(Paper, int(done.headers["nhipcau-paper"]))
        jobs = list(await session.scalars(select(Job).where(Job.kind.like("version.process%"))))
    assert (paper.title, paper.item_id, version.number, version.note) == ("Báo cáo", None, 1, "Sửa số liệu")
    assert (version.size, version.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert [job.data for job in jobs] == [{"version_id": version.id}]
    assert await services.storage.get(f"{version.folder}/original") == content
    assert list((settings.var / "uploads").iterdir()) == []

    # Lost answers are asked for again: what it became is still told, and nothing is made twice.
    again = await client.head(place, headers=TUS)
    repeated = await send(client, place, 1000, content[1000:])
    for answer in (again, repeated):
        assert answer.headers["nhipcau-version"] == str(version.id)
        assert answer.headers["upload-offset"] == str(len(content))


async def test_versions_and_places(services: Services, browser: Browsers, province: Province, meeting: Meeting) -> None:
    client = await browser(province.organiser)
    async with services.database.read() as session:
        item = (await session.scalars(select(AgendaItem).where(AgendaItem.meeting_id == meeting.id))).first()
    assert item is not None
    first = await send(client, await begin(client, meeting, 3, item_id=str(item.id)), 0, b"one")
    paper_id = first.headers["nhipcau-paper"]
    second = await send(client, await begin(client, meeting, 3, paper_id=paper_id), 0, b"two")
    assert second.headers["nhipcau-paper"] == paper_id
    async with services.database.read() as session:
        versions = list(await session.scalars(select(PaperVersion).order_by(PaperVersion.number)))
        assert [version.number for version in versions] == [1, 2]
        assert (await session.get_one(Paper, int(paper_id))).item_id == item.id


async def test_offsets_that_do_not_fit_are_conflicts(browser: Browsers, province: Province, meeting: Meeting) -> None:
    client = await browser(province.organiser)
    place = await begin(client, meeting, 10)
    assert (await send(client, place, 0, b"12345")).status_code == 204
    for offset in (0, 4, 6, 10):
        answer = await send(client, place, offset, b"x")
        assert (answer.status_code, answer.json()["code"]) == (409, "offset-conflict")
    assert (await client.head(place, headers=TUS)).headers["upload-offset"] == "5"
    too_much = await send(client, place, 5, b"1234567")
    assert too_much.status_code == 413


async def test_what_the_protocol_refuses(browser: Browsers, province: Province, meeting: Meeting) -> None:
    client = await browser(province.organiser)
    where = f"/api/meetings/{meeting.id}/uploads"
    abilities = await client.options(where)
    assert abilities.status_code == 204
    assert abilities.headers["tus-version"] == "1.0.0"
    assert {"creation", "termination", "expiration"} <= set(abilities.headers["tus-extension"].split(","))
    assert abilities.headers["tus-max-size"] == str(200 * 1024 * 1024)

    place = await begin(client, meeting, 10)
    for version in ("", "0.2.2"):
        headers = {**CHUNK, "Upload-Offset": "0", "Tus-Resumable": version}
        answer = await client.patch(place, content=b"1", headers=headers)
        assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")
    wrong_type = await client.patch(
        place, content=b"1", headers={**TUS, "Upload-Offset": "0", "Content-Type": "text/plain"}
    )
    assert wrong_type.status_code == 415
    for offset in ("", "-1", "x", "1e3", "9" * 30, "٣"):
        bytes_of = {name.encode(): value.encode() for name, value in {**CHUNK, "Upload-Offset": offset}.items()}
        bad = await client.patch(place, content=b"1", headers=bytes_of)
        assert bad.status_code == 422, offset
    for headers in (
        {"Upload-Length": "", "Upload-Metadata": metadata()},
        {"Upload-Length": "-5", "Upload-Metadata": metadata()},
        {"Upload-Length": "0", "Upload-Metadata": metadata()},
        {"Upload-Length": "5", "Upload-Metadata": ""},
        {"Upload-Length": "5", "Upload-Metadata": "filename not-base64!"},
        {"Upload-Length": "5", "Upload-Metadata": metadata(item_id="x")},
        {"Upload-Length": "5", "Upload-Metadata": metadata("../..")},
    ):
        bad = await client.post(where, headers=TUS | headers)
        assert bad.status_code == 422, headers
        assert set(bad.json()) == {"code", "vi", "en", "details"}
        assert bad.headers["tus-resumable"] == "1.0.0"
    large = await client.post(
        where, headers={**TUS, "Upload-Length": str(201 * 1024**2), "Upload-Metadata": metadata()}
    )
    assert (large.status_code, large.json()["code"]) == (413, "too-large")
    assert "200 MB" in large.json()["vi"]
    for token in ("x", "a" * 43, "..%2f..%2fnhipcau.db", "%00" * 14):
        assert (await client.head(f"/api/uploads/{token}", headers=TUS)).status_code == 404


async def test_a_checksum_is_held_against_the_chunk(browser: Browsers, province: Province, meeting: Meeting) -> None:
    client = await browser(province.organiser)
    place = await begin(client, meeting, 10)
    right = "sha256 " + base64.b64encode(hashlib.sha256(b"12345").digest()).decode()
    wrong = "sha256 " + base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    damaged = await send(client, place, 0, b"12345", **{"Upload-Checksum": wrong})
    assert (damaged.status_code, damaged.json()["code"]) == (460, "checksum-mismatch")
    assert (await client.head(place, headers=TUS)).headers["upload-offset"] == "0"
    assert (await send(client, place, 0, b"12345", **{"Upload-Checksum": right})).status_code == 204
    assert (await send(client, place, 5, b"12345", **{"Upload-Checksum": "md99 eA=="})).status_code == 422


async def test_termination(browser: Browsers, province: Province, meeting: Meeting, settings: Settings) -> None:
    client = await browser(province.organiser)
    place = await begin(client, meeting, 10)
    await send(client, place, 0, b"123")
    assert (await client.delete(place, headers=TUS)).status_code == 204
    assert (await client.head(place, headers=TUS)).status_code == 404
    assert list((settings.var / "uploads").iterdir()) == []


async def test_rights_are_asked_for_on_every_request(
    services: Services, browser: Browsers, province: Province, meeting: Meeting
) -> None:
    organiser = await browser(province.organiser)
    place = await begin(organiser, meeting, 10)
    for who in (province.chair, province.delegate, province.admin, province.da_sar_hall, None):
        client = await browser(who)
        expected = 404 if who else 401
        assert (await client.head(place, headers=TUS)).status_code == expected
        assert (await send(client, place, 0, b"x")).status_code == expected
        assert (await client.delete(place, headers=TUS)).status_code == expected
    for who, allowed in ((province.chair, True), (province.delegate, False), (province.presenter, False)):
        client = await browser(who)
        answer = await client.post(
            f"/api/meetings/{meeting.id}/uploads",
            headers={**TUS, "Upload-Length": "5", "Upload-Metadata": metadata()},
        )
        assert answer.status_code == (201 if allowed else 403), who.full_name

    presenter = await browser(province.presenter)
    async with services.database.read() as session:
        item = (await session.scalars(select(AgendaItem).where(AgendaItem.presenter_id == province.presenter.id))).one()
    his = await begin(presenter, meeting, 10, item_id=str(item.id))
    assert (await send(presenter, his, 0, b"12345")).status_code == 204
    async with services.transactions(SYSTEM) as tx:  # somebody else presents it now
        await tx.session.execute(update(AgendaItem).where(AgendaItem.id == item.id).values(presenter_id=None))
    refused = await send(presenter, his, 5, b"12345")
    assert refused.status_code in (403, 404)
    async with services.database.read() as session:
        assert list(await session.scalars(select(Paper))) == []


async def test_expired_uploads_are_cleared(
    services: Services, browser: Browsers, province: Province, meeting: Meeting, clock: Clock
) -> None:
    client = await browser(province.organiser)
    settings = services.settings
    place = await begin(client, meeting, 10)
    clock.pass_(hours=13)
    assert (await send(client, place, 0, b"1")).status_code == 204  # a byte, and it is kept longer
    clock.pass_(hours=23)
    assert (await client.head(place, headers=TUS)).status_code == 200
    clock.pass_(hours=2)
    assert (await send(client, place, 1, b"2")).status_code == 410
    for path in (settings.var / "uploads").iterdir():
        os.utime(path, (0, 0))
    assert await Workers(services, [clearing]).run_due() == 1
    assert list((settings.var / "uploads").iterdir()) == []
    async with services.database.read() as session:
        assert list(await session.scalars(select(Upload))) == []


async def test_chunks_up_to_eight_mebibytes_are_let_in(browser: Browsers, province: Province, meeting: Meeting) -> None:
    client = await browser(province.organiser)
    size = 17 * 1024 * 1024
    place = await begin(client, meeting, size)
    chunk = b"\0" * (8 * 1024 * 1024)
    assert (await send(client, place, 0, chunk)).status_code == 204
    assert (await send(client, place, len(chunk), chunk + b"\0")).status_code == 413

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"\0" * 65536

    answer = await client.patch(place, content=endless(), headers={**CHUNK, "Upload-Offset": str(len(chunk))})
    assert answer.status_code == 413


async def test_a_server_killed_after_the_last_byte_finishes_when_asked(
    services: Services, browser: Browsers, province: Province, meeting: Meeting, settings: Settings
) -> None:
    client = await browser(province.organiser)
    place = await begin(client, meeting, 5)
    (settings.var / "uploads" / place.rsplit("/", 1)[1]).write_bytes(b"12345")
    answer = await client.head(place, headers=TUS)
    assert answer.headers["upload-offset"] == "5"
    assert answer.headers["nhipcau-version"]


async def test_a_hanging_line_does_not_hold_the_upload(
    server: LiveServer, services: Services, province: Province, meeting: Meeting
) -> None:
    """The phone moved to another network in the middle of a chunk: the old connection is open, and silent."""
    cookie = await signed_in(services, province.organiser)
    origin = server.origin
    headers = {"X-Nhipcau": "1", "Origin": origin, "Cookie": f"nhipcau_session={cookie}"}
    sent, go_on = asyncio.Event(), asyncio.Event()

    async def half() -> AsyncIterator[bytes]:
        yield b"12345"
        sent.set()
        await go_on.wait()
        yield b"late!"

    async with (
        httpx2.AsyncClient(base_url=origin, headers=headers) as old,
        httpx2.AsyncClient(base_url=origin, headers=headers) as new,
    ):
        place = await begin(new, meeting, 10)
        hanging = asyncio.create_task(old.patch(place, content=half(), headers={**CHUNK, "Upload-Offset": "0"}))
        await sent.wait()
        async with asyncio.timeout(10):
            offset = 0
            while offset < 5:
                offset = int((await new.head(place, headers=TUS)).headers["upload-offset"])
                if offset < 5:
                    await asyncio.sleep(0.05)
            assert (await send(new, place, 5, b"67890")).headers["nhipcau-version"]
        go_on.set()
        with_error = await asyncio.gather(hanging, return_exceptions=True)
        assert isinstance(with_error[0], Exception) or with_error[0].status_code == 409
    async with services.database.read() as session:
        version = (await session.scalars(select(PaperVersion))).one()
    assert await services.storage.get(f"{version.folder}/original") == b"1234567890"


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("C:\\Users\\A\\Báo cáo.pdf", "Báo cáo.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\nc.pdf", "a b c.pdf"),
        ("To\u0302\u0301i.pdf", "Tối.pdf"),
        ("x" * 400 + ".docx", "x" * 295 + ".docx"),
        ("..", ""),
    ],
)
def test_names_are_made_harmless(name: str, clean: str) -> None:
    assert clean_name(name) == clean


async def test_an_answer_that_is_lost_leaves_no_second_upload(
    services: Services, browser: Browsers, province: Province, meeting: Meeting
) -> None:
    """Begun again with the same key, it is the first one, wherever that stands by now; another file needs another."""
    client = await browser(province.organiser)
    head = {**TUS, "Upload-Length": "1000", "Upload-Metadata": metadata(), "Idempotency-Key": "k" * 32}
    first = await client.post(f"/api/meetings/{meeting.id}/uploads", headers=head)
    assert (await send(client, first.headers["location"], 0, b"%PDF-")).status_code == 204
    again = await client.post(f"/api/meetings/{meeting.id}/uploads", headers=head)
    assert (again.status_code, again.headers["location"]) == (201, first.headers["location"])
    assert again.headers["tus-resumable"] == "1.0.0"
    assert (again.headers["upload-offset"], again.headers["upload-expires"]) == ("0", first.headers["upload-expires"])
    async with services.database.read() as session:
        assert len(list(await session.scalars(select(Upload)))) == 1
    other = {**head, "Upload-Metadata": metadata("Khác.pdf")}
    refused = await client.post(f"/api/meetings/{meeting.id}/uploads", headers=other)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-key-reused")
