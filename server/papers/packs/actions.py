"""Ordering packs, and letting go of those that nobody finds any more."""

from sqlalchemy import select

from server.audit.actions import record
from server.core.actor import Actor
from server.core.errors import Conflict, DomainError
from server.core.transaction import Transaction
from server.jobs.actions import enqueue
from server.meetings.models import Meeting
from server.papers.models import Pack, Paper
from server.papers.packs import queries
from server.papers.packs.contents import Contents
from server.papers.storage_cleanup import sweep

JOB = "pack.build"
_KEPT = 60
"""Of one meeting: as many different sets of papers, newest first."""


class PackNotReady(DomainError):
    code = "pack-not-ready"
    status = 409
    vi = "Bộ tài liệu đang được chuẩn bị hoặc vừa có thay đổi. Bấm “Tạo bộ tài liệu”, đợi ít phút rồi tải lại."
    en = "The pack is being prepared, or its papers have just changed. Order it again and wait a moment."


async def order(tx: Transaction, meeting_id: int, point_id: int | None) -> tuple[Contents, Pack]:
    """The pack with what the actor may take now: one that is there, or a new one that is built soon. Raises as
    `contents`."""
    await tx.session.get(Meeting, meeting_id, with_for_update={"key_share": True})  # two who order take turns
    wanted, pack = await queries.pack(tx.session, meeting_id, tx.actor, tx.now, point_id)
    if pack is None:
        pack = Pack(meeting_id=meeting_id, content_key=wanted.key, created_at=tx.now)
        pack.version_ids = [paper.version_id for paper in wanted.papers]
        tx.session.add(pack)
        await tx.session.flush()
    elif pack.state != "failed":
        if pack.state == "queued" and not pack.shared and pack.ordered_by != _who(tx.actor):
            pack.shared = True
        return wanted, pack
    pack.state, pack.problem, pack.papers_done = "queued", None, 0
    pack.ordered_by, pack.shared = _who(tx.actor), False
    plan = {"cover": wanted.cover.model_dump(), "items": [item.model_dump() for item in wanted.items]}
    await enqueue(tx, JOB, {"pack_id": pack.id, **plan}, subject=f"pack-{pack.id}")
    return wanted, pack


async def cancel(tx: Transaction, meeting_id: int, point_id: int | None) -> Contents:
    """Drops the pack that is being put together; whoever works on it stops soon. Conflict if it is not under way, or if
    others wait for it too and the actor does not lead the papers. Raises as `contents`."""
    await tx.session.get(Meeting, meeting_id, with_for_update={"key_share": True})
    wanted, pack = await queries.pack(tx.session, meeting_id, tx.actor, tx.now, point_id)
    if pack is None or pack.state != "queued":
        raise Conflict(
            "Bộ tài liệu này không còn đang được ghép. Tải lại trang để xem trạng thái.",
            "This pack is no longer being put together. Reload to see its state.",
        )
    if not may_cancel(pack, tx.actor, manages=wanted.manages):
        raise Conflict(
            "Người khác cũng đang đợi bộ tài liệu này, nên máy chủ vẫn ghép tiếp. Có thể đóng trang, không cần đợi.",
            "Others wait for this pack too, so it goes on. You may leave this page.",
        )
    await tx.session.delete(pack)
    await record(tx, "pack.cancelled", "pack", pack.id, meeting_id=meeting_id, point_id=point_id)
    return wanted


def may_cancel(pack: Pack, actor: Actor, *, manages: bool) -> bool:
    return pack.state == "queued" and (manages or (not pack.shared and pack.ordered_by == _who(actor)))


def _who(actor: Actor) -> str:
    return f"person-{actor.person_id}" if actor.person_id is not None else f"point-{actor.point_id}"


async def clear_away(tx: Transaction, meeting_id: int) -> None:
    """Drops packs with a version that was replaced, and the oldest of very many."""
    current = set(
        await tx.session.scalars(
            select(Paper.current_version_id).where(
                Paper.meeting_id == meeting_id, Paper.deleted_at.is_(None), Paper.recalled_at.is_(None)
            )
        )
    )
    packs = await tx.session.scalars(select(Pack).where(Pack.meeting_id == meeting_id).order_by(Pack.id.desc()))
    for place, pack in enumerate(packs):
        if place >= _KEPT or not current.issuperset(pack.version_ids):
            if pack.folder:
                await sweep(tx, [pack.folder])
            await tx.session.delete(pack)
