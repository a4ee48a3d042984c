"""The job that turns an uploaded file into a version that can be read: fetches it, has it scanned, converts
it, and keeps what comes out. A job that is taken again, after a crash or a restart, does all of it anew."""

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import delete, insert, select, update

from server.conversion import sandbox, virus_scan
from server.conversion.isolation import NotIsolated
from server.conversion.messages import (
    ORIGINAL,
    PAGES,
    RECOGNISED,
    REPORT,
    RESULT,
    ROOTS,
    Message,
    Order,
    Report,
    Step,
)
from server.conversion.refusals import problem
from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.errors import NotFound
from server.core.fields import folded
from server.core.services import Services
from server.jobs.models import Job
from server.jobs.workers import GiveUp, JobKind, Retry
from server.papers.actions import versions
from server.papers.models import Paper, PaperPage, PaperVersion
from server.papers.schemas import ProblemOut

log = structlog.get_logger(__name__)

_PROGRAM = sandbox.CONVERSION
_WRITTEN_EVERY = 0.5
"""Seconds between notes of progress: each is a transaction."""
_OF_THE_HOUR = frozenset({"time", "memory"})
_VERSIONS_ASKED = 5
"""For what they know of their pages."""
_PAGES_AT_ONCE = 20
"""Rows of one transaction: others write in between."""

_FAILED = Message(
    code="failed",
    vi="Máy chủ chưa xử lý được tệp này; tệp của đồng chí vẫn được giữ. Bấm “Thử lại”; nếu vẫn lỗi, báo quản trị.",
    en="The server could not work on this file; the file is kept. Press “Try again”; if it goes on, tell the "
    "administrator.",
)
_NOT_INSTALLED = Message(
    code="not-installed",
    vi="Máy chủ thiếu phần mềm chuyển đổi (LibreOffice hoặc Tesseract). Báo quản trị cài đặt, rồi bấm “Thử lại”.",
    en="The server lacks a program for this (LibreOffice or Tesseract). Ask the administrator to install it, then "
    "press “Try again”.",
)
_SCANNER_AWAY = Message(
    code="scanner-away",
    vi="Phần mềm diệt vi-rút không trả lời nên tệp chưa được nhận. Báo quản trị, rồi bấm “Thử lại”.",
    en="The virus scanner does not answer, so the file was not let in. Tell the administrator, then press “Try again”.",
)
_NOT_ISOLATED = Message(
    code="not-isolated",
    vi="Máy chủ chưa cách ly được phần mềm mở tệp (bubblewrap) nên chưa nhận tệp. Báo quản trị, rồi bấm “Thử lại”.",
    en="The server cannot shut in the programs that open files (bubblewrap), so the file was not let in. Tell the "
    "administrator, then press “Try again”.",
)
_FAILURES = {each.code: each for each in (_NOT_INSTALLED, _NOT_ISOLATED, _SCANNER_AWAY)}


async def process(services: Services, job: Job) -> None:
    version_id = int(job.data["version_id"])
    async with services.database.read() as session:
        version = await session.get(PaperVersion, version_id)
    if version is None or version.state in ("ready", "refused"):
        return
    async with _job_folder(services.settings, version) as folder:
        try:
            await services.storage.fetch(f"{version.folder}/original", folder / ORIGINAL)
        except NotFound:
            raise GiveUp("the original is not in the storage") from None
        await _fetch_recognised(services, version, folder)
        try:
            found = await _work(services, version, folder)
        except BaseException:  # shutting down, too
            await _store_recognised(services, version, folder)
            raise
        if found is None or found.code in _OF_THE_HOUR:
            await _store_recognised(services, version, folder)
        if found is not None:
            # Time and memory may be a matter of the hour: such a paper can be tried again.
            ended = versions.version_failed if found.code in _OF_THE_HOUR else versions.version_refused
            async with services.transactions(SYSTEM) as tx:
                await ended(tx, version_id, _out(found))
            return
        await _keep(services, version, folder)


async def failed(services: Services, job: Job) -> None:
    """No attempt is left. The job's error begins with the code of what people are told."""
    said = _FAILURES.get(job.error.partition(":")[0], _FAILED)
    async with services.transactions(SYSTEM) as tx:
        await versions.version_failed(tx, int(job.data["version_id"]), _out(said))


version_job = JobKind(
    versions.JOB,
    process,
    parallel=lambda services: services.settings.conversion_parallel,
    overtaken_after=timedelta(seconds=30),
    attempts=3,
    first_pause=20,
    given_up=failed,
)
small_version_job = replace(version_job, name=versions.SMALL_JOB, parallel=1)


@asynccontextmanager
async def _job_folder(settings: Settings, version: PaperVersion) -> AsyncIterator[Path]:
    """Empty at first, gone afterwards."""
    folder = (settings.var / "conversion" / version.folder).resolve()
    await asyncio.to_thread(sandbox.clear, folder)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        await asyncio.to_thread(sandbox.clear, folder)


async def _work(services: Services, version: PaperVersion, folder: Path) -> Message | None:
    """The file's problem, or None: everything lies in the folder."""
    settings = services.settings
    if settings.clamd is not None:
        await _note(services, version.id, Step(stage="scan", progress=0.01))
        try:
            if await virus_scan.is_infected(folder / ORIGINAL, settings.clamd):
                return problem("virus")
        except virus_scan.ScannerAway as error:
            raise Retry(f"{_SCANNER_AWAY.code}: {error}", after=timedelta(seconds=30)) from error
    loop = asyncio.get_running_loop()
    noted = 0.0
    try:
        order, isolation = await asyncio.to_thread(_order, settings, version, folder), settings.conversion_isolation
        async with aclosing(sandbox.steps(folder, order, settings.conversion_seconds, _PROGRAM, isolation)) as steps:
            async for step in steps:
                if step.problem is not None:
                    return step.problem
                if step.stage is not None and loop.time() >= noted + _WRITTEN_EVERY:
                    await _note(services, version.id, step)
                    noted = loop.time()
    except sandbox.ConversionFailed as error:
        if "NotInstalled" in str(error):
            raise GiveUp(f"{_NOT_INSTALLED.code}: {error}") from error
        raise Retry(str(error)) from error
    except NotIsolated as error:
        raise GiveUp(f"{_NOT_ISOLATED.code}: {error}") from error
    return None


def _order(settings: Settings, version: PaperVersion, folder: Path) -> Order:
    """With the trusted certificates beside it: the program sees nothing but its folder."""
    roots = None
    if settings.trust_roots is not None:
        (folder / ROOTS).mkdir()
        roots = sorted(settings.trust_roots.glob("*.*"))
        for each in roots:
            shutil.copyfile(each, folder / ROOTS / each.name)
    cores = len(os.sched_getaffinity(0)) // settings.conversion_parallel
    return Order(
        file_name=version.file_name,
        isolated=settings.isolated,
        mark_overruled=any(each["code"] == versions.MARK_OVERRULED for each in version.warnings),
        pages_max=settings.pages_max,
        memory_mb=settings.conversion_memory_mb,
        seconds=settings.conversion_seconds,
        cores=max(1, cores),
        trust_roots=[f"{ROOTS}/{each.name}" for each in roots] if roots is not None else None,
    )


async def _fetch_recognised(services: Services, version: PaperVersion, folder: Path) -> None:
    """What is known of its scanned pages: from an earlier try, or from the version before, most of whose pages are
    often the same."""
    async with services.database.read() as session:
        folders = await session.scalars(
            select(PaperVersion.folder)
            .where(PaperVersion.paper_id == version.paper_id, PaperVersion.number <= version.number)
            .order_by(PaperVersion.number.desc())
            .limit(_VERSIONS_ASKED)
        )
    for each in folders:
        with contextlib.suppress(NotFound):
            await services.storage.fetch(f"{each}/{RECOGNISED}", folder / RECOGNISED)
            return


async def _store_recognised(services: Services, version: PaperVersion, folder: Path) -> None:
    """Not of a file that is refused: nothing of a secret paper stays."""
    made = folder / RECOGNISED
    if not made.is_file():
        return
    async with services.database.read() as session:
        deleted = await session.scalar(select(Paper.deleted_at).where(Paper.id == version.paper_id))
    if deleted is None:
        await services.storage.put(f"{version.folder}/{RECOGNISED}", made)


async def _note(services: Services, version_id: int, step: Step) -> None:
    stage = f"{step.stage} {step.page}" if step.page else step.stage or ""
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(
            update(PaperVersion)
            .where(PaperVersion.id == version_id)
            .values(state="working", stage=stage, progress=step.progress, page_count=step.pages)
        )


async def _keep(services: Services, version: PaperVersion, folder: Path) -> None:
    report = Report.model_validate_json(await asyncio.to_thread((folder / REPORT).read_bytes))
    await services.storage.put_folder(version.folder, folder / RESULT)
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(delete(PaperPage).where(PaperPage.version_id == version.id))
    with (folder / PAGES).open(encoding="utf-8") as file:
        while rows := await asyncio.to_thread(_rows, file, version.id):
            async with services.transactions(SYSTEM) as tx:
                await tx.session.execute(insert(PaperPage), rows)
    async with services.transactions(SYSTEM) as tx:
        row = await tx.session.get(PaperVersion, version.id)
        if row is None:
            return
        row.mime = report.mime
        row.page_count = report.page_count
        row.pdf_size = report.pdf_size
        row.picture_bytes = report.picture_bytes
        row.text_quality = report.text_quality
        row.outline = [entry.model_dump() for entry in report.outline]
        row.page_labels = report.page_labels
        row.signatures = [each.model_dump() for each in report.signatures]
        row.warnings = [each.model_dump() for each in report.warnings]
        row.guess = {name: value for name, value in report.guess.model_dump().items() if value}
        await versions.version_ready(tx, version.id)


def _rows(file: Any, version_id: int) -> list[dict[str, Any]]:
    """The next pages, as rows."""
    rows = []
    for _ in range(_PAGES_AT_ONCE):
        line = file.readline()
        if not line:
            break
        page = json.loads(line)
        rows.append({"version_id": version_id, "folded": folded(page["text"]), **page})
    return rows


def _out(said: Message) -> ProblemOut:
    return ProblemOut(code=said.code, vi=said.vi, en=said.en)
