"""Who receives what: a pure function from the wanted `Room` and the connected members to the content of every slot.

Floor control is enforced here: a microphone reaches others' audio slots only while its hall holds the floor, whatever
its browser sends. The one exception is `View.preview`, which the server grants to operators alone.

Recomputing everything at each change is cheap enough: 161 halls of 21 slots take 1.5 ms, and `demands` 0.4 ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from media.contract import Participant, PictureDemand, Publication, Room, View


class Place(NamedTuple):
    """A slot of a receiver."""

    receiver: Participant
    slot: str


class Origin(NamedTuple):
    """A track of a publisher."""

    publisher: Participant
    publication: Publication


Assignment = dict[Place, Origin]
"""What each slot shows; empty slots are left out."""


@dataclass(frozen=True, slots=True)
class Member:
    """What a connected participant sends, and the slots it receives in."""

    publications: frozenset[Publication]
    slots: tuple[str, ...]
    audio: tuple[str, ...]
    tiles: tuple[tuple[int, str], ...]
    is_console: bool
    """It has a preview slot: its small pictures are those it asked for, everyone else's are the room's."""

    @classmethod
    def of(cls, publications: Iterable[Publication], slots: Iterable[str]) -> Member:
        names = tuple(slots)
        numbered = ((int(name.removeprefix("tile-")), name) for name in names if name.startswith("tile-"))
        audio = sorted((name for name in names if name.startswith("audio-")), key=lambda name: int(name[6:]))
        return cls(frozenset(publications), names, tuple(audio), tuple(numbered), "preview" in names)


class Pictures(NamedTuple):
    """How much of a participant's pictures is watched."""

    camera: PictureDemand = "none"
    content: PictureDemand = "none"


NO_VIEW = View()
HEARD_BEFORE_CONTENT = 2
"""Floor holders that come before the content's sound when a receiver has fewer audio slots than there are voices."""


def assign(room: Room, members: Mapping[Participant, Member], current: Assignment) -> Assignment:
    """What every slot of every member is to show. `current` is the assignment before: a voice keeps its audio slot.

    Nobody receives a track of its own, or one that its publisher does not send.
    """
    wanted: Assignment = {}
    voices = _voices(room, members)
    stage = _sent(members, room.stage, "camera")
    facing = _sent(members, _facing(room), "camera")
    content = _sent(members, room.content, "content")
    common_tiles = [_sent(members, participant, "camera") for participant in room.tiles]
    for receiver, member in members.items():
        view = room.views.get(receiver, NO_VIEW)
        heard = [voice for voice in voices if voice.publisher != receiver][: len(member.audio)]
        _place_voices(receiver, member, heard, current, wanted)
        faces = facing if receiver == room.stage and not member.is_console else None
        pictures: list[tuple[str, Origin | None]] = [("stage", faces or stage), ("content", content)]
        if view.preview is not None:
            pictures.append(("preview", _sent(members, view.preview, "camera")))
            microphone = _sent(members, view.preview, "microphone")
            if microphone not in heard:
                pictures.append(("preview-audio", microphone))
        for slot, origin in pictures:
            if origin is not None and origin.publisher != receiver and slot in member.slots:
                wanted[Place(receiver, slot)] = origin
        tiles = [_sent(members, each, "camera") for each in view.tiles] if member.is_console else common_tiles
        for index, slot in member.tiles:
            tile = tiles[index] if index < len(tiles) else None
            # Whom it faces stands large before it; in the small place it sees itself.
            if tile is not None and tile.publisher != receiver and tile != faces:
                wanted[Place(receiver, slot)] = tile
                if tile == stage and not member.is_console:
                    # A grid shows the stage in its first cell: not twice down the same weak line.
                    wanted.pop(Place(receiver, "stage"), None)
    return wanted


def _facing(room: Room) -> Participant | None:
    """Whom the one on stage sees there instead of itself: who else has the floor, the oldest first. Nobody in a grid,
    which shows everybody alike."""
    if room.stage is None or room.stage in room.tiles:
        return None
    return next((holder for holder in room.floor if holder != room.stage), None)


LARGE_CELLS = 4
"""A grid of so few pictures shows each of them large."""


def demands(room: Room, members: Mapping[Participant, Member], assignment: Assignment) -> dict[Participant, Pictures]:
    """For every member how large its pictures are shown anywhere: full, except as a tile of a row or a large grid."""
    large: set[Origin] = set()
    small: set[Origin] = set()
    large_cells = room.stage is not None and room.stage in room.tiles and len(room.tiles) <= LARGE_CELLS
    for place, origin in assignment.items():
        in_tile = place.slot.startswith("tile-")
        (large if not in_tile or (large_cells and not members[place.receiver].is_console) else small).add(origin)

    def size(origin: Origin) -> PictureDemand:
        return "full" if origin in large else "small" if origin in small else "none"

    return {name: Pictures(size(Origin(name, "camera")), size(Origin(name, "content"))) for name in members}


def _sent(members: Mapping[Participant, Member], publisher: Participant | None, what: Publication) -> Origin | None:
    if publisher is None:
        return None
    member = members.get(publisher)
    return Origin(publisher, what) if member is not None and what in member.publications else None


def _voices(room: Room, members: Mapping[Participant, Member]) -> list[Origin]:
    """Everything that may be heard by all, in order of precedence."""
    floor = [_sent(members, holder, "microphone") for holder in dict.fromkeys(room.floor)]
    voices = [voice for voice in floor if voice is not None]
    sound = _sent(members, room.content, "content-audio") if room.content_sound else None
    if sound is not None:
        voices.insert(HEARD_BEFORE_CONTENT, sound)
    return voices


def _place_voices(
    receiver: Participant, member: Member, heard: list[Origin], current: Assignment, wanted: Assignment
) -> None:
    """Voices that are already in a slot of the receiver stay there (a moved voice would click); new ones fill up."""
    waiting = list(heard)
    free: list[str] = []
    for slot in member.audio:
        before = current.get(Place(receiver, slot))
        if before is not None and before in waiting:
            wanted[Place(receiver, slot)] = before
            waiting.remove(before)
        else:
            free.append(slot)
    for slot, voice in zip(free, waiting, strict=False):
        wanted[Place(receiver, slot)] = voice
