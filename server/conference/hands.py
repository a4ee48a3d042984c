"""Asking to speak, and the order of those who ask: by halls, by delegates from their own phones, by whoever directs."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.audit.actions import record
from server.conference.floor import directed, give
from server.conference.state import Before, Conference, load, loaded, settle
from server.core.actor import Actor
from server.core.errors import Conflict, NotAllowed
from server.core.transaction import Transaction
from server.meetings.access import meeting_for_write, visible_meeting
from server.meetings.agenda import current_item
from server.meetings.models import Delegate, Meeting
from server.meetings.rights import MeetingRights
from server.speaking.entities import MyRequests
from server.speaking.models import SpeakingRequest, SpeakingRules
from server.speaking.rules import Kind, Rules


class NoHall(Conflict):
    code = "no-hall-to-speak-from"
    vi = "Đồng chí dự trực tuyến, chưa thuộc điểm cầu nào để mời. Nhờ ban tổ chức xếp đồng chí vào một điểm cầu."
    en = "You take part online and sit in no hall that could be called. Ask the organisers to put you into one."


async def raise_by_hall(
    tx: Transaction, meeting_id: int, point_id: int, *, kind: Kind = "speech", topic: str = "", name: str = ""
) -> None:
    """A hall asks to speak. Again: changes what it says, and keeps its place."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if point_id not in rights.points:
        raise NotAllowed()
    await _raise(tx, meeting, point_id, None, kind=kind, topic=topic, name=name)


async def raise_by_delegate(tx: Transaction, meeting_id: int, *, kind: Kind = "speech", topic: str = "") -> None:
    """Somebody on the list of delegates asks to speak from their hall. NoHall for who takes part online."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    point_id, person = await _delegate(tx, rights)
    if point_id is None:
        raise NoHall()
    name = ", ".join(part for part in (person.full_name, person.title) if part)
    await _raise(tx, meeting, point_id, person.id, kind=kind, topic=topic, name=name[:300])


async def withdraw_by_hall(tx: Transaction, meeting_id: int, point_id: int, request_id: int | None = None) -> None:
    """The hall's own request, or one of its delegates'. Withdrawing what does not wait changes nothing."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if point_id not in rights.points:
        raise NotAllowed()
    conference, before = await loaded(tx.session, meeting)
    conference.hall(point_id)
    request = conference.queue.requests.get(request_id) if request_id else conference.queue.own(point_id, None)
    await _close(tx, conference, before, [request] if request and request.point_id == point_id else [], "withdrawn")


async def withdraw_by_delegate(tx: Transaction, meeting_id: int) -> None:
    """A delegate's own request."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not rights.attend or tx.actor.person_id is None:
        raise NotAllowed()
    conference, before = await loaded(tx.session, meeting)
    own = [each for each in conference.queue.requests.values() if each.person_id == tx.actor.person_id]
    await _close(tx, conference, before, own, "withdrawn")


async def dismiss(
    tx: Transaction, meeting_id: int, *, point_id: int | None = None, request_id: int | None = None
) -> None:
    """Takes one request, or all of a hall, off the queue: who directs, or the hall itself."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    conference, before = await loaded(tx.session, meeting)
    request = conference.queue.requests.get(request_id) if request_id is not None else None
    point = request.point_id if request is not None else point_id
    if not (rights.direct or (point is not None and point in rights.points)):
        raise NotAllowed()
    if point_id is not None:
        conference.hall(point_id)
    of_point = conference.queue.of_point(point_id) if point_id is not None and request_id is None else []
    await _close(tx, conference, before, [request] if request else of_point, "dismissed")


async def call(tx: Transaction, meeting_id: int, request_id: int | None = None, *, keep: bool = False) -> None:
    """Gives the floor to who asked: to this one, or to the first whose hall is there."""
    conference, before = await directed(tx, meeting_id)
    queue = conference.queue
    if request_id is None:
        there = [each for each in queue.order() if conference.hall(queue.requests[each].point_id).present]
        if not there:
            raise Conflict(
                "Chưa có ai đăng ký phát biểu mà điểm cầu đang có mặt.", "Nobody waits whose hall is connected."
            )
        request_id = there[0]
    await give(tx, conference, before, queue.request(request_id).point_id, keep=keep, request_id=request_id)


async def move(tx: Transaction, meeting_id: int, request_id: int, before_id: int | None) -> None:
    """Before another one, or to the end (None). From now on all who wait keep their places."""
    conference, before = await directed(tx, meeting_id)
    conference.queue.request(request_id)
    if before_id is not None:
        conference.queue.request(before_id)
    if before_id == request_id:
        return
    conference.queue.move(request_id, before_id)
    if await settle(tx, conference, before, "queue.moved"):
        await record(tx, "queue.moved", "meeting", meeting_id, request_id=request_id)


async def mark(tx: Transaction, meeting_id: int, request_id: int | None) -> None:
    """The next to be called, whatever the order. None: whom the order has."""
    conference, before = await directed(tx, meeting_id)
    if request_id is not None:
        conference.queue.request(request_id)
    for request in conference.queue.requests.values():
        request.marked = request.id == request_id
    if await settle(tx, conference, before, "queue.marked"):
        await record(tx, "queue.marked", "meeting", meeting_id, request_id=request_id)


async def sort(tx: Transaction, meeting_id: int) -> None:
    """Back to the order that the rules make."""
    conference, before = await directed(tx, meeting_id)
    for request in conference.queue.requests.values():
        request.rank, request.marked = None, False
    if await settle(tx, conference, before, "queue.sorted"):
        await record(tx, "queue.sorted", "meeting", meeting_id)


async def set_rules(tx: Transaction, meeting_id: int, rules: Rules) -> None:
    """For whoever directs. Who speaks already keeps the limit that the turn began with."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not rights.direct:
        raise NotAllowed()
    conference, before = await loaded(tx.session, meeting)
    row = await tx.session.get(SpeakingRules, meeting_id)
    if row is None:
        tx.session.add(SpeakingRules(meeting_id=meeting_id, rules=rules.model_dump()))
    else:
        row.rules = rules.model_dump()
    await conference.take_rules(tx.session, rules)
    if await settle(tx, conference, before, "speaking.rules-set"):
        await record(tx, "speaking.rules-set", "meeting", meeting_id)


async def own_requests(session: AsyncSession, meeting_id: int, actor: Actor) -> MyRequests:
    """Of who attends, with their places; of others NotAllowed."""
    meeting, rights = await visible_meeting(session, meeting_id, actor)
    if not rights.attend:
        raise NotAllowed()
    conference = await load(session, meeting)
    own = conference.queue.places().get(actor.person_id or 0, [])
    return MyRequests(meeting_id=meeting_id, requests=own)


async def _raise(
    tx: Transaction, meeting: Meeting, point_id: int, person_id: int | None, *, kind: str, topic: str, name: str
) -> None:
    conference, before = await loaded(tx.session, meeting)
    hall = conference.hall(point_id)
    if not conference.active or not hall.present:
        raise Conflict(
            "Điểm cầu chưa vào họp, nên chưa giơ tay được.", "The hall is not in the meeting.", presence=hall.presence
        )
    queue = conference.queue
    request = queue.own(point_id, person_id)
    if request is None:
        await queue.know_spoken(tx.session)
        request = SpeakingRequest(
            meeting_id=meeting.id,
            point_id=point_id,
            person_id=person_id,
            raised_at=tx.now,
            item_id=await current_item(tx, meeting.id),
            state="waiting",
            marked=False,
        )
        tx.session.add(request)
    request.kind, request.topic, request.name = kind, topic, name
    await tx.session.flush()
    queue.requests[request.id] = request
    if await settle(tx, conference, before, "hand.raised"):
        await record(tx, "hand.raised", "meeting", meeting.id, point_id=point_id, topic=topic, request_id=request.id)


async def _close(
    tx: Transaction, conference: Conference, before: Before, requests: list[SpeakingRequest], state: str
) -> None:
    for request in requests:
        conference.queue.close(request, state, tx.now)
    if await settle(tx, conference, before, "hand.lowered"):
        for request in requests:
            await record(
                tx,
                "hand.lowered",
                "meeting",
                conference.meeting.id,
                point_id=request.point_id,
                request_id=request.id,
                how=state,
            )


async def _delegate(tx: Transaction, rights: MeetingRights) -> tuple[int | None, Person]:
    if rights.delegate_id is None or not rights.attend:
        raise NotAllowed()
    found = await tx.session.execute(
        select(Delegate.point_id, Person)
        .join(Person, Person.id == Delegate.person_id)
        .where(Delegate.id == rights.delegate_id)
    )
    point_id, person = found.one()
    return point_id, person
