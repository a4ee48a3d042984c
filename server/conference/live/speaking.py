"""Commands about who asks to speak, in what order, and for how long."""

from server.conference import hands, turns
from server.conference.live.audiences import CONSOLE, SEATED, own_point
from server.conference.schemas import (
    HandDismiss,
    HandLower,
    HandRaise,
    SpeakingCall,
    SpeakingMark,
    SpeakingMove,
    TurnExtend,
    TurnName,
)
from server.core.transaction import Transaction
from server.live.feature import Call, LiveCommand, NoData, transactional
from server.speaking.rules import Rules


async def _raise(tx: Transaction, call: Call, data: HandRaise) -> None:
    if call.client.viewer.audience == "member":
        await hands.raise_by_delegate(tx, call.meeting_id, kind=data.kind, topic=data.topic)
    else:
        await hands.raise_by_hall(
            tx, call.meeting_id, own_point(call), kind=data.kind, topic=data.topic, name=data.name
        )


async def _lower(tx: Transaction, call: Call, data: HandLower) -> None:
    if call.client.viewer.audience == "member":
        await hands.withdraw_by_delegate(tx, call.meeting_id)
    else:
        await hands.withdraw_by_hall(tx, call.meeting_id, own_point(call), data.request_id)


async def _dismiss(tx: Transaction, call: Call, data: HandDismiss) -> None:
    await hands.dismiss(tx, call.meeting_id, point_id=data.point_id, request_id=data.request_id)


SPEAKING = (
    LiveCommand(
        "hand.raise",
        "The hall, or a delegate from the own page, asks to speak. Again: changes what it says, keeps the place.",
        HandRaise,
        transactional(_raise),
        SEATED,
    ),
    LiveCommand("hand.lower", "Who asked asks no longer.", HandLower, transactional(_lower), SEATED),
    LiveCommand(
        "hand.dismiss",
        "Takes a request, or all of a point, off the queue.",
        HandDismiss,
        transactional(_dismiss),
        CONSOLE,
    ),
    LiveCommand(
        "speaking.call",
        "Gives the floor to who asked, by default to the first of the queue whose hall is there.",
        SpeakingCall,
        transactional(lambda tx, call, data: hands.call(tx, call.meeting_id, data.request_id, keep=data.keep)),
        CONSOLE,
    ),
    LiveCommand(
        "speaking.move",
        "Puts a request before another one; all who wait keep their places from now on.",
        SpeakingMove,
        transactional(lambda tx, call, data: hands.move(tx, call.meeting_id, data.request_id, data.before_id)),
        CONSOLE,
    ),
    LiveCommand(
        "speaking.mark",
        "The next to be called, whatever the order; null: whom the order has.",
        SpeakingMark,
        transactional(lambda tx, call, data: hands.mark(tx, call.meeting_id, data.request_id)),
        CONSOLE,
    ),
    LiveCommand(
        "speaking.sort",
        "The queue is in the order that the rules make again.",
        NoData,
        transactional(lambda tx, call, _data: hands.sort(tx, call.meeting_id)),
        CONSOLE,
    ),
    LiveCommand(
        "speaking.rules",
        "How long each kind of speech may last, and in what order people are called.",
        Rules,
        transactional(lambda tx, call, data: hands.set_rules(tx, call.meeting_id, data)),
        CONSOLE,
    ),
    LiveCommand(
        "turn.pause",
        "The speaker's clock stands.",
        TurnName,
        transactional(lambda tx, call, data: turns.pause(tx, call.meeting_id, data.turn_id)),
        CONSOLE,
    ),
    LiveCommand(
        "turn.resume",
        "The speaker's clock goes on.",
        TurnName,
        transactional(lambda tx, call, data: turns.resume(tx, call.meeting_id, data.turn_id)),
        CONSOLE,
    ),
    LiveCommand(
        "turn.extend",
        "So much more time; who has run over has so much from now on.",
        TurnExtend,
        transactional(lambda tx, call, data: turns.extend(tx, call.meeting_id, data.turn_id, data.seconds)),
        CONSOLE,
    ),
    LiveCommand(
        "turn.finish",
        "The turn is over: a guest has the floor no more, the main point keeps it without a clock.",
        TurnName,
        transactional(lambda tx, call, data: turns.finish(tx, call.meeting_id, data.turn_id)),
        CONSOLE,
    ),
)
