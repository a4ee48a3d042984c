"""Sharing a screen or window: one at a time."""

from collections.abc import Callable
from datetime import datetime

from server.audit.actions import record
from server.conference.state import Before, Conference, load, loaded, settle
from server.core.errors import Conflict, NotAllowed
from server.core.transaction import Transaction
from server.meetings.access import meeting_for_write
from server.meetings.agenda import require_own_item
from server.meetings.rights import MeetingRights


async def start(
    tx: Transaction,
    meeting_id: int,
    participant: str,
    *,
    point_id: int | None = None,
    again: str | None = None,
    connected: Callable[[str], bool] = lambda _participant: True,
) -> None:
    """`participant` shows its content to all. Allowed: presenters while the agenda is at their item and who conducts
    or operates, from their own desk; a hall (`point_id`) while it holds the floor. Whoever directs takes over from
    another; for the rest it is a Conflict while somebody shares who is still `connected`.

    `again`: the client shared under that name before its line broke. It goes on as it was, and is a Conflict once that
    is no longer what is shown: what was stopped or replaced meanwhile stays so."""
    conference, rights = await _active(tx, meeting_id)
    before = Before(conference)
    if point_id is None:
        allowed, name = rights.present, tx.actor.name
    else:
        allowed = point_id in rights.points and point_id in conference.holders
        name = conference.hall(point_id).name
    if not allowed:
        raise NotAllowed()
    sharing = conference.stage.content
    if sharing is not None and sharing["participant"] == participant:
        return
    if again is not None and (sharing is None or sharing["participant"] != again):
        raise Conflict(
            "Phần chia sẻ này đã được ngừng. Nếu cần, đồng chí chia sẻ lại.",
            "This share was stopped. Share again if it is needed.",
        )
    if point_id is None and again is None and not rights.direct:
        await require_own_item(tx, meeting_id)
    if sharing is not None and not rights.direct and connected(sharing["participant"]):
        raise Conflict(
            f"{sharing['name']} đang trình chiếu. Chờ kết thúc rồi chia sẻ.",
            "Somebody else is sharing. Wait until they stop.",
            participant=sharing["participant"],
        )
    conference.stage.content = _content(participant, name, point_id, tx.now)
    if again is None and (rights.direct or point_id is not None):
        # A hall shares by right of the floor, which somebody gave it since.
        conference.stage.content_muted = False
    await record(tx, "content.started", "meeting", meeting_id, participant=participant, point_id=point_id)
    await settle(tx, conference, before, "content.started")


async def set_sound(tx: Transaction, meeting_id: int, on: bool) -> None:
    """Whether the sound of what is shared is heard. For who directs."""
    conference, rights = await _active(tx, meeting_id)
    if not rights.direct:
        raise NotAllowed()
    before = Before(conference)
    conference.stage.content_muted = not on
    if await settle(tx, conference, before, "content.sound"):
        await record(tx, "content.sound", "meeting", meeting_id, on=on)


async def stop(tx: Transaction, meeting_id: int, participant: str) -> None:
    """`participant` stops sharing; whoever directs stops anybody's. Nothing shared: nothing to do."""
    conference, rights = await _active(tx, meeting_id)
    before = Before(conference)
    sharing = conference.stage.content
    directs = rights.direct
    if sharing is None:
        if not (directs or rights.present or rights.points):
            raise NotAllowed()
        return
    if sharing["participant"] != participant and not directs:
        raise NotAllowed()
    await _end(tx, conference, before)


async def abandon(tx: Transaction, meeting_id: int, participant: str) -> None:
    """The participant that shares is gone. System only."""
    if not tx.actor.system:
        raise NotAllowed()
    meeting, _rights = await meeting_for_write(tx, meeting_id)
    conference, before = await loaded(tx.session, meeting)
    sharing = conference.stage.content
    if sharing is not None and sharing["participant"] == participant:
        await _end(tx, conference, before)


async def _end(tx: Transaction, conference: Conference, before: Before) -> None:
    conference.stage.content = None
    await record(tx, "content.stopped", "meeting", conference.meeting.id)
    await settle(tx, conference, before, "content.stopped")


async def _active(tx: Transaction, meeting_id: int) -> tuple[Conference, MeetingRights]:
    meeting, rights = await meeting_for_write(tx, meeting_id)
    conference = await load(tx.session, meeting)
    if not conference.active:
        raise Conflict(
            "Cuộc họp chưa mở hoặc đã kết thúc.", "The meeting is not open, or it has ended.", state=meeting.state
        )
    return conference, rights


def _content(participant: str, name: str, point_id: int | None, now: datetime) -> dict[str, object]:
    return {"participant": participant, "name": name, "point_id": point_id, "since": now.isoformat()}
