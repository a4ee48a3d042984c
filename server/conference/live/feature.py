"""What the conference hands to the live channel. Commands that concern the media node; the rest is in `commands`."""

from sqlalchemy.ext.asyncio import AsyncSession

from media.contract import View
from server.audit.actions import record
from server.conference import messages, roll_call
from server.conference.live.audiences import CONSOLE, EVERYONE
from server.conference.live.commands import COMMANDS
from server.conference.live.entities import (
    MessageEntity,
    PointEntity,
    RollAnswerEntity,
    RollCallEntity,
    StageEntity,
)
from server.conference.nodes.desired_state import hall_name
from server.conference.nodes.line_quality import LinksSignal, PointLink
from server.conference.nodes.registry import DemandSignal, MediaNodeSignal, MediaSessionSignal, Nodes
from server.conference.schemas import (
    DESK_PUBLICATIONS,
    HALL_PUBLICATIONS,
    SLOTS,
    MediaAnswer,
    MediaClose,
    MediaOffer,
    ViewSet,
)
from server.conference.state import load
from server.conference.watching import WatchingSignal
from server.core.errors import Invalid, NotAllowed, NotFound
from server.live.feature import Call, LiveCommand, LiveFeature, NoData
from server.live.protocol import Wire
from server.live.viewer import Viewer
from server.meetings.access import visible_meeting
from server.meetings.models import Meeting
from server.speaking.entities import MyRequests
from server.speaking.queue import COLLECTIONS


async def entities(session: AsyncSession, meeting_id: int) -> dict[str, dict[str, Wire]]:
    """Collections `points`, `stage`, and those of speaking. NotFound if there is no such meeting."""
    meeting = await session.get(Meeting, meeting_id)
    if meeting is None:
        raise NotFound()
    conference = await load(session, meeting)
    await conference.queue.know_spoken(session)
    return {
        **conference.queue.entities(),
        **await roll_call.entities(session, meeting_id),
        messages.COLLECTION: {**await messages.entities(session, meeting_id)},
        "points": {str(hall.point_id): conference.point_entity(hall) for hall in conference.halls.values()},
        "stage": {"": conference.stage_entity()},
    }


def visible(collection: str, key: str, viewer: Viewer) -> bool:
    """Everybody sees the stage and whose clock runs; consoles see everything, a hall the queue, how far
    the roll call is, and what is its own."""
    if collection in ("stage", "speaking") or viewer.audience == "console" or key.startswith(f"{messages.EVERYBODY}:"):
        return True
    return viewer.audience == "hall" and (
        collection in ("queue", roll_call.COLLECTION) or key.split(":", maxsplit=1)[0] == str(viewer.point_id)
    )


def feature(nodes: Nodes) -> LiveFeature:
    async def offer(call: Call, data: MediaOffer) -> MediaAnswer:
        await _check_offer(call, data)
        sdp, boot = await nodes.offer(
            call.client, session=data.session, sdp=data.sdp, publish=data.publish, slots=data.slots
        )
        return MediaAnswer(sdp=sdp, boot=boot)

    async def close(call: Call, data: MediaClose) -> None:
        nodes.leave(call.meeting_id, call.client.participant, data.session)

    async def set_view(call: Call, data: ViewSet) -> None:
        async with call.services.database.read() as session:
            meeting, rights = await visible_meeting(session, call.meeting_id, call.actor)
            if not rights.direct:
                raise NotAllowed()
            conference = await load(session, meeting)
        for point_id in (*data.tiles, *((data.preview,) if data.preview is not None else ())):
            conference.hall(point_id)
        view = View(
            preview=hall_name(data.preview) if data.preview is not None else None,
            tiles=tuple(hall_name(point_id) for point_id in dict.fromkeys(data.tiles)),
        )
        if data.preview is not None and nodes.previewed(call.meeting_id, call.client.participant) != view.preview:
            async with call.services.transactions(call.actor) as tx:
                await record(tx, "point.previewed", "point", data.preview, meeting_id=call.meeting_id)
        nodes.set_view(call.meeting_id, call.client.participant, view)

    return LiveFeature(
        name="conference",
        collections={
            "points": PointEntity,
            "stage": StageEntity,
            messages.COLLECTION: MessageEntity,
            roll_call.COLLECTION: RollCallEntity,
            roll_call.ANSWERS: RollAnswerEntity,
            **COLLECTIONS,
        },
        load=entities,
        visible=visible,
        signals={
            "media-node": MediaNodeSignal,
            "media-session": MediaSessionSignal,
            "demand": DemandSignal,
            "links": LinksSignal,
            "link": PointLink,
            "session-replaced": NoData,
            "watching": WatchingSignal,
            "my-requests": MyRequests,
        },
        commands=(
            *COMMANDS,
            LiveCommand(
                "view.set",
                "What this console alone is shown: a preview with sound, a page of small pictures.",
                ViewSet,
                set_view,
                CONSOLE,
            ),
            LiveCommand(
                "media.offer",
                "Offers a peer connection (an SDP offer); a newer one replaces the older.",
                MediaOffer,
                offer,
                EVERYONE,
                reply=MediaAnswer,
                max_bytes=256 * 1024,
                own_pace=True,
            ),
            LiveCommand("media.close", "Ends a peer connection.", MediaClose, close, EVERYONE),
        ),
    )


async def _check_offer(call: Call, data: MediaOffer) -> None:
    """Halls send everything; desks content only, and only who may share a screen."""
    audience = call.client.viewer.audience
    wrong = [slot for slot in data.slots.values() if not SLOTS[audience].fullmatch(slot)]
    if wrong or len(set(data.slots.values())) < len(data.slots):
        raise Invalid("Yêu cầu khung hình không hợp lệ.", "These slots are not offered here.", slots=wrong)
    carried = set(data.publish.values())
    if len(carried) < len(data.publish):
        raise Invalid("Một nguồn chỉ gửi một lần.", "A publication is named twice.")
    if not carried <= (HALL_PUBLICATIONS if audience == "hall" else DESK_PUBLICATIONS):
        raise NotAllowed()
    if audience != "hall" and carried:
        async with call.services.database.read() as session:
            _meeting, rights = await visible_meeting(session, call.meeting_id, call.actor)
        if not rights.present:
            raise NotAllowed()
