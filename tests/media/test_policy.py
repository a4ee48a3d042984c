"""What the policy must hold for any room: floor control above all."""

from hypothesis import given
from hypothesis import strategies as st

from media.contract import Publication, Room, View
from media.node.policy import Assignment, Member, Origin, Pictures, Place, assign, demands

NAMES = [f"point-{n}" for n in range(6)] + ["desk-a", "desk-b"]
HALL_SLOTS = ["audio-0", "audio-1", "audio-2", "stage", "content", *(f"tile-{n}" for n in range(4))]
DESK_SLOTS = [*HALL_SLOTS, "preview", "preview-audio"]
EVERYTHING: list[Publication] = ["microphone", "camera", "content", "content-audio"]

names = st.sampled_from(NAMES)
publications = st.sets(st.sampled_from(EVERYTHING))
member = st.builds(Member.of, publications, st.lists(st.sampled_from(DESK_SLOTS), unique=True))
members = st.dictionaries(names, member)
lists = st.lists(names, max_size=6).map(tuple)
rooms = st.builds(
    Room,
    room=st.just("1"),
    stage=st.none() | names,
    content=st.none() | names,
    floor=lists,
    tiles=lists,
    views=st.dictionaries(names, st.builds(View, preview=st.none() | names, tiles=lists), max_size=3),
)


def hall() -> Member:
    return Member.of(EVERYTHING, HALL_SLOTS)


def halls(count: int) -> dict[str, Member]:
    return {f"point-{n}": hall() for n in range(count)}


@given(rooms, members)
def test_a_microphone_without_the_floor_reaches_only_who_previews_it(room: Room, members: dict[str, Member]) -> None:
    for place, origin in assign(room, members, {}).items():
        if origin.publication == "microphone" and origin.publisher not in room.floor:
            assert place.slot == "preview-audio"
            assert room.views[place.receiver].preview == origin.publisher


@given(rooms, members)
def test_sound_of_what_is_shared_can_be_off(room: Room, members: dict[str, Member]) -> None:
    origins = set(assign(room, members, {}).values())
    muted = set(assign(room.model_copy(update={"content_sound": False}), members, {}).values())
    assert not any(origin.publication == "content-audio" for origin in muted)
    assert {each for each in origins - muted if each.publication != "content-audio"} == set()


@given(rooms, members)
def test_nobody_receives_itself_or_what_is_not_sent(room: Room, members: dict[str, Member]) -> None:
    for place, origin in assign(room, members, {}).items():
        assert origin.publisher != place.receiver
        assert origin.publication in members[origin.publisher].publications
        assert place.slot in members[place.receiver].slots


@given(rooms, members)
def test_sound_and_picture_go_to_slots_of_their_kind(room: Room, members: dict[str, Member]) -> None:
    for place, origin in assign(room, members, {}).items():
        audible = place.slot == "preview-audio" or place.slot.startswith("audio-")
        assert audible == (origin.publication in ("microphone", "content-audio"))


@given(rooms, members)
def test_no_voice_is_heard_twice_by_one_receiver(room: Room, members: dict[str, Member]) -> None:
    heard = [
        (place.receiver, origin)
        for place, origin in assign(room, members, {}).items()
        if origin.publication in ("microphone", "content-audio")
    ]
    assert len(heard) == len(set(heard))


@given(rooms, members)
def test_the_same_room_again_changes_nothing(room: Room, members: dict[str, Member]) -> None:
    once = assign(room, members, {})
    assert assign(room, members, once) == once


@given(rooms, rooms, members)
def test_a_voice_that_stays_keeps_its_slot(before: Room, after: Room, members: dict[str, Member]) -> None:
    first = assign(before, members, {})
    second = assign(after, members, first)
    voices = {
        (place.receiver, origin): place.slot for place, origin in first.items() if place.slot.startswith("audio-")
    }
    for place, origin in second.items():
        if place.slot.startswith("audio-"):
            assert voices.get((place.receiver, origin), place.slot) == place.slot


@given(rooms, members)
def test_demand_is_the_largest_way_a_picture_is_shown(room: Room, members: dict[str, Member]) -> None:
    wanted = assign(room, members, {})
    for name, pictures in demands(room, members, wanted).items():
        slots = [place.slot for place, origin in wanted.items() if origin == Origin(name, "camera")]
        tiles = [slot for slot in slots if slot.startswith("tile-")]
        if not slots:
            assert pictures.camera == "none"
        elif len(tiles) < len(slots):
            assert pictures.camera == "full"
        elif room.stage not in room.tiles:
            assert pictures.camera == "small"


def received(assignment: Assignment, receiver: str) -> dict[str, Origin]:
    return {place.slot: origin for place, origin in assignment.items() if place.receiver == receiver}


def test_a_called_hall_is_seen_and_heard_by_all_others() -> None:
    room = Room(room="1", stage="point-2", floor=("point-0", "point-2"))
    wanted = assign(room, halls(4), {})
    assert received(wanted, "point-1") == {
        "audio-0": Origin("point-0", "microphone"),
        "audio-1": Origin("point-2", "microphone"),
        "stage": Origin("point-2", "camera"),
    }
    # Who speaks sees whom it speaks to.
    assert received(wanted, "point-2") == {
        "audio-0": Origin("point-0", "microphone"),
        "stage": Origin("point-0", "camera"),
    }


def test_a_grid_sends_a_hall_the_stage_once() -> None:
    room = Room(room="1", stage="point-0", tiles=("point-0", "point-1"))
    people = halls(3) | {"desk-a": Member.of([], DESK_SLOTS)}
    wanted = assign(room, people, {})
    assert received(wanted, "point-2") == {"tile-0": Origin("point-0", "camera"), "tile-1": Origin("point-1", "camera")}
    assert received(wanted, "desk-a") == {"stage": Origin("point-0", "camera")}
    assert demands(room, people, wanted)["point-1"] == Pictures("full", "none")


def test_the_cells_of_a_large_grid_are_small() -> None:
    room = Room(room="1", stage="point-0", tiles=tuple(f"point-{n}" for n in range(5)))
    people = halls(6)
    assert {p.camera for p in demands(room, people, assign(room, people, {})).values()} == {"small", "none"}


def test_the_content_is_heard_even_when_three_hold_the_floor() -> None:
    room = Room(room="1", content="point-4", floor=("point-0", "point-1", "point-2"))
    heard = received(assign(room, halls(5), {}), "point-3")
    assert [heard[f"audio-{n}"] for n in range(3)] == [
        Origin("point-0", "microphone"),
        Origin("point-1", "microphone"),
        Origin("point-4", "content-audio"),
    ]


def test_a_preview_is_for_its_operator_alone() -> None:
    people = halls(3) | {"desk-a": Member.of([], DESK_SLOTS), "desk-b": Member.of([], DESK_SLOTS)}
    room = Room(room="1", stage="point-0", floor=("point-0",), views={"desk-a": View(preview="point-2")})
    wanted = assign(room, people, {})
    assert received(wanted, "desk-a")["preview"] == Origin("point-2", "camera")
    assert received(wanted, "desk-a")["preview-audio"] == Origin("point-2", "microphone")
    assert [
        place for place, origin in wanted.items() if origin.publisher == "point-2" and place.receiver != "desk-a"
    ] == []
    assert demands(room, people, wanted)["point-2"] == Pictures("full", "none")


def test_a_previewed_hall_on_the_floor_is_heard_once() -> None:
    people = halls(2) | {"desk-a": Member.of([], DESK_SLOTS)}
    room = Room(room="1", floor=("point-1",), views={"desk-a": View(preview="point-1")})
    heard = received(assign(room, people, {}), "desk-a")
    assert heard["audio-0"] == Origin("point-1", "microphone")
    assert "preview-audio" not in heard


def test_own_tiles_replace_the_common_ones() -> None:
    people = halls(4) | {"desk-a": Member.of([], DESK_SLOTS)}
    room = Room(room="1", tiles=("point-0", "point-1"), views={"desk-a": View(tiles=("point-3",))})
    wanted = assign(room, people, {})
    assert received(wanted, "desk-a") == {"tile-0": Origin("point-3", "camera")}
    assert received(wanted, "point-0") == {"tile-1": Origin("point-1", "camera")}, "its own place stays empty"
    assert Place("point-2", "tile-0") in wanted


def test_who_speaks_sees_whom_it_speaks_to_large_and_itself_small() -> None:
    room = Room(room="r", stage="commune", floor=["main", "commune"], tiles=["main", "other"])
    hall = Member.of(("camera", "microphone"), ("stage", "content", "tile-0", "tile-1", "audio-0", "audio-1"))
    members = dict.fromkeys(("main", "commune", "other"), hall)
    shown = assign(room, members, {})
    assert shown[Place("commune", "stage")] == Origin("main", "camera")
    assert Place("commune", "tile-0") not in shown
    assert shown[Place("commune", "tile-1")] == Origin("other", "camera")
    assert shown[Place("other", "stage")] == Origin("commune", "camera")
    # In a grid everybody is alike, and whoever speaks alone sees nobody else in their place.
    grid = room.model_copy(update={"tiles": ["commune", "main", "other"]})
    assert Place("commune", "stage") not in assign(grid, members, {})
    alone = room.model_copy(update={"floor": ["commune"]})
    assert Place("commune", "stage") not in assign(alone, members, {})
