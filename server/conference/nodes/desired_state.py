"""What a media node shall do in a room, as a pure function of the stage. This is where floor control leaves the server:
a microphone that is not in `floor` here is forwarded to nobody."""

from collections.abc import Mapping
from typing import Any

from media.contract import Room, View

_ROOM = "meeting-"
_POINT = "point-"


def room_name(meeting_id: int) -> str:
    return f"{_ROOM}{meeting_id}"


def meeting_of(room: str) -> int | None:
    """None for a room that is not a meeting's."""
    number = room.removeprefix(_ROOM)
    return int(number) if room.startswith(_ROOM) and number.isascii() and number.isdigit() else None


def hall_name(point_id: int) -> str:
    return f"{_POINT}{point_id}"


def point_of(participant: str) -> int | None:
    """None for a participant that is not a hall."""
    number = participant.removeprefix(_POINT)
    return int(number) if participant.startswith(_POINT) and number.isascii() and number.isdigit() else None


def wanted(meeting_id: int, stage: Mapping[str, Any], views: Mapping[str, View]) -> Room:
    """`stage`: a StageEntity as JSON. `views`: by participant."""
    return Room(
        room=room_name(meeting_id),
        stage=hall_name(stage["stage"]["point_id"]) if stage["stage"] else None,
        content=stage["content"]["participant"] if stage["content"] else None,
        content_sound=not (stage["content"] and stage["content"].get("muted")),
        floor=tuple(hall_name(holder["point_id"]) for holder in stage["floor"]),
        tiles=tuple(hall_name(place["point_id"]) for place in stage["tiles"]),
        views=dict(views),
    )
