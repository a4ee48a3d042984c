"""The job that builds a pack."""

import uuid
from pathlib import Path

import structlog
from sqlalchemy import select

from server.core.actor import SYSTEM
from server.core.errors import NotFound
from server.core.services import Services
from server.jobs.models import Job
from server.jobs.workers import GiveUp, JobKind, Retry
from server.papers.delivery.personal_copies import NotPrepared, press, press_folder
from server.papers.models import Pack, PaperVersion
from server.papers.packs.actions import JOB, clear_away
from server.papers.storage_cleanup import sweep
from server.pdf.messages import MADE, Made, PackPaper, PressOrder

log = structlog.get_logger(__name__)

_FAILED = {
    "code": "pack-failed",
    "vi": "Máy chủ chưa ghép được bộ tài liệu. Bấm “Tạo bộ tài liệu” để thử lại; nếu vẫn lỗi, báo quản trị.",
    "en": "The server could not put the pack together. Order it again; if it goes on, tell the administrator.",
}


async def _build(services: Services, job: Job) -> None:
    pack_id: int = job.data["pack_id"]
    order = PressOrder.model_validate({"cover": job.data["cover"], "items": job.data["items"]})
    papers = [paper for item in order.items for paper in item.papers]
    async with services.database.read() as session:
        pack = await session.get(Pack, pack_id)
    if pack is None or pack.state == "ready":
        return
    folder = f"pack-{uuid.uuid4().hex}"
    async with press_folder(services) as work:
        try:
            await _fetch(services, papers, work)
            await press(services, work, order)
        except NotFound:
            raise GiveUp("a paper's file is gone") from None
        except NotPrepared as error:
            raise Retry(str(error)) from error
        made = Made.model_validate_json((work / MADE).read_bytes())
        await services.storage.put_folder(folder, work / "result")
    async with services.transactions(SYSTEM) as tx:
        pack = await tx.session.get(Pack, pack_id, with_for_update=True)
        if pack is None:  # a paper was recalled meanwhile
            await sweep(tx, [folder])
            return
        pack.folder, pack.size, pack.page_count = folder, made.size, made.page_count
        pack.state, pack.ready_at = "ready", tx.now
        pack.problem = _left_out([paper for paper in papers if paper.version_id in made.left_out])
        await tx.session.flush()
        await clear_away(tx, pack.meeting_id)


def _left_out(papers: list[PackPaper]) -> dict[str, str] | None:
    """What the pack's readers are told of papers whose files are broken."""
    if not papers:
        return None
    named = "; ".join(paper.title for paper in papers)
    return {
        "code": "papers-left-out",
        "vi": f"Không ghép được vì tệp bị hỏng: {named}. Các tài liệu khác đã có trong bộ.",
        "en": f"Left out because their files are damaged: {named}. All other papers are in the pack.",
    }


async def _fetch(services: Services, papers: list[PackPaper], work: Path) -> None:
    folders = await _folders(services, [paper.version_id for paper in papers])
    for paper in papers:
        if paper.version_id not in folders:
            raise NotFound()
        target = work / f"{paper.version_id}.pdf"
        await services.storage.fetch(f"{folders[paper.version_id]}/reading.pdf", target)


async def _folders(services: Services, version_ids: list[int]) -> dict[int, str]:
    async with services.database.read() as session:
        rows = await session.execute(
            select(PaperVersion.id, PaperVersion.folder).where(PaperVersion.id.in_(version_ids))
        )
        return dict(rows.all())


async def _given_up(services: Services, job: Job) -> None:
    async with services.transactions(SYSTEM) as tx:
        pack = await tx.session.get(Pack, job.data["pack_id"])
        if pack is not None and pack.state != "ready":
            pack.state, pack.problem = "failed", _FAILED


pack_job = JobKind(JOB, _build, attempts=2, first_pause=10, given_up=_given_up)
