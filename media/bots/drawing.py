"""Draws a simulated hall: the room with its name on the wall, the speaker behind the podium, the clock.

Everything is drawn in a design space of 640 × 360 on a canvas of twice the wanted size, then reduced: smooth edges.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from media.bots.palette import Colour, Room, shade

WIDTH, HEIGHT = 640, 360
SUPERSAMPLING = 2
FLOOR_Y = 306
SPEAKER_BOX = (212, 118, 428, 306)
"""Left, top, right, bottom of what moves when the speaker does, in design space."""
CLOCK_BOX = (504, 24, 616, 64)
METER_BOX = (548, 84, 616, 124)
METER_STEPS = 12
SIGN_WIDTH = 356
"""Leaves the clock free."""
CREAM: Colour = (255, 246, 222)
WOOD: Colour = (122, 78, 46)

_FONT = Path(__file__).parent / "assets" / "BeVietnamPro-SemiBold.ttf"
Box = tuple[float, float, float, float]


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONT), size)


class Canvas:
    """A drawing in design coordinates at `scale` times the design's size."""

    def __init__(self, scale: float, background: Colour) -> None:
        self._scale = scale * SUPERSAMPLING
        self.size = (round(WIDTH * scale), round(HEIGHT * scale))
        self._image = Image.new("RGB", (self.size[0] * SUPERSAMPLING, self.size[1] * SUPERSAMPLING), background)
        self._draw = ImageDraw.Draw(self._image)

    @classmethod
    def over(cls, other: Canvas) -> Canvas:
        """A copy to draw on."""
        copy = cls.__new__(cls)
        copy._scale, copy.size = other._scale, other.size
        copy._image = other._image.copy()
        copy._draw = ImageDraw.Draw(copy._image)
        return copy

    def result(self) -> Image.Image:
        return self._image.resize(self.size, Image.Resampling.BOX)

    def cut(self, box: tuple[int, int, int, int]) -> Image.Image:
        """The reduced part of the drawing at `box`, which is in pixels of the result."""
        factor = SUPERSAMPLING
        part = self._image.crop((box[0] * factor, box[1] * factor, box[2] * factor, box[3] * factor))
        return part.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BOX)

    def _scaled(self, *numbers: float) -> list[float]:
        return [number * self._scale for number in numbers]

    def rectangle(self, box: Box, colour: Colour, radius: float = 0) -> None:
        self._draw.rounded_rectangle(self._scaled(*box), radius * self._scale, fill=colour)

    def ellipse(self, box: Box, colour: Colour) -> None:
        self._draw.ellipse(self._scaled(*box), fill=colour)

    def pie(self, box: Box, start: float, end: float, colour: Colour) -> None:
        self._draw.pieslice(self._scaled(*box), start, end, fill=colour)

    def polygon(self, points: list[tuple[float, float]], colour: Colour) -> None:
        self._draw.polygon([(x * self._scale, y * self._scale) for x, y in points], fill=colour)

    def line(self, points: list[tuple[float, float]], colour: Colour, width: float) -> None:
        scaled = [(x * self._scale, y * self._scale) for x, y in points]
        self._draw.line(scaled, fill=colour, width=max(1, round(width * self._scale)), joint="curve")
        radius = width * self._scale / 2
        for x, y in (scaled[0], scaled[-1]):
            self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def text(self, x: float, y: float, text: str, size: float, colour: Colour) -> None:
        """Centred on (x, y)."""
        self._draw.text((x * self._scale, y * self._scale), text, colour, font(round(size * self._scale)), anchor="mm")

    def text_width(self, text: str, size: float) -> float:
        return font(round(size * self._scale)).getlength(text) / self._scale


def draw_room(scale: float, name: str, above: str, room: Room) -> Canvas:
    """The empty room. `name` stands large on the wall, `above` small over it."""
    canvas = Canvas(scale, room.wall)
    for y in range(0, FLOOR_Y, 6):
        canvas.rectangle((0, y, WIDTH, y + 6), shade(room.wall, 1.0 - 0.28 * y / FLOOR_Y))
    for x in range(40, WIDTH, 80):
        canvas.rectangle((x, 0, x + 1.5, FLOOR_Y), shade(room.wall, 0.66))
        canvas.rectangle((x + 1.5, 0, x + 3, FLOOR_Y), shade(room.wall, 1.1))
    canvas.rectangle((0, FLOOR_Y - 8, WIDTH, FLOOR_Y), shade(WOOD, 0.72))
    canvas.rectangle((0, FLOOR_Y, WIDTH, HEIGHT), shade(WOOD, 0.5))
    canvas.rectangle((0, FLOOR_Y, WIDTH, FLOOR_Y + 2), shade(WOOD, 0.9))
    _draw_sign(canvas, name, above, room)
    for x in (96, 544):
        _draw_plant(canvas, x)
    canvas.rectangle((CLOCK_BOX[0], CLOCK_BOX[1], CLOCK_BOX[2], CLOCK_BOX[3]), (16, 20, 28), 7)
    return canvas


def _draw_sign(canvas: Canvas, name: str, above: str, room: Room) -> None:
    canvas.text(WIDTH / 2, 34, above, 17, shade(room.wall, 1.72))
    size = 50.0
    while canvas.text_width(name, size) > SIGN_WIDTH and size > 20:
        size -= 2
    canvas.text(WIDTH / 2, 78, name, size, CREAM)


def _draw_plant(canvas: Canvas, x: float) -> None:
    for lean, height in ((-26, 58), (-13, 76), (0, 86), (13, 74), (27, 56)):
        tip = (x + lean * 1.25, FLOOR_Y - 34 - height)
        middle = (x + lean, FLOOR_Y - 34 - height * 0.55)
        green = (46, 112, 62) if lean % 2 else (62, 138, 76)
        canvas.polygon([(x - 3, FLOOR_Y - 30), (middle[0] - 9, middle[1]), tip, (middle[0] + 9, middle[1])], green)
    canvas.polygon(
        [(x - 24, FLOOR_Y - 38), (x + 24, FLOOR_Y - 38), (x + 17, FLOOR_Y + 10), (x - 17, FLOOR_Y + 10)],
        (196, 188, 176),
    )


def draw_speaker(canvas: Canvas, room: Room, phase: float) -> None:
    """The speaker behind the podium at `phase` (0 to 1) of a movement that repeats: sways, nods, lifts a hand."""
    turn = 2 * math.pi * phase
    sway, nod = 5 * math.sin(turn), 2.2 * math.sin(3 * turn)
    x, y = 320 + sway, 168 + nod
    if room.long_hair:
        canvas.rectangle((x - 33, y - 28, x + 33, y + 46), room.hair, 24)
    canvas.rectangle((x - 11, y + 20, x + 11, y + 54), shade(room.skin, 0.86), 6)
    canvas.rectangle((x - 68, y + 44, x + 68, y + 190), room.suit, 34)
    canvas.polygon([(x - 20, y + 43), (x + 20, y + 43), (x, y + 92)], (244, 244, 240))
    if room.long_hair:
        canvas.polygon([(x - 20, y + 43), (x - 9, y + 43), (x, y + 92)], room.tie)
        canvas.polygon([(x + 20, y + 43), (x + 9, y + 43), (x, y + 92)], room.tie)
    else:
        canvas.polygon([(x - 6, y + 48), (x + 6, y + 48), (x + 8, y + 84), (x, y + 94), (x - 8, y + 84)], room.tie)
    canvas.ellipse((x - 27, y - 32, x + 27, y + 34), room.skin)
    canvas.pie((x - 29, y - 37, x + 29, y + 22), 180, 360, room.hair)
    for side in (-1, 1):
        canvas.ellipse((x + side * 10 - 2.6, y - 2, x + side * 10 + 2.6, y + 3.4), (44, 32, 28))
    opening = 1.2 + 3.2 * abs(math.sin(8 * turn))
    canvas.ellipse((x - 7, y + 17 - opening, x + 7, y + 17 + opening), (140, 56, 52))
    lift = 30 * max(0.0, math.sin(2 * turn))
    elbow, hand = (x + 66, y + 84), (x + 80 + lift * 0.3, y + 78 - lift)
    canvas.line([(x + 56, y + 70), elbow], room.suit, 27)
    canvas.line([elbow, hand], shade(room.suit, 1.08), 22)
    canvas.ellipse((hand[0] - 11, hand[1] - 14, hand[0] + 11, hand[1] + 8), room.skin)
    _draw_podium(canvas)


def _draw_podium(canvas: Canvas) -> None:
    canvas.polygon([(238, 262), (402, 262), (388, FLOOR_Y), (252, FLOOR_Y)], WOOD)
    canvas.rectangle((228, 250, 412, 266), shade(WOOD, 1.16), 4)
    canvas.line([(296, 252), (303, 222)], (30, 32, 38), 3)
    canvas.ellipse((298, 212, 310, 226), (40, 42, 50))


def draw_clock(canvas: Canvas, text: str) -> None:
    """`text` is "hh:mm:ss". Digits stand on fixed places so that the clock does not shake."""
    left, top, right, bottom = CLOCK_BOX
    canvas.rectangle((left, top, right, bottom), (16, 20, 28), 7)
    step = 12.2
    start = (left + right) / 2 - step * 3.5
    for index, character in enumerate(text):
        canvas.text(start + index * step, (top + bottom) / 2 - (1.5 if character == ":" else 0), character, 20, CREAM)


def draw_meter(canvas: Canvas, room: Room, step: int) -> None:
    """Five bars that rise and fall: shows from afar that the picture is alive."""
    left, _, _, bottom = METER_BOX
    for bar in range(5):
        height = 8 + 28 * abs(math.sin(2 * math.pi * (step / METER_STEPS + bar * 0.17)))
        x = left + bar * 14
        canvas.rectangle((x, bottom - height, x + 8, bottom), shade(room.wall, 1.66), 3)
