"""Picture and sound of simulated halls: told apart, alive, and made of speech rather than tones."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from media.bots import drawing, speech
from media.bots.halls import read_links
from media.bots.palette import ROOMS
from media.bots.scene import Scene
from media.bots.speech import FRAME, RATE, SILENCE, Speech, hall_speech
from media.bots.tracks import CameraTrack, MicrophoneTrack

NOON = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)


def pixels(scene: Scene, now: datetime = NOON) -> NDArray[np.uint8]:
    return np.asarray(scene.frame(now).to_ndarray(format="rgb24"), dtype=np.uint8)


def box(image: NDArray[np.uint8], area: tuple[int, int, int, int]) -> NDArray[np.int64]:
    return image[area[1] : area[3], area[0] : area[2]].astype(np.int64)


@pytest.mark.parametrize("width", [320, 640])
def test_rooms_are_told_apart_by_their_walls(width: int) -> None:
    walls = [
        pixels(Scene("Lạc Dương", "ĐIỂM CẦU", room, width))[: width // 8, : width // 8].mean(axis=(0, 1))
        for room in ROOMS
    ]
    for one, other in combinations(walls, 2):
        assert np.abs(one - other).max() > 12


def test_the_picture_has_the_size_asked_for_and_moves() -> None:
    scene = Scene("Đưng K'Nớ", "ĐIỂM CẦU", ROOMS[3], 640)
    one, other = pixels(scene), pixels(scene, NOON + timedelta(milliseconds=250))
    assert one.shape == (360, 640, 3)
    moved = np.abs(box(one, drawing.SPEAKER_BOX) - box(other, drawing.SPEAKER_BOX)).max(axis=2) > 30
    assert moved.mean() > 0.005
    still = np.abs(one[:, :100].astype(int) - other[:, :100]).max()
    assert still <= 2, "only the parts that move are drawn anew"


def test_the_clock_changes_every_second() -> None:
    scene = Scene("Lạc Dương", "ĐIỂM CẦU", ROOMS[0], 640)
    clocks = [box(pixels(scene, NOON + timedelta(seconds=second)), drawing.CLOCK_BOX) for second in range(3)]
    for one, other in combinations(clocks, 2):
        assert np.abs(one - other).max() > 100


def test_a_long_name_leaves_the_clock_free() -> None:
    short, long = (
        pixels(Scene(name, "ĐIỂM CẦU", ROOMS[0], 640))
        for name in ("Đạ Tẻh", "Văn phòng Đoàn đại biểu Quốc hội và HĐND tỉnh")
    )
    assert np.abs(box(short, drawing.CLOCK_BOX) - box(long, drawing.CLOCK_BOX)).max() <= 2
    sign = (140, 50, 500, 110)
    assert np.abs(box(short, sign) - box(long, sign)).max() > 100


def decoded(made: Speech) -> NDArray[np.float64]:
    codec = av.CodecContext.create("libopus", "r")
    codec.sample_rate, codec.layout, codec.format = RATE, "mono", "s16"
    frames = [frame for packet in made.packets for frame in codec.decode(av.Packet(packet))]
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames]) / 32768


@pytest.mark.parametrize("installed", [True, False], ids=["espeak-ng where it is", "without espeak-ng"])
def test_halls_speak_with_rhythm_and_many_frequencies(installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not installed:
        monkeypatch.setattr(speech.shutil, "which", lambda program: None)
    made = hall_speech("Lạc Dương", 0)
    samples = decoded(made)
    assert samples.size / RATE > 15
    whole = samples[: samples.size // FRAME * FRAME].reshape(-1, FRAME)
    loudness = np.sqrt((whole**2).mean(axis=1))
    assert (loudness < 0.01).mean() > 0.08, "it pauses"
    assert 0.03 < loudness[loudness > 0.01].mean() < 0.2, "as loud as a voice"
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(samples.size, 1 / RATE)
    voice = spectrum[(hertz > 80) & (hertz < 4000)].sum() / spectrum.sum()
    assert voice > 0.8
    strongest = np.sort(spectrum)[-20:].sum() / spectrum.sum()
    assert strongest < 0.3, "no bare tone"


def test_halls_have_voices_of_their_own() -> None:
    one, other = hall_speech("Lạc Dương", 0), hall_speech("Đạ Tẻh", 1)
    assert one.packets != other.packets


def test_levels_tell_speech_from_pauses() -> None:
    made = hall_speech("Lạc Dương", 2)
    assert min(made.levels) < 30
    assert made.levels[-1] == 127, "the loop ends with a pause"
    assert len(made.packets) >= len(made.levels)


async def test_the_camera_sends_nothing_until_it_is_wanted() -> None:
    camera = CameraTrack("Lạc Dương", "ĐIỂM CẦU", ROOMS[0])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(camera.recv(), 0.2)
    camera.set_demand("small")
    assert (await camera.recv()).width == 320
    camera.set_demand("full")
    begun = time.monotonic()
    frames = [await camera.recv() for _ in range(8)]
    assert frames[-1].width == 640
    assert time.monotonic() - begun > 0.4, "15 a second, not as fast as it can"
    stamps = [frame.pts for frame in frames if frame.pts is not None]
    assert stamps == sorted(set(stamps))


async def test_the_microphone_keeps_time_and_tells_the_level() -> None:
    made = Speech(packets=(b"a", b"b", b"c"), levels=(20, 30, 127))
    microphone = MicrophoneTrack(made, offset=1)
    begun = time.monotonic()
    taken = []
    for _ in range(6):
        packet = await microphone.recv()
        taken.append((bytes(packet), packet.pts, microphone.level))
    assert 0.09 < time.monotonic() - begun < 1
    assert taken[:3] == [(b"b", 0, 30), (b"c", 960, 127), (b"a", 1920, 20)]
    microphone.set_speech(SILENCE)
    assert bytes(await microphone.recv()) == SILENCE.packets[0]


def test_silence_is_silent() -> None:
    samples = decoded(Speech(SILENCE.packets * 10, SILENCE.levels * 10))
    assert samples.size == 10 * FRAME
    assert np.abs(samples).max() < 0.001


def test_links_are_read_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "links"
    lines = [
        {"link": f"/join/abc{n}", "meeting_id": 1, "point_id": n, "name": "Lạc Dương", "unit": "Huyện Lạc Dương"}
        for n in range(3)
    ]
    file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n\n", encoding="utf-8")
    links = read_links(file, 2)
    assert [(link.token, link.point_id, link.name) for link in links] == [
        ("abc0", 0, "Lạc Dương"),
        ("abc1", 1, "Lạc Dương"),
    ]
    assert len(read_links(file, None)) == 3
