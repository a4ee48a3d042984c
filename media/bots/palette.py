"""Colours of the simulated halls: twelve rooms that are told apart at a glance, even as small pictures."""

from __future__ import annotations

from typing import NamedTuple

Colour = tuple[int, int, int]


class Room(NamedTuple):
    """The wall behind the speaker, and the speaker's clothes."""

    wall: Colour
    suit: Colour
    tie: Colour
    hair: Colour
    skin: Colour
    long_hair: bool


ROOMS: tuple[Room, ...] = (
    Room((31, 78, 121), (38, 46, 60), (168, 50, 50), (28, 24, 24), (222, 178, 146), False),
    Room((140, 44, 52), (58, 40, 66), (226, 196, 150), (32, 24, 22), (232, 190, 160), True),
    Room((24, 110, 96), (44, 52, 58), (214, 158, 46), (60, 58, 60), (208, 162, 128), False),
    Room((150, 98, 32), (32, 58, 82), (240, 232, 216), (26, 22, 22), (226, 182, 150), True),
    Room((88, 62, 132), (36, 38, 52), (66, 128, 178), (34, 28, 26), (216, 170, 138), False),
    Room((54, 104, 52), (120, 38, 48), (236, 214, 180), (24, 20, 20), (230, 188, 156), True),
    Room((60, 74, 96), (74, 62, 50), (36, 96, 132), (92, 90, 92), (214, 168, 134), False),
    Room((168, 74, 44), (40, 62, 58), (238, 226, 200), (30, 24, 22), (228, 184, 152), True),
    Room((20, 100, 138), (50, 50, 54), (148, 36, 60), (26, 24, 26), (218, 172, 140), False),
    Room((128, 46, 96), (42, 54, 84), (240, 220, 226), (36, 26, 24), (232, 192, 162), True),
    Room((96, 108, 40), (48, 42, 38), (196, 132, 40), (70, 66, 64), (210, 164, 130), False),
    Room((46, 60, 140), (96, 48, 40), (224, 206, 170), (24, 22, 24), (226, 182, 148), True),
)


def shade(colour: Colour, factor: float) -> Colour:
    """Darker below 1, lighter above (towards white)."""
    if factor <= 1:
        return (round(colour[0] * factor), round(colour[1] * factor), round(colour[2] * factor))
    share = min(factor - 1, 1)
    red, green, blue = (round(each + (255 - each) * share) for each in colour)
    return (red, green, blue)
