"""The node's book-keeping against a model of the core: after any course of events each slot shows what is wanted."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from media._core import Event, Peer
from media.contract import (
    Answer,
    CloseRoom,
    Demand,
    FromNode,
    Leave,
    Offer,
    Publication,
    Room,
    SessionKey,
    SessionState,
    View,
)
from media.node.policy import Assignment, Member, Origin, Place, assign
from media.node.rooms import Rooms
from media.node.sdp.answer import Endpoint
from tests.media.test_sdp import CHROMIUM, CHROMIUM_PUBLISH, CHROMIUM_SLOTS

PUBLICATIONS = list(CHROMIUM_PUBLISH.values())
SLOTS = list(CHROMIUM_SLOTS.values())
NAMES = ["point-1", "point-2", "point-3", "desk-a"]


class ModelCore:
    """Does with numbers what the core does with packets: knows what each slot shows.

    Numbers are given out in order (sessions.Numbers) and every offer here is the same, so a number tells whose it is.
    """

    fingerprint = ":".join(["AB"] * 32)

    def __init__(self) -> None:
        self.peers: set[int] = set()
        self.shown: dict[tuple[int, int], int] = {}
        self.commands = 0
        self.last = 0

    def add_peer(self, peer: Peer) -> None:
        self.last += 1
        self.peers.add(self.last)

    def remove_peer(self, peer: int) -> None:
        self.peers.discard(peer)
        self.shown = {
            (receiver, slot): source
            for (receiver, slot), source in self.shown.items()
            if receiver != peer and owner(source) != peer
        }

    def counters(self) -> dict[str, int]:
        return {"packets_in": 7}

    def assign_many(self, assignments: Sequence[tuple[int, int, int | None]]) -> None:
        self.commands += len(assignments)
        for peer, slot, source in assignments:
            assert peer in self.peers
            if source is None:
                del self.shown[peer, slot]
            else:
                assert owner(source) in self.peers
                self.shown[peer, slot] = source


def owner(source: int) -> int:
    return (source - 1) // len(PUBLICATIONS) + 1


class Node:
    """`Rooms` on the model, and what it says."""

    def __init__(self) -> None:
        self.core = ModelCore()
        self.said: list[FromNode] = []
        self.rooms = Rooms(self.core, (Endpoint("192.0.2.7", 7000),), self.said.append)
        self.names: dict[int, str] = {}

    def offer(self, participant: str, session: str = "s") -> int:
        """The number of the peer that it opens."""
        answer = self.rooms.answer(
            Offer(
                request=1,
                room="1",
                participant=participant,
                session=session,
                sdp=CHROMIUM,
                publish=CHROMIUM_PUBLISH,
                slots=CHROMIUM_SLOTS,
            )
        )
        assert isinstance(answer, Answer)
        peer = self.core.last
        self.names[peer] = participant
        return peer

    def event(self, kind: str, peer: int, **data: Any) -> None:
        self.rooms.handle(cast(Event, SimpleNamespace(kind=kind, peer=peer, data=data)))

    def join(self, participant: str, session: str = "s") -> int:
        peer = self.offer(participant, session)
        self.event("connected", peer)
        return peer

    @property
    def shown(self) -> Assignment:
        """What the core shows, by names."""
        return {
            Place(self.names[peer], SLOTS[(slot - 1) % len(SLOTS)]): Origin(
                self.names[owner(source)], PUBLICATIONS[(source - 1) % len(PUBLICATIONS)]
            )
            for (peer, slot), source in self.core.shown.items()
        }

    def demand(self, participant: str) -> tuple[str, str]:
        """The last one told."""
        told = [m for m in self.said if isinstance(m, Demand) and m.participant == participant]
        return told[-1].camera, told[-1].content


def test_a_room_is_kept_for_those_who_come_later() -> None:
    node = Node()
    node.rooms.apply(Room(room="1", stage="point-1", floor=("point-1",)))
    node.join("point-2")
    assert node.shown == {}
    node.join("point-1")
    assert node.shown == {
        Place("point-2", "stage"): Origin("point-1", "camera"),
        Place("point-2", "audio-0"): Origin("point-1", "microphone"),
    }


def test_nobody_takes_part_before_it_is_connected() -> None:
    node = Node()
    node.rooms.apply(Room(room="1", stage="point-1", floor=("point-1",)))
    node.join("point-2")
    peer = node.offer("point-1")
    assert node.shown == {}
    assert node.rooms.connected() == (SessionKey(room="1", participant="point-2", session="s"),)
    node.event("connected", peer)
    assert len(node.shown) == 2


def test_the_same_room_twice_commands_nothing() -> None:
    node = Node()
    room = Room(room="1", stage="point-1", floor=("point-1",), tiles=("point-2", "point-1"))
    for name in NAMES:
        node.join(name)
    node.rooms.apply(room)
    before = (node.core.commands, len(node.said))
    node.rooms.apply(room.model_copy())
    assert (node.core.commands, len(node.said)) == before


def test_calling_a_hall_commands_only_what_changes() -> None:
    node = Node()
    for name in NAMES:
        node.join(name)
    node.rooms.apply(Room(room="1", stage="point-1", floor=("point-1",), tiles=("point-3",)))
    before = node.core.commands
    node.rooms.apply(Room(room="1", stage="point-2", floor=("point-1", "point-2"), tiles=("point-3",)))
    # Stage: three change (point-1 gains it, point-2 goes on seeing point-1); one more voice for the three others.
    assert node.core.commands - before == 6


def test_demand_is_told_on_connect_on_change_and_after_a_new_line() -> None:
    node = Node()
    node.join("point-1")
    assert node.demand("point-1") == ("none", "none")
    node.join("point-2")
    node.rooms.apply(Room(room="1", stage="point-1", content="point-2"))
    assert node.demand("point-1") == ("full", "none")
    assert node.demand("point-2") == ("none", "full")
    node.rooms.apply(Room(room="1", tiles=("point-1",)))
    assert node.demand("point-1") == ("small", "none")
    node.said.clear()
    node.rooms.announce()
    assert node.demand("point-1") == ("small", "none")
    assert node.demand("point-2") == ("none", "none")
    node.said.clear()
    node.join("point-1", "again")
    assert node.demand("point-1") == ("small", "none")


def states(node: Node, participant: str) -> list[tuple[str, str, str]]:
    """(session, state, reason) as the server was told."""
    told = [m for m in node.said if isinstance(m, SessionState) and m.participant == participant]
    return [(m.session, m.state, m.reason) for m in told]


def test_a_renewed_session_takes_over_only_once_it_is_connected() -> None:
    node = Node()
    node.rooms.apply(Room(room="1", stage="point-1", floor=("point-1",)))
    node.join("point-2")
    older = node.join("point-1", "older")
    shown = node.shown
    node.said.clear()
    newer = node.offer("point-1", "newer")
    assert {older, newer} <= node.core.peers
    assert node.shown == shown
    assert states(node, "point-1") == []
    node.event("connected", newer)
    assert older not in node.core.peers
    assert node.shown == shown
    assert {owner(source) for source in node.core.shown.values()} == {newer}
    assert states(node, "point-1") == [("older", "disconnected", "replaced"), ("newer", "connected", "")]
    assert node.demand("point-1") == ("full", "none")


def test_a_renewal_that_fails_leaves_the_older_session_as_it_is() -> None:
    node = Node()
    node.rooms.apply(Room(room="1", stage="point-1"))
    node.join("point-2")
    older = node.join("point-1", "older")
    first, second = node.offer("point-1", "first"), node.offer("point-1", "second")
    assert first not in node.core.peers, "one at a time"
    node.core.remove_peer(second)
    node.event("disconnected", second, reason="timeout")
    assert owner(node.core.shown[1, 1 + SLOTS.index("stage")]) == older
    assert isinstance(node.said[-1], Demand), "told again: the server forgot it with the failed session"
    assert states(node, "point-1")[1:] == [("first", "disconnected", "replaced"), ("second", "disconnected", "timeout")]


def test_a_session_whose_elder_is_lost_meanwhile_takes_part_once_it_is_connected() -> None:
    node = Node()
    node.rooms.apply(Room(room="1", stage="point-1"))
    node.join("point-2")
    older = node.join("point-1", "older")
    newer = node.offer("point-1", "newer")
    node.core.remove_peer(older)
    node.event("disconnected", older, reason="timeout")
    assert node.shown == {}
    node.event("connected", newer)
    assert len(node.shown) == 1
    node.rooms.leave(Leave(room="1", participant="point-1", session="older"))
    assert len(node.shown) == 1
    node.rooms.leave(Leave(room="1", participant="point-1", session="newer"))
    assert node.shown == {}


class Course(RuleBasedStateMachine):
    """Any order of rooms, offers, connections, losses and leaves."""

    @initialize()
    def begin(self) -> None:
        self.node = Node()
        self.wanted = Room(room="1")
        self.sessions: dict[str, int] = {}
        self.successors: dict[str, int] = {}
        self.connected: set[str] = set()

    def gone(self, participant: str) -> None:
        self.sessions.pop(participant, None)
        self.successors.pop(participant, None)
        self.connected.discard(participant)

    @rule(
        stage=st.none() | st.sampled_from(NAMES),
        content=st.none() | st.sampled_from(NAMES),
        floor=st.lists(st.sampled_from(NAMES), max_size=4),
        tiles=st.lists(st.sampled_from(NAMES), max_size=3),
        preview=st.none() | st.sampled_from(NAMES),
    )
    def change_the_room(
        self, stage: str | None, content: str | None, floor: list[str], tiles: list[str], preview: str | None
    ) -> None:
        self.wanted = Room(
            room="1",
            stage=stage,
            content=content,
            floor=tuple(floor),
            tiles=tuple(tiles),
            views={"desk-a": View(preview=preview)},
        )
        self.node.rooms.apply(self.wanted)

    @rule(name=st.sampled_from(NAMES))
    def offer(self, name: str) -> None:
        held = self.successors if name in self.connected else self.sessions
        held[name] = self.node.offer(name)

    @rule(name=st.sampled_from(NAMES))
    def connect(self, name: str) -> None:
        if name in self.successors:
            self.sessions[name] = self.successors.pop(name)
            self.node.event("connected", self.sessions[name])
        elif name in self.sessions and name not in self.connected:
            self.connected.add(name)
            self.node.event("connected", self.sessions[name])

    @rule(name=st.sampled_from(NAMES), newer=st.booleans())
    def lose(self, name: str, newer: bool) -> None:
        held = self.successors if newer else self.sessions
        if name in held:
            # The core forgets the peer before it says so.
            lost = held.pop(name)
            self.node.core.remove_peer(lost)
            if not newer:
                self.connected.discard(name)
                if name in self.successors:
                    self.sessions[name] = self.successors.pop(name)
            self.node.event("disconnected", lost, reason="timeout")

    @rule(name=st.sampled_from(NAMES))
    def leave(self, name: str) -> None:
        self.node.rooms.leave(Leave(room="1", participant=name))
        self.gone(name)

    @rule()
    def close(self) -> None:
        self.node.rooms.close(CloseRoom(room="1"))
        self.sessions.clear()
        self.successors.clear()
        self.connected.clear()
        self.wanted = Room(room="1")

    @rule(peer=st.integers(90, 99))
    def hear_of_somebody_unknown(self, peer: int) -> None:
        self.node.event("connected", peer)
        self.node.event("disconnected", peer, reason="timeout")

    @invariant()
    def every_slot_shows_what_policy_wants(self) -> None:
        publications: list[Publication] = PUBLICATIONS
        members = {name: Member.of(publications, SLOTS) for name in self.connected}
        shown = self.node.shown
        assert assign(self.wanted, members, shown) == shown
        assert self.node.core.peers == {*self.sessions.values(), *self.successors.values()}
        assert {key.participant for key in self.node.rooms.connected()} == self.connected


TestCourse = Course.TestCase
TestCourse.settings = settings(max_examples=60, stateful_step_count=30)
