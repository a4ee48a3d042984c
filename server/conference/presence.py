"""Presence of points: a hall joins, is ready, is lost, comes back, leaves. Each is one transaction with its check, its
audit entry and its event."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from server.attendance.checks import check_in, check_out
from server.audit.actions import record
from server.conference.state import Before, Conference, Hall, load, settle
from server.core.actor import Actor
from server.core.errors import Conflict, NotAllowed
from server.core.transaction import Transaction
from server.meetings.access import meeting_for_write
from server.meetings.rights import rights_of


async def join(tx: Transaction, meeting_id: int, point_ids: Collection[int]) -> None:
    """These halls are connected. Whoever was absent comes in (testing, or ready if the meeting runs), whoever was lost
    is back as what it was; the rest stays. Does nothing while the meeting is not open. Needs the right to represent
    each hall."""
    conference, before = await _represented(tx, meeting_id, point_ids)
    await _join(tx, conference, before, dict.fromkeys(point_ids))


async def join_together(tx: Transaction, meeting_id: int, actors: Mapping[int, Actor]) -> Collection[int]:
    """The same for halls that come at the same moment, each by an actor of its own (hall -> who): one transaction and
    one event for all of them. System only. Returns those whose actor may not represent them; they stay out."""
    if not tx.actor.system:
        raise NotAllowed()
    conference, before = await _loaded(tx, meeting_id)
    rights = await rights_of(tx.session, conference.meeting, list(actors.values()))
    admitted = {
        point_id: actor
        for (point_id, actor), right in zip(actors.items(), rights, strict=True)
        if point_id in right.points
    }
    await _join(tx, conference, before, admitted)
    return actors.keys() - admitted.keys()


async def _join(tx: Transaction, conference: Conference, before: Before, actors: Mapping[int, Actor | None]) -> None:
    if not conference.active:
        return
    halls = [conference.hall(point_id) for point_id in actors]
    joining = [hall for hall in halls if hall.presence == "absent"]
    back = [hall for hall in halls if hall.presence == "lost"]
    for hall in joining:
        hall.become(_on_arrival(conference), tx.now)
    await _came_in(tx, conference, before, "point.joined", [(hall, actors[hall.point_id]) for hall in joining])
    before = Before(conference)
    for hall in back:
        hall.become(hall.before_lost, tx.now)
    await _came_in(tx, conference, before, "point.back", [(hall, actors[hall.point_id]) for hall in back])


async def set_ready(tx: Transaction, meeting_id: int, point_id: int, ready: bool) -> None:
    """The technician says that picture and sound are right (or not yet)."""
    conference, before = await _represented(tx, meeting_id, [point_id])
    hall = conference.hall(point_id)
    wanted = "ready" if ready else "testing"
    if not conference.active or not hall.present:
        raise Conflict(
            "Điểm cầu chưa vào họp, nên chưa báo sẵn sàng được.",
            "The hall is not in the meeting.",
            presence=hall.presence,
        )
    if hall.presence == wanted:
        return
    hall.become(wanted, tx.now)
    await record(tx, "point.ready", "meeting", meeting_id, point_id=point_id, ready=ready)
    await settle(tx, conference, before, "point.ready")


async def leave(tx: Transaction, meeting_id: int, point_id: int) -> None:
    """The hall goes on purpose: it gives up hand, floor, stage and content. Leaving twice changes nothing."""
    conference, before = await _represented(tx, meeting_id, [point_id])
    hall = conference.hall(point_id)
    if hall.presence == "absent":
        return
    if hall.present:
        check_out(tx, meeting_id, {point_id: tx.now}, "live")
    hall.become("absent", tx.now)
    hall.gone()
    conference.queue.close_of({point_id}, "gone", tx.now)
    conference.end_floor({point_id})
    if conference.stage.stage_point_id == point_id != conference.main:
        conference.stage.stage_point_id = conference.main
    await record(tx, "point.left", "meeting", meeting_id, point_id=point_id)
    await settle(tx, conference, before, "point.left")


async def lose(
    tx: Transaction, meeting_id: int, last_heard: Mapping[int, datetime], returns_after: timedelta | None = None
) -> None:
    """The lines of these halls are cut (id -> when they were last heard). They keep hand, floor and stage, so that
    they have them again when they are back; the stage for `returns_after`, if that is given, while the meeting runs.
    System only."""
    if not tx.actor.system:
        raise NotAllowed()
    conference, before = await _loaded(tx, meeting_id)
    lost = [hall for point_id in last_heard if (hall := conference.halls.get(point_id)) is not None and hall.present]
    for hall in lost:
        hall.before_lost = hall.presence
        hall.become("lost", tx.now)
        hall.weak = False
        await record(tx, "point.lost", "meeting", meeting_id, point_id=hall.point_id)
    gone = {hall.point_id: last_heard[hall.point_id] for hall in lost}
    conference.end_content_of(set(gone))
    if returns_after and conference.meeting.state == "running" and conference.stage.stage_point_id in gone:
        conference.stage.returns_at = tx.now + returns_after
    check_out(tx, meeting_id, gone, "lost")
    await settle(tx, conference, before, "point.lost")


async def mark_weak(tx: Transaction, meeting_id: int, weak: Mapping[int, bool]) -> None:
    """The media node finds these halls' lines weak (True) or good again (False). System only; not audited, it is a
    measurement."""
    if not tx.actor.system:
        raise NotAllowed()
    for kind, value in (("point.weak", True), ("point.recovered", False)):
        conference, before = await _loaded(tx, meeting_id)
        for point_id, is_weak in weak.items():
            hall = conference.halls.get(point_id)
            if hall is not None and hall.present and is_weak is value:
                hall.weak = value
        await settle(tx, conference, before, kind)


async def mark_media(tx: Transaction, meeting_id: int, connected: Mapping[int, bool]) -> None:
    """The media node sees these halls' sessions connected (True) or not. System only; not audited, it is a
    measurement."""
    if not tx.actor.system:
        raise NotAllowed()
    conference, before = await _loaded(tx, meeting_id)
    for point_id, there in connected.items():
        hall = conference.halls.get(point_id)
        if hall is None or hall.presence == "absent":
            continue
        if there:
            hall.media = "connected"
        elif hall.media == "connected":
            hall.media = "lost"
    await settle(tx, conference, before, "point.media")


async def note_devices(tx: Transaction, meeting_id: int, point_id: int, *, camera: str, microphone: str) -> None:
    """The hall's page says how its camera and microphone are. Not audited, it is a measurement."""
    conference, before = await _represented(tx, meeting_id, [point_id])
    hall = conference.hall(point_id)
    if hall.presence == "absent":
        return
    hall.camera, hall.microphone = camera, microphone
    await settle(tx, conference, before, "point.devices")


async def _represented(tx: Transaction, meeting_id: int, point_ids: Collection[int]) -> tuple[Conference, Before]:
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not (tx.actor.system or rights.points.issuperset(point_ids)):
        raise NotAllowed()
    conference = await load(tx.session, meeting)
    return conference, Before(conference)


async def _loaded(tx: Transaction, meeting_id: int) -> tuple[Conference, Before]:
    meeting, _rights = await meeting_for_write(tx, meeting_id)
    conference = await load(tx.session, meeting)
    return conference, Before(conference)


async def _came_in(
    tx: Transaction, conference: Conference, before: Before, kind: str, halls: Sequence[tuple[Hall, Actor | None]]
) -> None:
    """`halls`: with whose name it is, if it is not the transaction's."""
    if not halls:
        return
    for hall, actor in halls:
        check_in(tx, conference.meeting.id, hall.point_id, actor=actor)
        await record(tx, kind, "meeting", conference.meeting.id, actor=actor, point_id=hall.point_id)
    await settle(tx, conference, before, kind)


def _on_arrival(conference: Conference) -> str:
    return "ready" if conference.meeting.state == "running" else "testing"
