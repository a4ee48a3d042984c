"""From an uploaded file to a version that can be read: the job, its progress, refusals, failures, and restarts."""

import asyncio
import base64
import json
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, update

from server.audit.models import AuditEntry
from server.conversion.messages import RECOGNISED
from server.conversion.virus_scan import ScannerAway, is_infected
from server.core.actor import SYSTEM
from server.core.services import Services
from server.jobs.models import Job
from server.jobs.workers import Workers, beside
from server.papers import processing
from server.papers.actions import versions
from server.papers.models import Paper, PaperPage, PaperVersion
from server.papers.processing import small_version_job, version_job
from tests import builders, hostile, papers
from tests.builders import Province
from tests.conftest import Browsers, Clock

JOBS = [version_job, small_version_job]
Bring = Callable[..., Awaitable[PaperVersion]]


@pytest.fixture
async def bring(services: Services, province: Province) -> Bring:
    """`await bring(content, name)`: an upload that has come in whole."""
    meeting = await builders.conference(services, province, "invited")
    number = 0

    async def bring_in(content: bytes, name: str = "a.pdf", paper_id: int | None = None) -> PaperVersion:
        nonlocal number
        number += 1
        folder = f"{number:032x}"
        await services.storage.put(f"{folder}/original", content)
        async with services.database.read() as session:
            actor = await builders.actor_of(session, province.organiser)
        async with services.transactions(actor) as tx:
            return await versions.add_version(
                tx,
                meeting_id=meeting.id,
                item_id=None,
                paper_id=paper_id,
                file_name=name,
                size=len(content),
                sha256="0" * 64,
                folder=folder,
            )

    return bring_in


async def version_now(services: Services, version: PaperVersion) -> PaperVersion:
    async with services.database.read() as session:
        return await session.get_one(PaperVersion, version.id)


async def test_a_paper_is_made_ready(services: Services, bring: Bring) -> None:
    version = await bring(papers.pdf(3))
    assert await Workers(services, JOBS).run_due() == 1
    ready = await version_now(services, version)
    assert (ready.state, ready.problem, ready.page_count, ready.progress) == ("ready", None, 3, 1.0)
    assert ready.guess["number"] == "12-BC/TU"
    assert len(ready.outline) == 3
    async with services.database.read() as session:
        paper = await session.get_one(Paper, ready.paper_id)
        pages = list(await session.scalars(select(PaperPage).order_by(PaperPage.number)))
    assert paper.current_version_id == version.id
    assert [page.number for page in pages] == [1, 2, 3]
    assert "thực hiện nghị quyết" in pages[0].text.lower()
    assert "thuc hien nghi quyet" in pages[0].folded
    assert pages[0].lines[0][4][0][2] == "ĐẢNG"
    for key in ("original", "reading.pdf", "pages/3-900.webp", "pages/3-1800.webp"):
        assert await services.storage.exists(f"{version.folder}/{key}"), key
    assert await services.storage.size(f"{version.folder}/reading.pdf") == ready.pdf_size
    assert not (services.settings.var / "conversion" / version.folder).exists()


async def test_a_bad_file_is_refused_with_its_sentence(services: Services, bring: Bring) -> None:
    version = await bring(hostile.encrypted_pdf())
    await Workers(services, JOBS).run_due()
    refused = await version_now(services, version)
    assert refused.state == "refused"
    assert refused.problem is not None
    assert refused.problem["code"] == "encrypted"
    assert "mật khẩu" in refused.problem["vi"]
    async with services.database.read() as session:
        assert list(await session.scalars(select(PaperPage))) == []
        assert list(await session.scalars(select(Job).where(Job.kind.like("version.process%")))) == []


async def test_a_failure_of_ours_can_be_tried_again(
    services: Services, province: Province, bring: Bring, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = await bring(papers.pdf())
    monkeypatch.setattr(processing, "_PROGRAM", "tests.server.conversion.no_such_program")
    workers = Workers(services, JOBS)
    for _ in range(version_job.attempts):
        assert await workers.run_due() == 1
        clock.pass_(hours=1)
    failed = await version_now(services, version)
    assert failed.state == "failed"
    assert failed.problem is not None
    assert failed.problem["code"] == "failed"

    monkeypatch.undo()
    async with services.database.read() as session:
        actor = await builders.actor_of(session, province.organiser)
    async with services.transactions(actor) as tx:
        await versions.retry(tx, version.paper_id)
    assert await workers.run_due() == 1
    assert (await version_now(services, version)).state == "ready"


async def test_work_cut_off_by_a_restart_is_done_anew(
    services: Services, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.jobs.workers._GRACE", 0.05)
    monkeypatch.setattr(processing, "_WRITTEN_EVERY", 0.0)
    version = await bring(papers.pdf(30))
    async with beside(JOBS)(services):
        async with asyncio.timeout(60):
            while (await version_now(services, version)).state == "queued":  # noqa: ASYNC110  told by no signal
                await asyncio.sleep(0.02)
    stopped = await version_now(services, version)
    assert stopped.state == "working"
    assert stopped.stage != ""
    async with services.transactions(SYSTEM) as tx:  # a few pages had been kept
        tx.session.add(PaperPage(version_id=version.id, number=2, width=1, height=1, text="of before"))
    assert await Workers(services, JOBS).run_due() == 1
    ready = await version_now(services, version)
    assert (ready.state, ready.page_count) == ("ready", 30)
    async with services.database.read() as session:
        texts = list(await session.scalars(select(PaperPage.text).where(PaperPage.version_id == version.id)))
    assert len(texts) == 30
    assert "of before" not in texts


async def test_a_version_deleted_meanwhile_is_left_alone(services: Services, bring: Bring) -> None:
    version = await bring(papers.pdf())
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(update(PaperVersion).where(PaperVersion.id == version.id).values(state="refused"))
    assert await Workers(services, JOBS).run_due() == 1
    assert (await version_now(services, version)).state == "refused"


# The virus scanner: a socket that speaks clamd's INSTREAM.


@asynccontextmanager
async def clamd(path: Path, answer: bytes) -> AsyncIterator[list[bytes]]:
    received: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(10) == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack("!I", await reader.readexactly(4))[0]:
            content += await reader.readexactly(size)
        received.append(content)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(serve, path)
    async with server:
        yield received


async def test_the_scanner_hears_the_whole_file(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4000
    file = papers.file(tmp_path, "a", content)
    for answer, infected in ((b"stream: OK\0", False), (b"stream: Eicar-Test-Signature FOUND\0", True)):
        async with clamd(tmp_path / f"s{infected}", answer) as received:
            assert await is_infected(file, f"unix:{tmp_path / f's{infected}'}") is infected
        assert received == [content]
    async with clamd(tmp_path / "limit", b"INSTREAM size limit exceeded. ERROR\0"):
        with pytest.raises(ScannerAway, match="size limit"):
            await is_infected(file, f"unix:{tmp_path / 'limit'}")
    for nobody in (f"unix:{tmp_path / 'none'}", "tcp:127.0.0.1:1", "tcp:x:y"):
        with pytest.raises(ScannerAway):
            await is_infected(file, nobody)


async def test_infected_files_and_a_silent_scanner(
    services: Services, bring: Bring, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = Workers(services, JOBS)
    monkeypatch.setattr(services.settings, "clamd", f"unix:{tmp_path / 'clamd'}")
    version = await bring(papers.pdf())
    async with clamd(tmp_path / "clamd", b"stream: Win.Test FOUND\0"):
        await workers.run_due()
    refused = await version_now(services, version)
    assert refused.problem is not None
    assert (refused.state, refused.problem["code"]) == ("refused", "virus")

    (tmp_path / "clamd").unlink(missing_ok=True)
    waiting = await bring(papers.pdf())
    for _ in range(version_job.attempts):
        await workers.run_due()
        clock.pass_(minutes=1)
    failed = await version_now(services, waiting)
    assert failed.problem is not None
    assert (failed.state, failed.problem["code"]) == ("failed", "scanner-away")


async def test_a_word_in_a_table_can_be_overruled_with_a_reason(
    services: Services, province: Province, bring: Bring, browser: Browsers
) -> None:
    """A stamp cannot. The reason stands in the audit log."""
    table = papers.docx(
        ("BÁO CÁO", *[papers.PARAGRAPH] * 3),
        body="<w:tbl>"
        + "".join(
            "<w:tr>" + "".join(f"<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>" for cell in row) + "</w:tr>"
            for row in (("STT", "Văn bản", "Độ"), ("1", "12-BC/TU", "Mật"))
        )
        + "</w:tbl>",
    )
    version = await bring(table, "phu-luc.docx")
    await Workers(services, JOBS).run_due()
    refused = await version_now(services, version)
    assert refused.problem is not None
    assert (refused.state, refused.problem["code"]) == ("refused", "secret-in-body")
    path = f"/api/papers/{version.paper_id}/overrule-mark"
    assert (await (await browser(province.delegate)).post(path, json={"reason": "x"})).status_code in (403, 404)
    organiser = await browser(province.organiser)
    assert (await organiser.post(path, json={"reason": ""})).status_code == 422
    assert (await organiser.post(path, json={"reason": "Cột thống kê, không phải dấu"})).status_code == 200
    await Workers(services, JOBS).run_due()
    ready = await version_now(services, version)
    assert ready.state == "ready"
    assert "mark-overruled" in {each["code"] for each in ready.warnings}
    async with services.database.read() as session:
        entries = list(await session.scalars(select(AuditEntry).where(AuditEntry.action == "paper.mark-overruled")))
    assert [entry.facts["reason"] for entry in entries] == ["Cột thống kê, không phải dấu"]
    stamped = await bring(papers.pdf(mark="TỐI MẬT"))
    await Workers(services, JOBS).run_due()
    assert (await version_now(services, stamped)).problem["code"] == "secret"  # type: ignore[index]
    answer = await organiser.post(f"/api/papers/{stamped.paper_id}/overrule-mark", json={"reason": "nhầm"})
    assert answer.status_code == 409


async def test_a_paper_that_took_too_long_can_be_tried_again(
    services: Services, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = await bring(papers.pdf(), "spin")
    monkeypatch.setattr(processing, "_PROGRAM", "tests.server.conversion.misbehaving")
    monkeypatch.setattr(services.settings, "conversion_seconds", 2)
    await Workers(services, JOBS).run_due()
    late = await version_now(services, version)
    assert (late.state, late.problem["code"]) == ("failed", "time")  # type: ignore[index]


async def test_what_was_read_of_scanned_pages_is_known_to_the_next_version(services: Services, bring: Bring) -> None:
    first = await bring(papers.scan_pdf(1, angle=0), "a.pdf")
    await Workers(services, JOBS).run_due()
    kept = await services.storage.get(f"{first.folder}/{RECOGNISED}")
    assert len(kept) > 1000
    second = await bring(papers.scan_pdf(1, angle=0), "b.pdf", paper_id=first.paper_id)
    # Whether it is asked: what is known says something else of the page than the page does.
    known = [json.loads(line) for line in kept.decode().split("\n") if line]
    text = next(values for _, *values in known if len(values[0]) > 100)
    hocr = zlib.decompress(base64.b64decode(text[0])).replace("Nghị".encode(), "Nghỉ".encode())
    text[0] = base64.b64encode(zlib.compress(hocr)).decode()
    changed = [[key, *(text if len(values[0]) > 100 else values)] for key, *values in known]
    await services.storage.put(f"{first.folder}/{RECOGNISED}", "\n".join(map(json.dumps, changed)).encode())
    await Workers(services, JOBS).run_due()
    async with services.database.read() as session:
        page = await session.scalar(select(PaperPage).where(PaperPage.version_id == second.id))
    assert page is not None
    assert "Nghỉ quyết" in page.text
    assert await services.storage.exists(f"{second.folder}/{RECOGNISED}")


async def test_nothing_of_a_secret_scan_is_kept(services: Services, bring: Bring) -> None:
    version = await bring(papers.scan_pdf(1, angle=0, mark="MẬT"), "a.pdf")
    await Workers(services, JOBS).run_due()
    assert (await version_now(services, version)).state == "refused"
    assert not await services.storage.exists(f"{version.folder}/{RECOGNISED}")


async def test_a_small_paper_does_not_wait_behind_large_ones(services: Services, bring: Bring) -> None:
    """Three that hang hold the hands of large ones; the letter that comes after them has its own."""
    large = [await bring(papers.pdf() + b"%" + b" " * 1_100_000, f"lon-{number}.pdf") for number in range(3)]
    small = await bring(papers.pdf(), "thu.pdf")
    async with services.database.read() as session:
        kinds = {job.data["version_id"]: job.kind for job in await session.scalars(select(Job))}
    assert {kinds[each.id] for each in large} == {"version.process"}
    assert kinds[small.id] == "version.process-small"
    assert await Workers(services, [small_version_job]).run_due() == 1
    assert (await version_now(services, small)).state == "ready"


async def test_who_sends_many_takes_turns_with_others(services: Services, province: Province, bring: Bring) -> None:
    many = [await bring(papers.pdf(), f"{number}.pdf") for number in range(2)]
    async with services.database.read() as session:
        jobs = {job.data["version_id"]: job for job in await session.scalars(select(Job))}
    assert {jobs[each.id].owner for each in many} == {f"person-{province.organiser.id}"}
    assert all(jobs[each.id].run_at <= each.created_at for each in many)
