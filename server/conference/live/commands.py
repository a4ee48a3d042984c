"""The conference's commands on the live channel: handlers that open a transaction and call an action. Each action
decides the right from the database; the audience here only keeps what makes no sense from reaching it."""

from datetime import timedelta

from server.conference import content, floor, lifecycle, presence
from server.conference.live.audiences import CONSOLE, EVERYONE, HALL, own_point
from server.conference.live.messages import MESSAGES
from server.conference.live.roll_call import ROLL_CALL
from server.conference.live.speaking import SPEAKING
from server.conference.schemas import (
    ContentSound,
    ContentStart,
    FloorGive,
    FloorMuteAll,
    FloorTake,
    HallDevices,
    HallReady,
    LayoutSet,
    RecessStart,
    StageShow,
)
from server.core.transaction import Transaction
from server.live.feature import Call, LiveCommand, NoData, transactional


async def _start_content(tx: Transaction, call: Call, data: ContentStart) -> None:
    await content.start(
        tx,
        call.meeting_id,
        call.client.participant,
        point_id=call.client.viewer.point_id,
        again=data.again,
        connected=call.connected,
    )


async def _start_recess(tx: Transaction, call: Call, data: RecessStart) -> None:
    until = tx.now + timedelta(minutes=data.minutes) if data.minutes else data.until
    await floor.start_recess(tx, call.meeting_id, until, data.text)


COMMANDS = (
    *SPEAKING,
    *MESSAGES,
    *ROLL_CALL,
    LiveCommand(
        "hall.ready",
        "The technician says that picture and sound are right (or, false, not yet).",
        HallReady,
        transactional(lambda tx, call, data: presence.set_ready(tx, call.meeting_id, own_point(call), data.ready)),
        HALL,
    ),
    LiveCommand(
        "hall.devices",
        "How the hall's camera and microphone are, whenever that changes.",
        HallDevices,
        transactional(
            lambda tx, call, data: presence.note_devices(
                tx, call.meeting_id, own_point(call), camera=data.camera, microphone=data.microphone
            )
        ),
        HALL,
    ),
    LiveCommand(
        "hall.leave",
        "The hall goes on purpose: absent from now on, its floor, stage, hand and content end.",
        NoData,
        transactional(lambda tx, call, _data: presence.leave(tx, call.meeting_id, own_point(call))),
        HALL,
    ),
    LiveCommand(
        "floor.give",
        "Calls a point: floor and stage in one act. Others than the main point lose the floor, unless `keep`.",
        FloorGive,
        transactional(lambda tx, call, data: floor.give_floor(tx, call.meeting_id, data.point_id, keep=data.keep)),
        CONSOLE,
    ),
    LiveCommand(
        "floor.give_main",
        "Gives floor and stage to the main point; nobody loses the floor.",
        NoData,
        transactional(lambda tx, call, _data: floor.give_floor_to_main(tx, call.meeting_id)),
        CONSOLE,
    ),
    LiveCommand(
        "floor.take",
        "Ends a point's turn: floor and stage in one act; the stage goes to who else was called, or the main point.",
        FloorTake,
        transactional(lambda tx, call, data: floor.take_floor(tx, call.meeting_id, data.point_id)),
        CONSOLE,
    ),
    LiveCommand(
        "floor.release",
        "The hall ends its own turn.",
        NoData,
        transactional(lambda tx, call, _data: floor.release_floor(tx, call.meeting_id, own_point(call))),
        HALL,
    ),
    LiveCommand(
        "floor.mute_all",
        "Ends the floor of all points but the main one, or of all. The stage stays.",
        FloorMuteAll,
        transactional(lambda tx, call, data: floor.mute_all(tx, call.meeting_id, including_main=data.including_main)),
        CONSOLE,
    ),
    LiveCommand(
        "stage.stay",
        "The stage waits for the lost hall on it, and does not return to the main point by itself.",
        NoData,
        transactional(lambda tx, call, _data: floor.stay(tx, call.meeting_id)),
        CONSOLE,
    ),
    LiveCommand(
        "recess.start",
        "The meeting pauses: nobody is heard, every screen says until when.",
        RecessStart,
        transactional(_start_recess),
        CONSOLE,
    ),
    LiveCommand(
        "recess.end",
        "It goes on: the main point has floor and stage. Calling a point ends a recess too.",
        NoData,
        transactional(lambda tx, call, _data: floor.end_recess(tx, call.meeting_id)),
        CONSOLE,
    ),
    LiveCommand(
        "stage.show",
        "Puts a point on stage without the floor; null: the main point again.",
        StageShow,
        transactional(lambda tx, call, data: floor.show(tx, call.meeting_id, data.point_id)),
        CONSOLE,
    ),
    LiveCommand(
        "layout.set",
        "The layout of every hall's screen, and which points are pinned to its small pictures.",
        LayoutSet,
        transactional(lambda tx, call, data: floor.set_layout(tx, call.meeting_id, data.layout, data.pinned)),
        CONSOLE,
    ),
    LiveCommand(
        "content.start",
        "Shows this client's content to all: presenters, who directs, a hall that holds the floor.",
        ContentStart,
        transactional(_start_content),
        EVERYONE,
    ),
    LiveCommand(
        "content.stop",
        "Stops one's own content; who directs stops anybody's.",
        NoData,
        transactional(lambda tx, call, _data: content.stop(tx, call.meeting_id, call.client.participant)),
        EVERYONE,
    ),
    LiveCommand(
        "content.sound",
        "Whether the sound of what is shared is heard; `floor.mute_all` turns it off.",
        ContentSound,
        transactional(lambda tx, call, data: content.set_sound(tx, call.meeting_id, data.on)),
        CONSOLE,
    ),
    LiveCommand(
        "meeting.open",
        "Halls may come in and test.",
        NoData,
        transactional(lambda tx, call, _data: lifecycle.open_halls(tx, call.meeting_id)),
        CONSOLE,
    ),
    LiveCommand(
        "meeting.start",
        "The meeting runs; the main point has floor and stage.",
        NoData,
        transactional(lambda tx, call, _data: lifecycle.start(tx, call.meeting_id)),
        CONSOLE,
    ),
    LiveCommand(
        "meeting.end",
        "The meeting is over; nobody is seen or heard any more.",
        NoData,
        transactional(lambda tx, call, _data: lifecycle.end(tx, call.meeting_id)),
        CONSOLE,
    ),
    LiveCommand(
        "meeting.return",
        "The start was a rehearsal: halls test again, nobody is on the air, the agenda stands at its beginning.",
        NoData,
        transactional(lambda tx, call, _data: lifecycle.back_to_testing(tx, call.meeting_id)),
        CONSOLE,
    ),
)
