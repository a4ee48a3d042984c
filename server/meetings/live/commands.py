"""What meetings hand to the live channel: collections `meeting`, `agenda`, `units`, and the agenda's command."""

from server.core.fields import Id
from server.core.transaction import Transaction
from server.live.desks import ChangedSignal
from server.live.feature import Call, LiveCommand, LiveFeature, transactional
from server.live.protocol import Wire
from server.live.viewer import Viewer
from server.meetings import agenda
from server.meetings.live.entities import AgendaItemEntity, MeetingEntity, UnitEntity, entities


class AgendaGo(Wire):
    item_id: Id | None


async def _go(tx: Transaction, call: Call, data: AgendaGo) -> None:
    await agenda.go(tx, call.meeting_id, data.item_id)


def visible(collection: str, _key: str, viewer: Viewer) -> bool:
    """Meeting and agenda are everybody's; the unit tree is for consoles."""
    return collection != "units" or viewer.audience == "console"


live_feature = LiveFeature(
    name="meetings",
    collections={"meeting": MeetingEntity, "agenda": AgendaItemEntity, "units": UnitEntity},
    load=entities,
    visible=visible,
    signals={"changed": ChangedSignal},
    commands=(
        LiveCommand(
            "agenda.go",
            "Makes an item current and stops the clock of the one before; null: no item is current.",
            AgendaGo,
            transactional(_go),
            frozenset({"console"}),
        ),
    ),
)
