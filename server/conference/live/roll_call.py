"""Commands about the roll call of points."""

from server.conference import roll_call
from server.conference.live.audiences import CONSOLE, HALL, own_point
from server.conference.schemas import RollCallStart, RollCallTick
from server.core.transaction import Transaction
from server.live.feature import Call, LiveCommand, NoData, transactional


async def _tick(tx: Transaction, call: Call, data: RollCallTick) -> None:
    await roll_call.tick(tx, call.meeting_id, data.point_id, here=data.here)


ROLL_CALL = (
    LiveCommand(
        "roll-call.start",
        "Calls all points one after another: stage and floor, without a clock.",
        RollCallStart,
        transactional(lambda tx, call, data: roll_call.start(tx, call.meeting_id, data.seconds)),
        CONSOLE,
    ),
    LiveCommand(
        "roll-call.repeat",
        "Calls those again that have not answered.",
        NoData,
        transactional(lambda tx, call, _data: roll_call.repeat(tx, call.meeting_id)),
        CONSOLE,
    ),
    LiveCommand(
        "roll-call.next",
        "Calls the next now; a roll call that stood goes on.",
        NoData,
        transactional(lambda tx, call, _data: roll_call.go_on(tx, call.meeting_id)),
        CONSOLE,
    ),
    LiveCommand(
        "roll-call.stand",
        "The roll call waits; who is called stays on the stage.",
        NoData,
        transactional(lambda tx, call, _data: roll_call.stand(tx, call.meeting_id)),
        CONSOLE,
    ),
    LiveCommand(
        "roll-call.end",
        "Over before its end; the main point is on the stage again.",
        NoData,
        transactional(lambda tx, call, _data: roll_call.end(tx, call.meeting_id)),
        CONSOLE,
    ),
    LiveCommand(
        "roll-call.tick",
        "The console heard the point, or takes a tick back; during a roll call and after.",
        RollCallTick,
        transactional(_tick),
        CONSOLE,
    ),
    LiveCommand(
        "roll-call.answer",
        "The hall is there: when it is called, or later, as long as the roll call lasts.",
        NoData,
        transactional(lambda tx, call, _data: roll_call.answer_by_button(tx, call.meeting_id, own_point(call))),
        HALL,
    ),
)
