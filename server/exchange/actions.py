"""Sending a file in, and what is asked for afterwards; `jobs` does it."""

from sqlalchemy import delete, func, select

from server.audit.actions import record
from server.core.errors import Conflict, Invalid, TooMany
from server.core.transaction import Transaction
from server.exchange import queries
from server.exchange.jobs import KIND
from server.exchange.models import ImportBatch, ImportRow
from server.exchange.plans.planning import admin_paths
from server.exchange.plans.row import Kind
from server.jobs.actions import enqueue
from server.organisations.queries import ids_of

MOST_WAITING = 20
"""Files of one person that are kept whole because they may still be applied."""


class NothingToApply(Conflict):
    vi = "Tệp này không thay đổi gì, hoặc còn dòng chưa đúng. Sửa tệp rồi gửi lại."
    en = "This file changes nothing, or has rows that are not right. Put the file right and send it again."


class NotApplied(Conflict):
    vi = "Lần nhập này không hoàn tác được nữa."
    en = "This import can no longer be undone."


class UnderWay(Conflict):
    vi = "Lần nhập này đang được xử lý. Đợi xong rồi bỏ."
    en = "This import is under way. Wait for it."


class TooManyWaiting(TooMany):
    vi = "Đồng chí còn nhiều tệp chưa áp dụng. Áp dụng hoặc bỏ bớt rồi gửi tiếp."
    en = "Many of your files wait to be applied. Apply or discard some, then send more."


async def send_in(tx: Transaction, kind: Kind, file_name: str, content: bytes) -> ImportBatch:
    """NotAllowed, TooManyWaiting."""
    paths = admin_paths(tx.actor)
    waiting = select(func.count()).where(
        ImportBatch.created_by == tx.actor.person_id, ImportBatch.state.in_(("reading", "ready", "faulty"))
    )
    if (await tx.session.scalar(waiting) or 0) >= MOST_WAITING:
        raise TooManyWaiting()
    if not content:
        raise Invalid.fields({"file": ("Tệp rỗng.", "The file is empty.")})
    batch = ImportBatch(
        kind=kind,
        file_name=file_name,
        content=content,
        scopes=[ids_of(path)[-1] for path in paths],
        scope_id=_common(paths),
        created_at=tx.now,
        created_by=tx.actor.person_id,
    )
    tx.session.add(batch)
    await tx.session.flush()
    await record(tx, "import.sent", "import", batch.id, kind=kind, file=file_name, size=len(content))
    await _ask(tx, batch, "read")
    return batch


async def apply(tx: Transaction, batch_id: int) -> ImportBatch:
    """NothingToApply."""
    batch = await _locked(tx, batch_id)
    if batch.state != "ready" or not batch.added + batch.changed + batch.closed:
        raise NothingToApply()
    batch.state, batch.done, batch.asked_by, batch.problem = "applying", 0, tx.actor.person_id, None
    await _ask(tx, batch, "apply")
    return batch


async def undo(tx: Transaction, batch_id: int) -> ImportBatch:
    """NotApplied."""
    batch = await _locked(tx, batch_id)
    [out] = await queries.outs(tx.session, [batch])
    if batch.state != "applied" or not out.kept:
        raise NotApplied()
    batch.state, batch.done, batch.asked_by, batch.problem = "undoing", 0, tx.actor.person_id, None
    await _ask(tx, batch, "undo")
    return batch


async def discard(tx: Transaction, batch_id: int) -> None:
    """Of a file that was not applied. UnderWay."""
    batch = await _locked(tx, batch_id)
    if batch.state not in ("ready", "faulty", "refused"):
        raise UnderWay()
    await tx.session.execute(delete(ImportRow).where(ImportRow.batch_id == batch.id))
    await tx.session.delete(batch)
    await record(tx, "import.discarded", "import", batch_id, file=batch.file_name)


async def _locked(tx: Transaction, batch_id: int) -> ImportBatch:
    batch = await queries.batch(tx.session, tx.actor, batch_id)
    await tx.session.refresh(batch, with_for_update=True)
    return batch


async def _ask(tx: Transaction, batch: ImportBatch, act: str) -> None:
    await tx.session.flush()
    owner = f"person-{tx.actor.person_id}"
    await enqueue(tx, KIND, {"batch_id": batch.id, "act": act}, subject=f"batch-{batch.id}", owner=owner)


def _common(paths: list[str]) -> int:
    """The lowest unit above all of them."""
    first, *others = [ids_of(path) for path in paths]
    common = first
    for each in others:
        common = [one for one, other in zip(common, each, strict=False) if one == other]
    return common[-1] if common else first[0]


async def person_anonymised(tx: Transaction, person_id: int, _name: str) -> None:
    """Rows of batches hold what a person was called."""
    of_people = select(ImportBatch.id).where(ImportBatch.kind == "people")
    rows = delete(ImportRow).where(ImportRow.subject_id == person_id, ImportRow.batch_id.in_(of_people))
    await tx.session.execute(rows.execution_options(synchronize_session=False))
