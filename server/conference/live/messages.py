"""Commands about words between consoles and halls."""

from server.conference import messages
from server.conference.live.audiences import CONSOLE, DESKS_AND_HALLS, HALL, own_point
from server.conference.schemas import HelpCall, MessageName, MessageSend
from server.core.transaction import Transaction
from server.live.feature import Call, LiveCommand, transactional


async def _send(tx: Transaction, call: Call, data: MessageSend) -> None:
    await messages.send(tx, call.meeting_id, data.point_ids, data.text, urgent=data.urgent)


MESSAGES = (
    LiveCommand(
        "help.call",
        "The hall needs somebody. Again: changes what it says.",
        HelpCall,
        transactional(lambda tx, call, data: messages.call_for_help(tx, call.meeting_id, own_point(call), data.text)),
        HALL,
    ),
    LiveCommand(
        "message.send",
        "Tells some halls something, or puts a line on every screen.",
        MessageSend,
        transactional(_send),
        CONSOLE,
    ),
    LiveCommand(
        "message.close",
        "Help is there, the hall has read it, or it is taken back.",
        MessageName,
        transactional(lambda tx, call, data: messages.close(tx, call.meeting_id, data.message_id)),
        DESKS_AND_HALLS,
    ),
)
