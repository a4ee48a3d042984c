"""Directing the conference: who has the floor, who is on stage, the layout of the halls' screens, raised hands.

Floor control is decided here and enforced by the media node, which is told the stage after every commit and forwards
no microphone beside those of the floor.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from server.audit.actions import record
from server.conference.live.entities import Layout
from server.conference.state import Before, Conference, load, loaded, settle
from server.core.errors import Conflict, Invalid, NotAllowed
from server.core.transaction import Transaction
from server.meetings.access import meeting_for_write

MOST_HOLDERS = 3
"""As many as every receiver has slots for sound."""
LONGEST_RECESS = timedelta(days=1)


async def give_floor(
    tx: Transaction, meeting_id: int, point_id: int, *, keep: bool = False, request_id: int | None = None
) -> None:
    """Calls a point: floor and stage in one act. Other holders than the main point lose the floor, unless `keep`.
    `request_id`: who of it asked to speak; else whoever of it would be called first."""
    conference, before = await directed(tx, meeting_id)
    await give(tx, conference, before, point_id, keep=keep, request_id=request_id)


async def give(
    tx: Transaction,
    conference: Conference,
    before: Before,
    point_id: int,
    *,
    keep: bool = False,
    request_id: int | None = None,
) -> None:
    """The same, once it is known that the actor directs."""
    meeting_id = conference.meeting.id
    hall = conference.hall(point_id)
    if not hall.present:
        raise Conflict(
            f"Điểm cầu {hall.name} chưa có mặt. Chờ điểm cầu vào rồi mời lại.",
            "That point is not connected. Call it again when it is.",
            presence=hall.presence,
        )
    if not keep:
        conference.end_floor(set(conference.holders) - {conference.main, point_id})
        _end_clock(conference, conference.main, tx.now)
    conference.give_floor(point_id, tx.now)
    if len(conference.holders) > MOST_HOLDERS:
        raise Conflict(
            f"Đã có {MOST_HOLDERS} điểm cầu đang nói. Kết thúc lượt của một điểm trước.",
            f"{MOST_HOLDERS} points have the floor already. End one of them first.",
            floor=before.stage.model_dump(mode="json")["floor"],
        )
    conference.stage.stage_point_id = point_id
    waiting = conference.queue.of_point(point_id)
    if conference.meeting.state != "running":
        conference.queue.close_of({point_id}, "called", tx.now)
    elif request_id is not None or waiting:
        # Somebody else of the same hall may have spoken until now.
        _end_clock(conference, point_id, tx.now)
        await conference.begin_turn(tx.session, point_id, tx.now, request_id)
    await record(tx, "floor.given", "meeting", meeting_id, point_id=point_id, keep=keep)
    await settle(tx, conference, before, "floor.given")


async def give_floor_to_main(tx: Transaction, meeting_id: int) -> None:
    """The main point speaks too: floor and stage, and nobody loses the floor."""
    meeting, _rights = await meeting_for_write(tx, meeting_id)
    await give_floor(tx, meeting_id, meeting.main_point_id, keep=True)


async def take_floor(tx: Transaction, meeting_id: int, point_id: int) -> None:
    """Ends a point's turn: floor and stage in one act. The stage goes to whom it spoke with and was called last, else
    it returns to the main point."""
    conference, before = await directed(tx, meeting_id)
    conference.hall(point_id)
    end_turn(conference, point_id)
    await record(tx, "floor.taken", "meeting", meeting_id, point_id=point_id)
    await settle(tx, conference, before, "floor.taken")


async def release_floor(tx: Transaction, meeting_id: int, point_id: int) -> None:
    """A hall has said what it had to say. Again: changes nothing. Who answers the roll call has no turn to end."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if point_id not in rights.points:
        raise NotAllowed()
    conference, before = await loaded(tx.session, meeting)
    conference.hall(point_id)
    if point_id not in conference.holders or point_id == conference.answering:
        return
    end_turn(conference, point_id)
    await record(tx, "floor.released", "meeting", meeting_id, point_id=point_id)
    await settle(tx, conference, before, "floor.released")


async def stay(tx: Transaction, meeting_id: int) -> None:
    """The stage waits for the lost hall that is on it, however long that takes."""
    conference, before = await directed(tx, meeting_id)
    if conference.stage.returns_at is None:
        return
    conference.stage.returns_at = None
    await record(tx, "stage.stays", "meeting", meeting_id, point_id=conference.stage.stage_point_id)
    await settle(tx, conference, before, "stage.stays")


async def return_to_main(tx: Transaction, meeting_id: int) -> None:
    """The hall on stage was lost for too long: its turn ends as if somebody had ended it. Does nothing when that is
    no longer so. System only."""
    if not tx.actor.system:
        raise NotAllowed()
    meeting, _rights = await meeting_for_write(tx, meeting_id)
    conference, before = await loaded(tx.session, meeting)
    due, point_id = conference.stage.returns_at, conference.stage.stage_point_id
    if due is None or due > tx.now or point_id is None or not conference.waits_for_stage:
        return
    end_turn(conference, point_id)
    await record(tx, "stage.returned", "meeting", meeting_id, point_id=point_id)
    await settle(tx, conference, before, "stage.returned")


async def mute_all(tx: Transaction, meeting_id: int, *, including_main: bool = False) -> None:
    """Ends the floor of all points but the main one, or of all. The stage stays: silence is not darkness. What is
    shared stays in sight too, and is heard no more, whoever begins it anew from a desk without directing."""
    conference, before = await directed(tx, meeting_id)
    sharing = conference.stage.content
    if including_main or sharing is None or sharing.get("point_id") != conference.main:
        conference.stage.content_muted = True
    conference.end_floor(set(conference.holders) - (set() if including_main else {conference.main}))
    await record(tx, "floor.muted_all", "meeting", meeting_id, including_main=including_main)
    await settle(tx, conference, before, "floor.muted_all")


async def start_recess(tx: Transaction, meeting_id: int, until: datetime | None = None, text: str = "") -> None:
    """The meeting pauses: nobody is heard, shared screens end, and every screen says so, in words of its own (`text`).
    Again: changes both. `until` is announced and ends nothing by itself."""
    conference, before = await directed(tx, meeting_id)
    if conference.meeting.state != "running":
        raise Conflict(
            "Cuộc họp chưa bắt đầu, nên chưa giải lao được.",
            "Only a running meeting pauses.",
            state=conference.meeting.state,
        )
    if until is not None and not tx.now < until <= tx.now + LONGEST_RECESS:
        raise Invalid(
            "Giờ họp tiếp đã qua, hoặc còn xa quá 24 giờ. Nhập giờ khác.",
            "That time has passed, or is more than a day away. Choose another.",
            until=until,
        )
    conference.end_floor(set(conference.holders))
    conference.stage.content = None
    conference.stage.stage_point_id = conference.main
    began = conference.stage.recess["since"] if conference.stage.recess else tx.now.isoformat()
    conference.stage.recess = {"since": began, "until": until.isoformat() if until else None, "text": text}
    await record(tx, "recess.started", "meeting", meeting_id, until=until, text=text)
    await settle(tx, conference, before, "recess.started")


async def end_recess(tx: Transaction, meeting_id: int) -> None:
    """It goes on: the main point has floor and stage. Ending a recess that is over changes nothing."""
    conference, before = await directed(tx, meeting_id)
    if conference.stage.recess is None:
        return
    conference.give_floor(conference.main, tx.now)
    conference.stage.stage_point_id = conference.main
    await record(tx, "recess.ended", "meeting", meeting_id)
    await settle(tx, conference, before, "recess.ended")


async def show(tx: Transaction, meeting_id: int, point_id: int | None) -> None:
    """Puts a point on stage without the floor (a look at a hall); None: the main point again."""
    conference, before = await directed(tx, meeting_id)
    conference.stage.stage_point_id = conference.hall(conference.main if point_id is None else point_id).point_id
    await record(tx, "stage.shown", "meeting", meeting_id, point_id=point_id)
    await settle(tx, conference, before, "stage.shown")


async def set_layout(tx: Transaction, meeting_id: int, layout: Layout, pinned: Sequence[int] | None = None) -> None:
    """The layout of every hall's screen. `pinned`: points for the first small pictures; None keeps what is pinned."""
    conference, before = await directed(tx, meeting_id)
    conference.stage.layout = layout
    if pinned is not None:
        conference.stage.pinned = [conference.hall(point_id).point_id for point_id in dict.fromkeys(pinned)]
    await record(tx, "layout.set", "meeting", meeting_id, layout=layout, pinned=pinned)
    await settle(tx, conference, before, "layout.set")


def _end_clock(conference: Conference, point_id: int, now: datetime) -> None:
    turn = conference.queue.turn_of(point_id)
    if turn is not None:
        conference.queue.end(turn, now)


def end_turn(conference: Conference, point_id: int) -> None:
    conference.end_floor({point_id})
    if conference.stage.stage_point_id == point_id:
        guests = [other for other in conference.holders if other != conference.main and conference.hall(other).present]
        conference.stage.stage_point_id = guests[-1] if guests else conference.main


async def directed(tx: Transaction, meeting_id: int) -> tuple[Conference, Before]:
    """For whoever conducts or operates, while the meeting is open or running."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not rights.direct:
        raise NotAllowed()
    conference = await load(tx.session, meeting)
    if not conference.active:
        raise Conflict(
            "Cuộc họp chưa mở hoặc đã kết thúc.", "The meeting is not open, or it has ended.", state=meeting.state
        )
    return conference, Before(conference)
