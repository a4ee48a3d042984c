"""What an edit of a meeting means for its conference."""

from sqlalchemy import delete

from server.attendance.checks import check_out
from server.conference.messages import forget_points
from server.conference.models import PointPresence, Stage
from server.conference.state import PRESENT, load
from server.core.transaction import Transaction
from server.meetings.hooks import PointsRemoved
from server.meetings.models import Meeting


async def points_removed(tx: Transaction, meeting: Meeting, what: PointsRemoved) -> None:
    """These points are members no longer: out, off the stage, without floor. Called inside the edit's transaction,
    after the members are gone; the edit's own event tells the sockets."""
    removed = what.points
    rows = PointPresence.meeting_id == meeting.id, PointPresence.point_id.in_(removed)
    gone = await tx.session.scalars(delete(PointPresence).where(*rows).returning(PointPresence))
    check_out(tx, meeting.id, {row.point_id: tx.now for row in gone if row.presence in PRESENT}, "by-hand")
    stage = await tx.session.get(Stage, meeting.id)
    if stage is None:
        return
    conference = await load(tx.session, meeting)
    conference.end_floor(set(removed))
    conference.queue.close_of(removed, "gone", tx.now)
    await forget_points(tx, meeting.id, removed)
    await conference.keep_turns(tx.session, tx.now)
    stage.tiles = [point_id for point_id in stage.tiles if point_id not in removed]
    stage.pinned = [point_id for point_id in stage.pinned if point_id not in removed]
    if stage.stage_point_id in removed:
        stage.stage_point_id = meeting.main_point_id
