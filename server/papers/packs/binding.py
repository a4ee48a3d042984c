"""The job that builds a pack, volume by volume: what is done is kept, so that a server that ends meanwhile goes on from
there."""

import asyncio
import shutil
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from sqlalchemy import select, update

from server.conversion.messages import Step
from server.core.actor import SYSTEM
from server.core.errors import NotFound
from server.core.services import Services
from server.jobs.models import Job
from server.jobs.parts import JobLost, note_progress
from server.jobs.workers import GiveUp, JobKind, Retry
from server.papers.delivery.personal_copies import NotPrepared, press, press_folder
from server.papers.models import Pack, PaperVersion
from server.papers.packs.actions import JOB, clear_away
from server.papers.packs.volumes import divided, named
from server.papers.storage_cleanup import sweep
from server.pdf.messages import MADE, Made, PackItem, PackPaper, PressOrder

log = structlog.get_logger(__name__)

_WRITTEN_EVERY = 1.0
"""Seconds between two notes of how far it is."""
_COPIES = 3
"""Of a volume's papers, on the disk at the same time: as they are, merged, and the volume."""
_NO_ROOM = "no-room"
_PROBLEMS = {
    _NO_ROOM: {
        "code": "pack-no-room",
        "vi": "Máy chủ không còn đủ chỗ trên đĩa để ghép bộ tài liệu. Báo quản trị giải phóng đĩa, rồi bấm “Thử lại”.",
        "en": "The server's disk has no room left for this pack. Ask the administrator to free some, then try again.",
    }
}
_FAILED = {
    "code": "pack-failed",
    "vi": "Máy chủ chưa ghép được bộ tài liệu. Bấm “Thử lại”; nếu vẫn lỗi, báo quản trị.",
    "en": "The server could not put the pack together. Try again; if it goes on, tell the administrator.",
}


class _CalledOff(Exception):
    """Nobody wants it any more, or a paper of it was recalled."""


async def _build(services: Services, job: Job) -> None:
    pack_id: int = job.data["pack_id"]
    order = PressOrder.model_validate({"cover": job.data["cover"], "items": job.data["items"]})
    async with services.database.read() as session:
        pack = await session.get(Pack, pack_id)
    if pack is not None and pack.state == "ready":
        return
    if "folder" not in job.data:
        async with services.transactions(SYSTEM) as tx:
            await note_progress(tx, job, folder=f"pack-{uuid.uuid4().hex}", made=[])
    try:
        await _all_volumes(services, job, order)
    except _CalledOff:
        async with services.transactions(SYSTEM) as tx:
            await sweep(tx, [job.data["folder"]])
        return
    except JobLost:
        return
    except NotFound:
        raise GiveUp("a paper's file is gone") from None
    except NotPrepared as error:
        raise Retry(str(error)) from error
    await _done(services, job, order)


async def _all_volumes(services: Services, job: Job, order: PressOrder) -> None:
    versions = await _versions(services, [paper.version_id for item in order.items for paper in item.papers])
    sizes = {version_id: size for version_id, (_, size) in versions.items()}
    volumes = divided(order.items, sizes, services.settings.pack_volume_mb * 1024 * 1024)
    assert order.cover is not None  # noqa: S101  packs have one
    before = 0
    for number, items in enumerate(volumes, start=1):
        papers = [paper for item in items for paper in item.papers if not paper.volume]
        if number > len(job.data["made"]):
            tell = _progress(services, job.data["pack_id"], before, len(papers))
            await tell(Step())
            volume = order.model_copy(update={"cover": named(order.cover, number, len(volumes)), "items": items})
            made = await _volume(
                services,
                volume,
                {each.version_id: versions[each.version_id] for each in papers},
                f"{job.data['folder']}/{number}",
                tell,
            )
            async with services.transactions(SYSTEM) as tx:
                bound = [each.version_id for each in papers if each.version_id not in made.left_out]
                row = {**made.model_dump(), "version_ids": bound}
                await note_progress(tx, job, made=[*job.data["made"], row])
        before += len(papers)


async def _volume(
    services: Services,
    order: PressOrder,
    papers: dict[int, tuple[str, int]],
    folder: str,
    tell: Callable[[Step], Awaitable[None]],
) -> Made:
    needed = _COPIES * sum(size for _, size in papers.values()) + services.settings.disk_reserve_mb * 1024 * 1024
    if (await asyncio.to_thread(shutil.disk_usage, services.settings.var)).free < needed:
        raise GiveUp(f"{_NO_ROOM}: {needed} bytes are needed")
    async with press_folder(services) as work:
        for version_id, (source, _) in papers.items():
            await services.storage.fetch(f"{source}/reading.pdf", work / f"{version_id}.pdf")
        await press(services, work, order, tell)
        made = Made.model_validate_json((work / MADE).read_bytes())
        await services.storage.put_folder(folder, work / "result")
    return made


def _progress(services: Services, pack_id: int, before: int, papers: int) -> Callable[[Step], Awaitable[None]]:
    """Notes how many papers are done, a volume's last one when that is stored; _CalledOff once it is not wanted."""
    written = -_WRITTEN_EVERY

    async def tell(step: Step) -> None:
        nonlocal written
        if time.monotonic() < written + _WRITTEN_EVERY:
            return
        written = time.monotonic()
        async with services.transactions(SYSTEM) as tx:
            done = before + min(int(step.progress * papers), max(papers - 1, 0))
            noted = update(Pack).where(Pack.id == pack_id).values(papers_done=done)
            if await tx.session.scalar(noted.returning(Pack.id)) is None:
                raise _CalledOff

    return tell


async def _done(services: Services, job: Job, order: PressOrder) -> None:
    made: list[dict[str, Any]] = job.data["made"]
    left_out = {version_id for volume in made for version_id in volume["left_out"]}
    async with services.transactions(SYSTEM) as tx:
        pack = await tx.session.get(Pack, job.data["pack_id"], with_for_update=True)
        if pack is None:  # a paper was recalled meanwhile
            await sweep(tx, [job.data["folder"]])
            return
        pack.folder = job.data["folder"]
        pack.volumes = [{name: volume[name] for name in ("size", "page_count", "version_ids")} for volume in made]
        pack.size = sum(volume["size"] for volume in made)
        pack.page_count = sum(volume["page_count"] for volume in made)
        pack.state, pack.ready_at = "ready", tx.now
        pack.papers_done = sum(len(item.papers) for item in order.items)
        pack.problem = _left_out(order.items, left_out)
        await tx.session.flush()
        await clear_away(tx, pack.meeting_id)


def _left_out(items: list[PackItem], versions: set[int]) -> dict[str, str] | None:
    """What the pack's readers are told of papers whose files are broken."""
    papers: list[PackPaper] = [paper for item in items for paper in item.papers if paper.version_id in versions]
    if not papers:
        return None
    named = "; ".join(paper.title for paper in papers)
    return {
        "code": "papers-left-out",
        "vi": f"Không ghép được vì tệp bị hỏng: {named}. Các tài liệu khác đã có trong bộ.",
        "en": f"Left out because their files are damaged: {named}. All other papers are in the pack.",
    }


async def _versions(services: Services, version_ids: list[int]) -> dict[int, tuple[str, int]]:
    """Version id -> folder, and bytes of the file that is bound. NotFound if one is gone."""
    async with services.database.read() as session:
        rows = await session.execute(
            select(PaperVersion.id, PaperVersion.folder, PaperVersion.pdf_size).where(PaperVersion.id.in_(version_ids))
        )
        found = {version_id: (folder, size) for version_id, folder, size in rows}
    if len(found) < len(set(version_ids)):
        raise NotFound()
    return found


async def _given_up(services: Services, job: Job) -> None:
    async with services.transactions(SYSTEM) as tx:
        pack = await tx.session.get(Pack, job.data["pack_id"])
        if "folder" in job.data:
            await sweep(tx, [job.data["folder"]])
        if pack is not None and pack.state != "ready":
            pack.state, pack.problem = "failed", _PROBLEMS.get(job.error.partition(":")[0], _FAILED)


pack_job = JobKind(JOB, _build, attempts=2, first_pause=10, given_up=_given_up)
