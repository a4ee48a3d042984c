"""The slips that codes are printed on: a PDF, one page A4 for each point."""

import json
from collections.abc import Sequence
from pathlib import Path

from server.core.clock import VIETNAM
from server.core.config import Settings
from server.core.qr import svg
from server.core.typesetting import compiled
from server.devices.actions import Slip
from server.devices.codes import address_of, shown
from server.devices.schemas import Part

SOURCE = Path(__file__).with_name("slips.typ")
_PARTS = {
    "main": "Màn hình chính: phát hình, tiếng của hội trường",
    "papers": "Màn hình tài liệu: chỉ hiện trang đang trình chiếu",
    "spare": "Máy dự phòng: vào thay khi máy chính hỏng",
}


def sheet(settings: Settings, slips: Sequence[Slip], part: Part) -> tuple[str, list[tuple[str, str, str, str]]]:
    """What `pdf` is called with: its data as JSON, and for each page unit, point, code and what the QR leads to."""
    data = {
        "address": f"{settings.url.partition('://')[2]}/device",
        "part": _PARTS[part],
        "until": f"{slips[0].expires_at.astimezone(VIETNAM):%d/%m/%Y}",
    }
    pages = [
        (slip.point.unit_name, slip.point.name, shown(slip.code), address_of(settings, slip.code)) for slip in slips
    ]
    return json.dumps(data), pages


def pdf(data: str, pages: Sequence[tuple[str, str, str, str]]) -> bytes:
    """Takes some seconds of a core for hundreds: let `edge.exports` call it."""
    slips = [{"unit": unit, "point": point, "code": code, "qr": svg(address)} for unit, point, code, address in pages]
    return compiled(SOURCE, {"data": json.dumps({**json.loads(data), "slips": slips})})
