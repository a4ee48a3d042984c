"""Who may have a media session: a few for each person, and never a hall refused for the desks' sake.

A node takes a limited number of sessions. Halls and consoles displace followers when it is full; followers wait.
"""

import time
from dataclasses import dataclass

from server.core.errors import Conflict, TooMany
from server.edge.budgets import MEDIA_A_PERSON, OFFER_BURST, OFFERS_PER_SECOND, Allowance
from server.live.client import Client
from server.live.viewer import Audience

_OF_PERSON: dict[Audience, int] = {"member": MEDIA_A_PERSON, "console": 2 * MEDIA_A_PERSON}
_FORGET_ABOVE = 20_000


class MediaElsewhere(Conflict):
    code = "media-elsewhere"
    vi = "Đồng chí đang xem hình ở các máy hoặc trang khác. Đóng bớt rồi thử lại ở đây."
    en = "You watch on other devices or pages already. Close one, then try again here."


@dataclass(slots=True)
class _Place:
    client: Client
    session: str
    since: float
    connected: bool = False


class MediaPlaces:
    """The sessions of desks and phones, as far as this process knows."""

    def __init__(self) -> None:
        self._places: dict[tuple[int, str], _Place] = {}
        self._offers: dict[int, Allowance] = {}

    def take(self, client: Client, session: str) -> list[Client]:
        """Before an offer. Returns whose sessions have to end for it: this person's own that never connected.
        Raises TooMany, MediaElsewhere."""
        if client.viewer.audience == "hall":
            return []
        key = (client.meeting_id, client.participant)
        displaced: list[Client] = []
        person_id = client.actor.person_id
        if person_id is not None:
            if not self._allowance(person_id).take():
                raise TooMany(retry_after=2)
            own = [
                each
                for of, each in self._places.items()
                if of != key
                and each.client.actor.person_id == person_id
                and each.client.viewer.audience == client.viewer.audience
            ]
            most = _OF_PERSON[client.viewer.audience]
            if sum(each.connected for each in own) >= most:
                raise MediaElsewhere()
            unconnected = sorted((each for each in own if not each.connected), key=lambda each: each.since)
            displaced = [each.client for each in unconnected[: max(0, len(own) + 1 - most)]]
        self._places[key] = _Place(client, session, time.monotonic())
        return displaced

    def give_up(self, meeting_id: int, participant: str, session: str | None = None) -> None:
        """The session (of this name, if given) is over."""
        place = self._places.get((meeting_id, participant))
        if place is not None and session in (None, place.session):
            del self._places[meeting_id, participant]

    def connected(self, meeting_id: int, participant: str, session: str) -> None:
        place = self._places.get((meeting_id, participant))
        if place is not None and place.session == session:
            place.connected = True

    def displaced_by(self, client: Client) -> Client | None:
        """Who makes room at a full node: a follower that never connected, else the one that came last."""
        if client.viewer.audience == "member":
            return None
        followers = [each for each in self._places.values() if each.client.viewer.audience == "member"]
        if not followers:
            return None
        waiting = [each for each in followers if not each.connected]
        chosen = min(waiting, key=lambda each: each.since) if waiting else max(followers, key=lambda each: each.since)
        return chosen.client

    def forget_all(self) -> None:
        """The node is gone, and all sessions with it."""
        self._places.clear()

    def _allowance(self, person_id: int) -> Allowance:
        if person_id not in self._offers:
            if len(self._offers) > _FORGET_ABOVE:
                self._offers = {key: each for key, each in self._offers.items() if not each.full}
            self._offers[person_id] = Allowance(OFFER_BURST, OFFERS_PER_SECOND)
        return self._offers[person_id]
