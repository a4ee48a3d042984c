"""Keeps the packet core as the server wants it: sends it the difference of what policy says and what is assigned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import structlog

from media._core import Event, Peer, new_ice_credentials
from media.contract import (
    Answer,
    CloseRoom,
    Demand,
    FromNode,
    Leave,
    LinkReport,
    Links,
    Offer,
    Participant,
    Refusal,
    Room,
    SessionKey,
    SessionState,
)
from media.node.policy import Assignment, Pictures, assign, demands
from media.node.reports import PeerStatistics, link_report
from media.node.sdp.answer import Endpoint, LocalTransport, write_answer
from media.node.sdp.offer import Refused, parse_offer
from media.node.sdp.terms import agree
from media.node.sessions import Numbers, Session, open_session

log = structlog.get_logger()


class PacketCore(Protocol):
    """What is used of `media._core.Core`."""

    @property
    def fingerprint(self) -> str: ...
    def add_peer(self, peer: Peer) -> None: ...
    def remove_peer(self, peer: int) -> None: ...
    def assign_many(self, assignments: Sequence[tuple[int, int, int | None]]) -> None: ...
    def counters(self) -> dict[str, int]: ...


@dataclass(slots=True)
class RoomState:
    wanted: Room
    known: bool = False
    """The server has said what it wants here; until then members only connect."""
    sessions: dict[Participant, Session] = field(default_factory=dict)
    successors: dict[Participant, Session] = field(default_factory=dict)
    """Newer sessions that are still connecting; until then the older one goes on."""
    assignment: Assignment = field(default_factory=dict)
    demanded: dict[Participant, Pictures] = field(default_factory=dict)
    """What the server was last told."""


class Rooms:
    """All rooms of this node. `send` takes what the server is to know; it may drop it while the server is away."""

    def __init__(
        self,
        core: PacketCore,
        endpoints: tuple[Endpoint, ...],
        send: Callable[[FromNode], None],
        *,
        tcp_endpoints: tuple[Endpoint, ...] = (),
        max_sessions: int = 2000,
    ) -> None:
        self._core = core
        self._endpoints = endpoints
        self._tcp_endpoints = tcp_endpoints
        self._send = send
        self._max_sessions = max_sessions
        self._numbers = Numbers()
        self._rooms: dict[str, RoomState] = {}
        self._sessions: dict[int, Session] = {}

    @property
    def are_empty(self) -> bool:
        """The core serves nobody."""
        return not self._sessions

    def connected(self) -> tuple[SessionKey, ...]:
        return tuple(session.key for session in self._sessions.values() if session.connected)

    def apply(self, room: Room) -> None:
        """Makes `room` so. Members that are not here yet are served when they connect."""
        state = self._state(room.room)
        if state.known and state.wanted == room:
            return
        state.wanted, state.known = room, True
        self._refresh(state)

    def close(self, message: CloseRoom) -> None:
        state = self._rooms.pop(message.room, None)
        for session in [*state.sessions.values(), *state.successors.values()] if state is not None else []:
            self._core.remove_peer(session.peer)
            self._sessions.pop(session.peer, None)
            self._report(session, "disconnected", "room closed")

    def leave(self, message: Leave) -> None:
        state = self._rooms.get(message.room)
        if state is None:
            return
        found = [sessions.get(message.participant) for sessions in (state.successors, state.sessions)]
        for session in found:
            if session is not None and message.session in (None, session.key.session):
                self._end(session, "left")

    def answer(self, offer: Offer) -> Answer | Refusal:
        """Opens the offered session. It takes part, and the participant's older one ends, once it is connected."""
        try:
            return self._answer(offer)
        except Refused as refused:
            log.warning("offer refused", participant=offer.participant, code=refused.code, detail=refused.detail)
            return Refusal(request=offer.request, code=refused.code, detail=refused.detail)

    def announce(self) -> None:
        """Tells every demand again: the server at the other end may be a new one."""
        for state in self._rooms.values():
            state.demanded.clear()
            self._send_demands(state)

    def handle(self, event: Event) -> None:
        """Takes one event of the core."""
        if event.kind == "statistics":
            self._send_links(event.data["peers"])
            return
        session = self._sessions.get(event.peer)
        if session is None:
            return
        if event.kind == "connected":
            self._connected(session)
        elif event.kind == "disconnected":
            self._end(session, str(event.data.get("reason", "")), gone=True)

    def _answer(self, offer: Offer) -> Answer:
        parsed = parse_offer(offer.sdp)
        terms = agree(parsed, offer.publish, offer.slots)
        state = self._state(offer.room)
        older = state.sessions.get(offer.participant)
        if older is None and len(self._sessions) >= self._max_sessions:
            raise Refused("busy", f"{self._max_sessions} sessions are open")
        ufrag, password = new_ice_credentials()
        local = LocalTransport(ufrag, password, self._core.fingerprint, self._endpoints, self._tcp_endpoints)
        session, peer = open_session(offer, terms, local, self._numbers)
        try:
            self._core.add_peer(peer)
        except ValueError as error:
            raise Refused("bad-sdp", str(error)) from error
        self._sessions[session.peer] = session
        given_up = state.successors.get(offer.participant)
        if given_up is not None:
            self._end(given_up, "replaced")
        if older is not None and older.connected:
            state.successors[offer.participant] = session
        else:
            if older is not None:
                self._end(older, "replaced")
                state = self._state(offer.room)
            state.sessions[offer.participant] = session
        return Answer(request=offer.request, sdp=write_answer(parsed, terms, local))

    def _connected(self, session: Session) -> None:
        participant, state = session.key.participant, self._state(session.key.room)
        session.connected = True
        older = None
        if state.successors.get(participant) is session:
            del state.successors[participant]
            older = state.sessions[participant]
            state.sessions[participant] = session
            self._report(older, "disconnected", "replaced")
            self._forget_assignments(state, participant)
        self._report(session, "connected", "")
        self._refresh(state)
        if older is not None:
            # Only now: until others are shown the newer one's picture and sound, they keep the older one's.
            self._core.remove_peer(older.peer)
            del self._sessions[older.peer]

    def _state(self, name: str) -> RoomState:
        return self._rooms.setdefault(name, RoomState(wanted=Room(room=name)))

    def _end(self, session: Session, reason: str, *, gone: bool = False) -> None:
        """Forgets a session; `gone` when the core has already. Slots that showed it are emptied by the core itself."""
        participant = session.key.participant
        if not gone:
            self._core.remove_peer(session.peer)
        del self._sessions[session.peer]
        state = self._rooms[session.key.room]
        if state.successors.get(participant) is session:
            del state.successors[participant]
            self._report(session, "disconnected", reason)
            # The server forgot with it what is wanted of the older one.
            state.demanded.pop(participant, None)
            self._send_demands(state)
            return
        del state.sessions[participant]
        if participant in state.successors:
            state.sessions[participant] = state.successors.pop(participant)
        self._forget_assignments(state, participant)
        self._report(session, "disconnected", reason)
        if state.sessions or state.known:
            self._refresh(state)
        else:
            del self._rooms[session.key.room]

    def _forget_assignments(self, state: RoomState, participant: Participant) -> None:
        state.demanded.pop(participant, None)
        state.assignment = {
            place: origin
            for place, origin in state.assignment.items()
            if participant not in (place.receiver, origin.publisher)
        }

    def _refresh(self, state: RoomState) -> None:
        """Commands the difference between what is wanted and what is assigned, and tells changed demands."""
        members = {name: session.member for name, session in state.sessions.items() if session.connected}
        wanted = assign(state.wanted, members, state.assignment)
        commands: list[tuple[int, int, int | None]] = []
        for place in state.assignment.keys() - wanted.keys():
            receiver = state.sessions[place.receiver]
            commands.append((receiver.peer, receiver.slots[place.slot], None))
        for place, origin in wanted.items():
            if state.assignment.get(place) != origin:
                receiver = state.sessions[place.receiver]
                source = state.sessions[origin.publisher].sources[origin.publication]
                commands.append((receiver.peer, receiver.slots[place.slot], source))
        if commands:
            self._core.assign_many(commands)
        state.assignment = wanted
        self._send_demands(state)

    def _send_demands(self, state: RoomState) -> None:
        members = {name: session.member for name, session in state.sessions.items() if session.connected}
        for participant, pictures in demands(state.wanted, members, state.assignment).items():
            if state.demanded.get(participant) != pictures:
                state.demanded[participant] = pictures
                self._send(
                    Demand(
                        room=state.wanted.room,
                        participant=participant,
                        camera=pictures.camera,
                        content=pictures.content,
                    )
                )

    def _send_links(self, peers: list[PeerStatistics]) -> None:
        links: dict[str, list[LinkReport]] = {}
        for peer in peers:
            session = self._sessions.get(peer["peer"])
            if session is not None and session.connected:
                report = link_report(
                    session.key.participant,
                    session.meter,
                    peer,
                    microphone=session.sources.get("microphone"),
                    camera=session.sources.get("camera"),
                    large=[number for name, number in session.slots.items() if name in ("stage", "content")],
                )
                links.setdefault(session.key.room, []).append(report)
        counters = self._core.counters() if links else {}
        for room, reports in links.items():
            self._send(Links(room=room, links=tuple(reports), counters=counters))
            counters = {}

    def _report(self, session: Session, state: Literal["connected", "disconnected"], reason: str) -> None:
        log.info(f"session {state}", **session.key.model_dump(), reason=reason)
        self._send(SessionState(**session.key.model_dump(), state=state, reason=reason))
