"""How many sockets one session, one person and one address may have, and how fast a session opens them."""

from collections import defaultdict
from collections.abc import Iterable

from server.core.actor import Actor
from server.edge.budgets import (
    OPENING_OF_A_HALL,
    OPENINGS_BURST,
    OPENINGS_PER_SECOND,
    SOCKETS_A_PERSON,
    SOCKETS_A_SESSION,
    SOCKETS_AN_ADDRESS,
    Allowance,
    Connections,
)
from server.live.client import REPLACED, Client
from server.live.viewer import Viewer


class SocketLimits:
    def __init__(self) -> None:
        self._of_session: defaultdict[int, dict[Client, None]] = defaultdict(dict)
        self._of_person: defaultdict[int, dict[Client, None]] = defaultdict(dict)
        self._at_address: defaultdict[str, int] = defaultdict(int)
        self._openings: dict[int, Allowance] = {}

    def may_open(self, actor: Actor, viewer: Viewer, address: str, connections: Connections) -> bool:
        """Whether one more socket is let in now; who is not comes again later. Halls and consoles always have room,
        unless a single session opens them without end."""
        if not self._not_too_fast(actor, 1.0 if viewer.audience == "member" else OPENING_OF_A_HALL):
            connections.refusals.note("sockets-opened", session=actor.session_id, address=address)
            return False
        if viewer.audience != "member":
            return True
        if connections.only_reserve_left:
            connections.refusals.note("sockets", address=address)
            return False
        if self._at_address.get(address, 0) >= connections.most * SOCKETS_AN_ADDRESS and not connections.is_proxy(
            address
        ):
            connections.refusals.note("sockets-of-an-address", address=address)
            return False
        return True

    def came(self, client: Client, connections: Connections) -> None:
        """Closes the session's, then the person's, longest silent socket where there are too many: on a weak line these
        are the half-open ones of before."""
        self._at_address[client.address] += 1
        actor = client.actor
        for sockets, most, limit in self._counted_in(actor):
            sockets[client] = None
            open_ones = [each for each in sockets if each.closing is None and each is not client]
            if len(open_ones) >= most:
                connections.refusals.note(limit, session=actor.session_id, address=client.address)
                _dispensable(open_ones).close(REPLACED)

    def went(self, client: Client) -> None:
        self._at_address[client.address] -= 1
        if not self._at_address[client.address]:
            del self._at_address[client.address]
        actor = client.actor
        for sockets, _most, _limit in self._counted_in(actor):
            sockets.pop(client, None)
        if actor.session_id is not None and not self._of_session[actor.session_id]:
            del self._of_session[actor.session_id]
        if actor.person_id is not None and not self._of_person[actor.person_id]:
            del self._of_person[actor.person_id]

    def _counted_in(self, actor: Actor) -> Iterable[tuple[dict[Client, None], int, str]]:
        if actor.session_id is not None:
            yield self._of_session[actor.session_id], SOCKETS_A_SESSION, "sockets-of-a-session"
        if actor.person_id is not None:
            yield self._of_person[actor.person_id], SOCKETS_A_PERSON, "sockets-of-a-person"

    def _not_too_fast(self, actor: Actor, price: float) -> bool:
        if actor.session_id is None:
            return True
        allowance = self._openings.get(actor.session_id)
        if allowance is None:
            if len(self._openings) > _FORGET_ABOVE:
                self._openings = {key: each for key, each in self._openings.items() if not each.full}
            allowance = self._openings[actor.session_id] = Allowance(OPENINGS_BURST, OPENINGS_PER_SECOND)
        return allowance.take(price)


_FORGET_ABOVE = 50_000


def _dispensable(clients: list[Client]) -> Client:
    """A follower before a console before a hall; of these the one that was not heard for the longest time."""
    order = ("member", "console", "hall")
    return min(clients, key=lambda client: (order.index(client.viewer.audience), client.heard))
