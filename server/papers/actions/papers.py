"""What is done to a paper itself: facts and place, recall, deletion. Its versions are in `actions`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from server.audit.actions import record
from server.audit.revisions import check_revision
from server.core.errors import Conflict, NotAllowed, NotFound
from server.core.fields import folded
from server.core.transaction import Transaction
from server.papers.access.lookup import item_of, library_for_write, library_of, paper_for_write, require_own_by_link
from server.papers.access.policy_actions import keep_policy
from server.papers.hooks import PaperHooks, narrowed
from server.papers.live import library_changed
from server.papers.models import Paper, PaperVersion
from server.papers.notices import RECALLED, tell_readers
from server.papers.queries import paper as paper_now
from server.papers.schemas import PaperPatch
from server.papers.storage_cleanup import drop_content, drop_packs

_PLACE = ("item_id", "position")
_MAY_BE_EMPTY = ("issued_on", "item_id")


async def edit(tx: Transaction, paper_id: int, patch: PaperPatch, seen: int | None = None) -> Paper:
    """Facts and place. A paper that moves to another item never becomes readable for more people by it: see
    `readers.keep_policy`."""
    paper, _meeting = await paper_for_write(tx, paper_id)
    if patch.model_fields_set:
        await check_revision(tx, paper, seen, "paper.edited", lambda: _as_json(tx, paper_id))
    given = {name: getattr(patch, name) for name in patch.model_fields_set}
    given = {name: value for name, value in given.items() if value is not None or name in _MAY_BE_EMPTY}
    changed = {name: value for name, value in given.items() if getattr(paper, name) != value}
    if not changed:
        return paper
    paper.revision += 1
    if "item_id" in changed:
        await _move(tx, paper, changed["item_id"])
    if not changed.keys().isdisjoint(_PLACE):
        await _place(tx, paper, given.get("position"))
    for name in changed.keys() - set(_PLACE):
        setattr(paper, name, changed[name])
    if "item_id" in changed:
        await narrowed(tx, paper.meeting_id)
    paper.number_folded = folded(paper.number)[:60]
    await _done(tx, paper, "paper.edited", changed=sorted(changed))
    return paper


async def reorder(tx: Transaction, meeting_id: int, paper_ids: Sequence[int]) -> None:
    """The papers in their new order, each within its item; those of an item that are not named come after. NotFound if
    one is not there, NotAllowed if one is not the actor's to manage."""
    _meeting, profile = await library_for_write(tx, meeting_id)
    papers = {paper.id: paper for paper in await _papers(tx, meeting_id)}
    wanted = list(dict.fromkeys(paper_ids))
    if not profile.member or (not profile.manages and not profile.presents):
        raise NotAllowed()
    if not papers.keys() >= set(wanted):
        raise NotFound(
            "Có tài liệu không còn trong cuộc họp. Tải lại trang rồi sắp xếp lại.",
            "One of the papers is no longer there. Reload and arrange them again.",
        )
    if not all(profile.manages_papers_of(papers[paper_id].item_id) for paper_id in wanted):
        raise NotAllowed()
    touched = {papers[paper_id].item_id for paper_id in wanted}
    order = [*wanted, *(paper_id for paper_id in papers if paper_id not in set(wanted))]
    for item_id in touched:
        _number([papers[paper_id] for paper_id in order if papers[paper_id].item_id == item_id])
    await record(tx, "papers.reordered", "meeting", meeting_id, papers=wanted)
    await library_changed(tx, meeting_id, "papers.reordered")


async def recall(tx: Transaction, paper_id: int, reason: str) -> Paper:
    """Withdrawn from every device at once; its readers see that it was, and why. Conflict if it is recalled already."""
    paper, _meeting = await paper_for_write(tx, paper_id)
    require_own_by_link(tx.actor, paper)
    if paper.recalled_at is not None:
        raise Conflict("Tài liệu này đã được thu hồi rồi.", "This paper is recalled already.")
    await tell_readers(tx, paper, RECALLED, reason=reason)
    paper.recalled_at, paper.recalled_by, paper.recall_reason = tx.now, tx.actor.name[:200], reason
    await _withdraw(tx, paper)
    await _done(tx, paper, "paper.recalled", reason=reason)
    return paper


async def restore(tx: Transaction, paper_id: int) -> Paper:
    """Readable again by those who could read it before. Conflict if it is not recalled."""
    paper, _meeting = await paper_for_write(tx, paper_id)
    require_own_by_link(tx.actor, paper)
    if paper.recalled_at is None:
        raise Conflict("Tài liệu này không bị thu hồi.", "This paper is not recalled.")
    paper.recalled_at, paper.recalled_by, paper.recall_reason = None, "", ""
    await _done(tx, paper, "paper.restored")
    return paper


async def delete(tx: Transaction, paper_id: int) -> None:
    """For good: files and text go too, and only the audit log tells of it."""
    paper, _meeting = await paper_for_write(tx, paper_id)
    require_own_by_link(tx.actor, paper)
    paper.deleted_at = tx.now
    await drop_content(tx, paper_id)
    await _withdraw(tx, paper)
    await _done(tx, paper, "paper.deleted", title=paper.title)


async def _as_json(tx: Transaction, paper_id: int) -> Any:
    return (await paper_now(tx.session, paper_id, tx.actor, tx.now)).model_dump(mode="json")


async def _withdraw(tx: Transaction, paper: Paper) -> None:
    """Out of everything that shows it."""
    await drop_packs(tx, paper.meeting_id, await _versions(tx, paper.id))
    for withdrawn in tx.components[PaperHooks].withdrawn:
        await withdrawn(tx, paper)


async def _done(tx: Transaction, paper: Paper, kind: str, **facts: Any) -> None:
    await record(tx, kind, "paper", paper.id, meeting=paper.meeting_id, **facts)
    await library_changed(tx, paper.meeting_id, kind)


async def _versions(tx: Transaction, paper_id: int) -> list[int]:
    return list(await tx.session.scalars(select(PaperVersion.id).where(PaperVersion.paper_id == paper_id)))


async def _papers(tx: Transaction, meeting_id: int) -> list[Paper]:
    found = await tx.session.scalars(
        select(Paper)
        .where(Paper.meeting_id == meeting_id, Paper.deleted_at.is_(None))
        .order_by(Paper.position, Paper.id)
    )
    return list(found)


async def _move(tx: Transaction, paper: Paper, item_id: int | None) -> None:
    """To another item of the same meeting that is the actor's to fill too."""
    if item_id is not None and (await item_of(tx.session, item_id)).meeting_id != paper.meeting_id:
        raise NotFound(
            "Nội dung này không còn trong chương trình. Tải lại trang rồi chọn lại.",
            "This item is no longer on the agenda. Reload and choose again.",
        )
    _, profile = await library_of(tx.session, paper.meeting_id, tx.actor)
    if not profile.manages_papers_of(item_id):
        raise NotAllowed()
    left = paper.item_id
    if left is not None:
        await keep_policy(tx, [paper], left, moved_to=item_id)
    paper.item_id = item_id
    _number([each for each in await _papers(tx, paper.meeting_id) if each.item_id == left])


async def _place(tx: Transaction, paper: Paper, position: int | None) -> None:
    """At this place among the papers of its item; None: as the last."""
    here = [each for each in await _papers(tx, paper.meeting_id) if each.item_id == paper.item_id and each is not paper]
    here.insert(len(here) if position is None else position, paper)
    _number(here)


def _number(papers: Sequence[Paper]) -> None:
    for position, paper in enumerate(papers):
        paper.position = position
