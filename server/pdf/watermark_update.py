"""The personal ending of a stampable file: a few hundred bytes, made for each download, by counting alone."""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime

from server.core.clock import VIETNAM
from server.pdf.messages import Plan
from server.pdf.text_metrics import encoded, width

_SQUARE, _STRIP = 1000, 40
_SLOPE = math.radians(35)
_DIAGONAL = 1080.0
"""How long a line may be across the square, and the largest letters of each line."""
_LARGEST = (110.0, 64.0, 64.0)
_FOOT_SIZE = 13.0
_LEADING = 1.25


@dataclass(frozen=True, slots=True)
class Reader:
    name: str
    unit: str
    at: datetime

    @property
    def lines(self) -> tuple[str, ...]:
        """Name, unit (if any) and local time, cleaned for one line each."""
        moment = self.at.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")
        return tuple(line for line in (self.name[:80], self.unit[:80], moment) if line)


def ending(plan: Plan, reader: Reader) -> bytes:
    """What follows the stampable file's bytes: both stamps anew, their cross-reference table, a trailer."""
    foot = " · ".join(("Bản cấp cho " + reader.lines[0], *reader.lines[1:]))
    objects = sorted(
        [
            (plan.mark, _object(plan, plan.mark, _SQUARE, _mark(reader.lines))),
            (plan.foot, _object(plan, plan.foot, _STRIP, _foot(foot))),
        ]
    )
    body = bytearray(b"\n")
    table = bytearray()
    for number, made in objects:
        table += b"%d 1\n%010d 00000 n \n" % (number, plan.size + len(body))
        body += made
    own = hashlib.sha256(plan.identity.encode() + bytes(body)).hexdigest()[:32]
    info = b" /Info %d 0 R" % plan.info if plan.info is not None else b""
    trailer = b"<< /Size %d /Root %d 0 R%s /ID [<%s> <%s>] /Prev %d >>" % (
        plan.objects,
        plan.root,
        info,
        plan.identity.encode(),
        own.encode(),
        plan.previous,
    )
    start = plan.size + len(body)
    return bytes(body) + b"xref\n%s" % bytes(table) + b"trailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (trailer, start)


def _object(plan: Plan, number: int, height: int, content: bytes) -> bytes:
    return (
        b"%d 0 obj\n<< /Type /XObject /Subtype /Form /BBox [0 0 %d %d] /Length %d "
        b"/Resources << /Font << /F %d 0 R >> /ExtGState << /G %d 0 R >> >> >>\nstream\n%s\nendstream\nendobj\n"
        % (number, _SQUARE, height, len(content), plan.font, plan.faint, content)
    )


def _mark(lines: tuple[str, ...]) -> bytes:
    """The lines across the square, one above the other, each as large as it fits."""
    sized = [
        (line, min(largest, _DIAGONAL / max(width(line), 1))) for line, largest in zip(lines, _LARGEST, strict=False)
    ]
    height = sum(size * _LEADING for _, size in sized)
    cos, sin = math.cos(_SLOPE), math.sin(_SLOPE)
    drawn = [f"/G gs 0.25 g {cos:.4f} {sin:.4f} {-sin:.4f} {cos:.4f} 500 500 cm BT"]
    y = height / 2
    for line, size in sized:
        y -= size
        drawn.append(f"/F {size:.1f} Tf 1 0 0 1 {-width(line) * size / 2:.1f} {y:.1f} Tm {encoded(line)} Tj")
        y -= size * (_LEADING - 1)
    return " ".join([*drawn, "ET"]).encode()


def _foot(text: str) -> bytes:
    size = min(_FOOT_SIZE, (_SQUARE - 60) / max(width(text), 1))
    return f"0.35 g BT /F {size:.1f} Tf 30 14 Td {encoded(text)} Tj ET".encode()
