"""A small picture (SVG) of what somebody drew on a page: the page's outline, its lines as bars where it may still be
read, highlights, ink as lines, and notes as numbered pins. Pure; holds numbers and colours of our own only."""

from collections.abc import Iterable, Sequence
from typing import Any

WIDTH = 200.0
"""Units of the picture; the height follows the page."""
POINTS = 150
"""Of a stroke: more are not seen at this size."""
PALETTE = {
    "yellow": "#f2c94c",
    "green": "#6fcf97",
    "blue": "#2f80ed",
    "pink": "#eb5f9b",
    "red": "#c62828",
    "black": "#222222",
}
GREY = "#5f6b7a"


def picture(height: float, lines: Iterable[Sequence[Any]], bodies: Iterable[tuple[str, dict[str, Any], int]]) -> str:
    """`height`: of the page as a part of its width. `lines`: [x, y, width, height, …] of its text. `bodies`: kind, body
    and the note's number on this page."""
    tall = WIDTH * height
    parts = [f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{tall - 1:.1f}" fill="#fff" stroke="#9aa5b1"/>']
    parts += [_rect((*line[:3], line[3] * 0.6), tall, "#e3e7ec") for line in lines]
    pins = []
    for kind, body, number in bodies:
        color = PALETTE.get(body["color"], GREY)
        if kind == "highlight":
            parts += [_rect(rect, tall, color, opacity=0.55) for rect in body["rects"]]
        elif kind == "ink":
            parts.append(_stroke(body, tall, color))
        else:
            pins.append(_pin(body["x"] * WIDTH, body["y"] * tall, number))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {tall:.1f}">' + "".join(parts + pins) + "</svg>"
    )


def _rect(rect: Sequence[float], tall: float, fill: str, opacity: float = 1) -> str:
    x, y, width, height = rect
    return (
        f'<rect x="{x * WIDTH:.2f}" y="{y * tall:.2f}" width="{width * WIDTH:.2f}" height="{height * tall:.2f}" '
        f'fill="{fill}" fill-opacity="{opacity}"/>'
    )


def _stroke(body: dict[str, Any], tall: float, color: str) -> str:
    points = body["points"]
    step = -(-len(points) // POINTS)
    kept = points[::step] if points[-1] in points[::step] else [*points[::step], points[-1]]
    path = " ".join(f"{x * WIDTH:.1f},{y * tall:.1f}" for x, y, _ in kept)
    width = max(0.4, body["size"] * WIDTH)
    if len(kept) == 1:
        path = f"{path} {path}"
    return (
        f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width:.2f}" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )


def _pin(x: float, y: float, number: int) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="#b3201f"/>'
        f'<text x="{x:.1f}" y="{y + 3:.1f}" font-size="8" text-anchor="middle" fill="#fff" '
        f'font-family="Liberation Serif">{number}</text>'
    )
