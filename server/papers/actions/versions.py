"""Versions of papers: a file comes in, becomes ready, or is refused. What else is done to papers is in `papers`,
who may read them in `readers`."""

import re
import unicodedata
from pathlib import PurePath

from sqlalchemy import func, select

from server.audit.actions import record
from server.conversion.refusals import warning
from server.core.errors import Conflict
from server.core.transaction import Transaction
from server.jobs.actions import enqueue
from server.meetings.access import meeting_for_write
from server.meetings.models import Meeting
from server.papers.access.lookup import paper_for_write, require_upload
from server.papers.hooks import PaperHooks
from server.papers.live import conversion_changed, library_changed
from server.papers.models import Paper, PaperVersion
from server.papers.notices import tell_readers
from server.papers.schemas import MOST_PAPERS, ProblemOut
from server.papers.storage_cleanup import drop_content

JOB, SMALL_JOB = "version.process", "version.process-small"
MARKS_IN_DOUBT = frozenset({"secret-in-body", "secret-guessed"})
MARK_OVERRULED = "mark-overruled"
_SMALL = 1024 * 1024
"""Bytes. A text of fifty pages; a page or two of a scan."""


async def add_version(
    tx: Transaction,
    *,
    meeting_id: int,
    item_id: int | None,
    paper_id: int | None,
    file_name: str,
    size: int,
    sha256: str,
    folder: str,
    note: str = "",
) -> PaperVersion:
    """A file that has come in whole, its bytes stored as `<folder>/original`: the next version of a paper, or the
    first of a new one, titled after the file. The conversion takes it up after the commit."""
    await meeting_for_write(tx, meeting_id)
    await require_upload(tx.session, tx.actor, tx.now, meeting_id=meeting_id, item_id=item_id, paper_id=paper_id)
    paper = await tx.session.get_one(Paper, paper_id) if paper_id is not None else None
    if paper is None:
        paper = await _new_paper(tx, meeting_id, item_id, file_name)
    newest = await tx.session.scalar(select(func.max(PaperVersion.number)).where(PaperVersion.paper_id == paper.id))
    version = PaperVersion(
        paper_id=paper.id,
        number=(newest or 0) + 1,
        note=note[:300],
        file_name=file_name[:300],
        size=size,
        sha256=sha256,
        folder=folder,
        created_at=tx.now,
        created_by=tx.actor.person_id,
        created_by_name=tx.actor.name[:200],
    )
    tx.session.add(version)
    await tx.session.flush()
    await _process(tx, version)
    await record(
        tx, "paper.version-added", "paper", paper.id, version=version.number, file_name=file_name, sha256=sha256
    )
    await conversion_changed(tx, meeting_id, "paper.version-added")
    return version


async def retry(tx: Transaction, paper_id: int) -> Paper:
    """The newest version again, after a failure of ours. Conflict if it has not failed."""
    paper, _meeting = await paper_for_write(tx, paper_id)
    version = await _newest(tx, paper_id)
    if version is None or version.state != "failed":
        raise Conflict(
            "Bản mới nhất của tài liệu này không bị lỗi, nên không cần xử lý lại. Tải lại trang để xem trạng thái.",
            "This paper's newest version has not failed, so there is nothing to try again. Reload to see its state.",
        )
    version.state, version.stage, version.progress, version.problem = "queued", "", 0.0, None
    await _process(tx, version)
    await record(tx, "paper.version-retried", "paper", paper_id, version=version.number)
    await conversion_changed(tx, paper.meeting_id, "paper.version-retried")
    return paper


async def overrule_mark(tx: Transaction, paper_id: int, reason: str) -> Paper:
    """The newest version again, though something like a mark of secrecy stands in its body, or was read from pixels:
    who manages the paper answers for it that it marks nothing, and says why. Conflict if that is not what it was
    refused for: a stamp stays a stamp."""
    paper, _meeting = await paper_for_write(tx, paper_id)
    version = await _newest(tx, paper_id)
    if version is None or version.state != "refused" or (version.problem or {}).get("code") not in MARKS_IN_DOUBT:
        raise Conflict(
            "Tài liệu này không bị dừng vì một chữ chỉ giống dấu mật. Tải lại trang để xem trạng thái.",
            "This paper was not stopped for what may be no mark. Reload to see its state.",
        )
    version.state, version.stage, version.progress, version.problem = "queued", "", 0.0, None
    version.warnings = [warning(MARK_OVERRULED).model_dump()]
    await _process(tx, version)
    await record(tx, "paper.mark-overruled", "paper", paper_id, version=version.number, reason=reason)
    await conversion_changed(tx, paper.meeting_id, "paper.mark-overruled")
    return paper


async def _newest(tx: Transaction, paper_id: int) -> PaperVersion | None:
    found: PaperVersion | None = await tx.session.scalar(
        select(PaperVersion).where(PaperVersion.paper_id == paper_id).order_by(PaperVersion.number.desc()).limit(1)
    )
    return found


async def version_ready(tx: Transaction, version_id: int) -> bool:
    """The conversion has filled the version in: from now on it is what readers get, unless a newer one was faster.
    False if the paper was deleted meanwhile; its files and text are swept away."""
    found = await _locked(tx, version_id)
    if found is None:
        return False
    version, paper = found
    if paper.deleted_at is not None:
        await drop_content(tx, paper.id)
        return False
    version.state, version.stage, version.progress, version.problem = "ready", "", 1.0, None
    version.ready_at = tx.now
    current = await tx.session.get(PaperVersion, paper.current_version_id) if paper.current_version_id else None
    await record(tx, "paper.version-ready", "paper", paper.id, version=version.number, pages=version.page_count)
    if current is not None and current.number > version.number:
        await conversion_changed(tx, paper.meeting_id, "paper.version-ready")
        return True
    paper.current_version_id = version.id
    for renewed in tx.components[PaperHooks].renewed:
        await renewed(tx, paper, version)
    await library_changed(tx, paper.meeting_id, "paper.version-ready")
    if current is not None:
        await tell_readers(tx, paper, "paper.new-version", version=version.number, note=version.note)
    return True


async def version_refused(tx: Transaction, version_id: int, problem: ProblemOut) -> None:
    """The file's own fault; `problem` says what to do."""
    await _ended(tx, version_id, "refused", problem)


async def version_failed(tx: Transaction, version_id: int, problem: ProblemOut) -> None:
    """Ours: it can be tried again."""
    await _ended(tx, version_id, "failed", problem)


async def _ended(tx: Transaction, version_id: int, state: str, problem: ProblemOut) -> None:
    found = await _locked(tx, version_id)
    if found is None:
        return
    version, paper = found
    version.state, version.stage, version.progress = state, "", 0.0
    version.problem = problem.model_dump()
    if paper.deleted_at is not None:
        await drop_content(tx, paper.id)
    await record(tx, f"paper.version-{state}", "paper", paper.id, version=version.number, problem=problem.code)
    await conversion_changed(tx, paper.meeting_id, f"paper.version-{state}")


async def _locked(tx: Transaction, version_id: int) -> tuple[PaperVersion, Paper] | None:
    """With the meeting's row locked; None if all of it was deleted meanwhile."""
    meeting_id = await tx.session.scalar(
        select(Paper.meeting_id)
        .join(PaperVersion, PaperVersion.paper_id == Paper.id)
        .where(PaperVersion.id == version_id)
    )
    if meeting_id is None:
        return None
    await tx.session.get(Meeting, meeting_id, populate_existing=True, with_for_update={"key_share": True})
    version = await tx.session.get(PaperVersion, version_id)
    if version is None:
        return None
    return version, await tx.session.get_one(Paper, version.paper_id, populate_existing=True)


async def _process(tx: Transaction, version: PaperVersion) -> None:
    """Small files have a hand of their own, so that a letter does not wait behind a scanned volume."""
    kind = SMALL_JOB if version.size <= _SMALL else JOB
    owner = "" if version.created_by is None else f"person-{version.created_by}"
    await enqueue(tx, kind, {"version_id": version.id}, subject=f"version-{version.id}", owner=owner)


async def _new_paper(tx: Transaction, meeting_id: int, item_id: int | None, file_name: str) -> Paper:
    here = Paper.meeting_id == meeting_id, Paper.deleted_at.is_(None)
    if (await tx.session.scalar(select(func.count()).select_from(Paper).where(*here)) or 0) >= MOST_PAPERS:
        raise Conflict(
            f"Cuộc họp đã có {MOST_PAPERS} tài liệu. Xóa bớt tài liệu không dùng rồi gửi lại.",
            f"This meeting has {MOST_PAPERS} papers already. Delete some that are not needed, then send again.",
        )
    last = await tx.session.scalar(select(func.max(Paper.position)).where(*here, Paper.item_id == item_id))
    paper = Paper(
        meeting_id=meeting_id,
        item_id=item_id,
        position=0 if last is None else last + 1,
        title=title_of(file_name),
        created_at=tx.now,
        created_by=tx.actor.person_id,
    )
    tx.session.add(paper)
    await tx.session.flush()
    return paper


def title_of(file_name: str) -> str:
    """ "Bao_cao 2026.signed.pdf" -> "Bao cao 2026.signed"."""
    stem = unicodedata.normalize("NFC", PurePath(file_name.replace("\\", "/")).stem)
    visible = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in stem)
    return re.sub(r"[ _]+", " ", visible).strip()[:300] or "Tài liệu"
