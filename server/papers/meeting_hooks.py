"""What edits of a meeting mean for its papers. Called by `meetings` inside its own transactions."""

from sqlalchemy import exists, func, select

from server.core.transaction import Transaction
from server.meetings.models import Meeting
from server.papers.access.policy_actions import keep_policy
from server.papers.live import bump
from server.papers.models import Paper
from server.papers.storage_cleanup import drop_meeting


async def items_going(tx: Transaction, meeting: Meeting, item_ids: frozenset[int]) -> None:
    """These agenda items are about to be deleted. Their papers stay with the meeting, after those it has already, and
    readable for nobody new."""
    papers = list(
        await tx.session.scalars(
            select(Paper).where(Paper.item_id.in_(item_ids)).order_by(Paper.item_id, Paper.position, Paper.id)
        )
    )
    for item_id in item_ids:
        await keep_policy(tx, [paper for paper in papers if paper.item_id == item_id], item_id, moved_to=None)
    whole = Paper.meeting_id == meeting.id, Paper.item_id.is_(None)
    last = await tx.session.scalar(select(func.max(Paper.position)).where(*whole))
    for position, paper in enumerate(papers, 0 if last is None else last + 1):
        paper.item_id = None
        paper.position = position
    await tx.session.flush()


async def edited(tx: Transaction, meeting: Meeting) -> None:
    """Another chair, presenter, point or order of the agenda changes who reads what, and where it stands."""
    if await tx.session.scalar(select(exists().where(Paper.meeting_id == meeting.id))):
        await bump(tx.session, meeting.id)


async def deleting(tx: Transaction, meeting: Meeting) -> None:
    """Its rows go with the meeting's; their files after the commit."""
    await drop_meeting(tx, meeting.id)
