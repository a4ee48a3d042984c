"""Taking files out of the storage once nobody may have them any more. A job, asked for in the transaction that deletes
the rows: a crash between the two leaves nothing behind."""

from collections.abc import Collection

from sqlalchemy import delete, select

from server.core.services import Services
from server.core.transaction import Transaction
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.workers import JobKind
from server.papers.models import Pack, Paper, PaperPage, PaperVersion


async def sweep(tx: Transaction, folders: Collection[str]) -> None:
    """These folders are gone soon after the commit."""
    if folders:
        await enqueue(tx, "papers.sweep", {"folders": sorted(folders)})


async def _handle(services: Services, job: Job) -> None:
    for folder in job.data["folders"]:
        await services.storage.delete_folder(folder)


sweeping = JobKind("papers.sweep", _handle)


async def drop_content(tx: Transaction, paper_id: int) -> None:
    """Files and text of all its versions. The versions' rows stay: receipts and the audit log speak of them."""
    versions = select(PaperVersion.id).where(PaperVersion.paper_id == paper_id)
    folders = await tx.session.scalars(select(PaperVersion.folder).where(PaperVersion.paper_id == paper_id))
    await sweep(tx, list(folders))
    await tx.session.execute(delete(PaperPage).where(PaperPage.version_id.in_(versions)))


async def drop_packs(tx: Transaction, meeting_id: int, version_ids: Collection[int]) -> None:
    """Packs of the meeting that hold any of these versions."""
    packs = await tx.session.scalars(select(Pack).where(Pack.meeting_id == meeting_id))
    dropped = [pack for pack in packs if not set(version_ids).isdisjoint(pack.version_ids)]
    await sweep(tx, [pack.folder for pack in dropped if pack.folder])
    for pack in dropped:
        await tx.session.delete(pack)


async def drop_meeting(tx: Transaction, meeting_id: int) -> None:
    """Files of a meeting that is about to be deleted with all its rows."""
    papers = select(Paper.id).where(Paper.meeting_id == meeting_id)
    versions = await tx.session.scalars(select(PaperVersion.folder).where(PaperVersion.paper_id.in_(papers)))
    packs = await tx.session.scalars(select(Pack.folder).where(Pack.meeting_id == meeting_id, Pack.folder != ""))
    await sweep(tx, [*versions, *packs])
