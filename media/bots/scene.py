"""The moving picture of a simulated hall, cheap enough for a dozen at once.

What changes is drawn once for each of its states, kept as rectangles of Y, U and V, and copied into the frame: about
0.2 ms for a frame of 640 × 360.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
from av import VideoFrame
from numpy.typing import NDArray
from PIL import Image

from media.bots import drawing
from media.bots.palette import Room

POSES = 40
SECONDS_PER_ROUND = 5.0
"""Time for all poses of the speaker."""
METER_SECONDS = 1.5

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]
Pixels = tuple[int, int, int, int]


class Scene:
    """One hall at one size; `width` is a multiple of 32 with 16:9."""

    def __init__(self, name: str, above: str, room: Room, width: int) -> None:
        self.width, self.height = width, width * 9 // 16
        self._scale = width / drawing.WIDTH
        self._room = room
        self._empty = drawing.draw_room(self._scale, name, above, room)
        self._background = _planes(self._empty.result())
        self._speaker_box = self._pixels(drawing.SPEAKER_BOX)
        self._clock_box = self._pixels(drawing.CLOCK_BOX)
        self._meter_box = self._pixels(drawing.METER_BOX)
        self._poses: dict[int, Planes] = {}
        self._meters: dict[int, Planes] = {}
        self._clock: tuple[str, Planes] | None = None

    def frame(self, now: datetime) -> VideoFrame:
        """The picture at `now` (local time, for the clock). The caller sets its time stamp."""
        seconds = now.timestamp()
        planes: Planes = (self._background[0].copy(), self._background[1].copy(), self._background[2].copy())
        _paste(planes, self._pose(int(seconds / SECONDS_PER_ROUND * POSES) % POSES), self._speaker_box)
        _paste(
            planes,
            self._meter(int(seconds / METER_SECONDS * drawing.METER_STEPS) % drawing.METER_STEPS),
            self._meter_box,
        )
        _paste(planes, self._clock_at(now.strftime("%H:%M:%S")), self._clock_box)
        whole = np.concatenate([plane.ravel() for plane in planes]).reshape(self.height * 3 // 2, self.width)
        return VideoFrame.from_ndarray(whole, format="yuv420p")

    def _pixels(self, box: tuple[int, int, int, int]) -> Pixels:
        """Design space to pixels, on even numbers: one U and V stands for two pixels each way."""
        left, top, right, bottom = (number * self._scale for number in box)
        return int(left) // 2 * 2, int(top) // 2 * 2, -int(-right // 2) * 2, -int(-bottom // 2) * 2

    def _pose(self, step: int) -> Planes:
        if step not in self._poses:
            canvas = drawing.Canvas.over(self._empty)
            drawing.draw_speaker(canvas, self._room, step / POSES)
            self._poses[step] = _planes(canvas.cut(self._speaker_box))
        return self._poses[step]

    def _meter(self, step: int) -> Planes:
        if step not in self._meters:
            canvas = drawing.Canvas.over(self._empty)
            drawing.draw_meter(canvas, self._room, step)
            self._meters[step] = _planes(canvas.cut(self._meter_box))
        return self._meters[step]

    def _clock_at(self, text: str) -> Planes:
        if self._clock is None or self._clock[0] != text:
            canvas = drawing.Canvas.over(self._empty)
            drawing.draw_clock(canvas, text)
            self._clock = (text, _planes(canvas.cut(self._clock_box)))
        return self._clock[1]


def _planes(image: Image.Image) -> Planes:
    """RGB to Y, U, V with U and V at half size each way."""
    width, height = image.size
    frame = VideoFrame.from_ndarray(np.asarray(image), format="rgb24").reformat(format="yuv420p")
    whole = np.asarray(frame.to_ndarray(), dtype=np.uint8).ravel()
    luma, chroma = width * height, width * height // 4
    return (
        whole[:luma].reshape(height, width),
        whole[luma : luma + chroma].reshape(height // 2, width // 2),
        whole[luma + chroma :].reshape(height // 2, width // 2),
    )


def _paste(planes: Planes, part: Planes, box: Pixels) -> None:
    left, top, right, bottom = box
    planes[0][top:bottom, left:right] = part[0]
    planes[1][top // 2 : bottom // 2, left // 2 : right // 2] = part[1]
    planes[2][top // 2 : bottom // 2, left // 2 : right // 2] = part[2]
