"""Which sockets a person has open, in whatever meetings: for what concerns the person and not the meeting."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack

from server.core.bus import PEOPLE_RECHECK, PEOPLE_TOLD, Bus, Message
from server.live.client import Client
from server.live.protocol import Signal


class People:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._sockets: defaultdict[int, set[Client]] = defaultdict(set)
        self._devices: defaultdict[int, set[Client]] = defaultdict(set)
        """Of halls, by point id."""

    def listen(self) -> Callable[[], None]:
        """Follows the bus. Returns the way out."""
        with ExitStack() as stack:
            stack.callback(self._bus.subscribe(PEOPLE_TOLD, self._tell))
            stack.callback(self._bus.subscribe(PEOPLE_RECHECK, self._recheck))
            return stack.pop_all().close

    def came(self, client: Client) -> None:
        if client.actor.person_id is not None:
            self._sockets[client.actor.person_id].add(client)
        elif client.actor.point_id is not None:
            self._devices[client.actor.point_id].add(client)

    def sockets(self, person_id: int, meeting_id: int) -> list[Client]:
        """This person's in that meeting, of all their devices."""
        return [client for client in self._sockets.get(person_id, ()) if client.meeting_id == meeting_id]

    def went(self, client: Client) -> None:
        _without(self._sockets, client.actor.person_id, client)
        _without(self._devices, client.actor.point_id, client)

    def _tell(self, message: Message) -> None:
        for person_id, data in message["told"]:
            sockets = self._sockets.get(person_id)
            if not sockets:
                continue
            text = Signal(kind=message["kind"], data=data).model_dump_json()
            for client in sockets:
                client.signal_text(text)

    def _recheck(self, message: Message) -> None:
        for person_id in message["person_ids"]:
            for client in self._sockets.get(person_id, ()):
                client.due()
        for point_id in message["point_ids"]:
            for client in self._devices.get(point_id, ()):
                client.due()


def _without(sockets: dict[int, set[Client]], owner_id: int | None, client: Client) -> None:
    if owner_id is None or owner_id not in sockets:
        return
    sockets[owner_id].discard(client)
    if not sockets[owner_id]:
        del sockets[owner_id]
