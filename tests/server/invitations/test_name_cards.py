"""Plates and badges, read back out of the PDF."""

import httpx2
import pypdfium2
import pytest

from server.invitations import name_cards
from server.meetings.models import Meeting
from tests.builders import Province
from tests.conftest import Browsers
from tests.server.invitations.conftest import Add


def pages(answer: httpx2.Response) -> list[tuple[tuple[int, int], str]]:
    """Millimetres and text of each page."""
    assert answer.status_code == 200, answer.text
    found = []
    for page in pypdfium2.PdfDocument(answer.content):
        width, height = (round(points / 72 * 25.4) for points in page.get_size())
        found.append(((width, height), page.get_textpage().get_text_range()))
    return found


async def test_each_has_a_plate_to_fold_and_a_badge(add: Add, organiser: httpx2.AsyncClient, meeting: Meeting) -> None:
    long = "Nguyễn Hoàng Phương Thảo Nguyên Cil Múp Ha Kơ Đạ Cháy"
    await add("Cil Múp Thảo", long)
    path = f"/api/meetings/{meeting.id}/name-cards.pdf"
    plates = pages(await organiser.get(path, params={"form": "plates"}))
    assert [size for size, _ in plates] == [(297, 210)] * 2
    for (_, text), name in zip(plates, ("Cil Múp Thảo", long), strict=True):
        assert " ".join(text.split()).count(name.upper()) == 2, "read from both sides"
    [(size, badges)] = pages(await organiser.get(path, params={"form": "badges"}))
    assert size == (210, 297)
    assert "CIL MÚP THẢO" in badges
    assert badges.count("ĐẠI BIỂU") == 2
    assert badges.count(meeting.title[:20]) == 2


async def test_a_hall_s_secretary_prints_the_own_list_alone(
    add: Add, browser: Browsers, organiser: httpx2.AsyncClient, meeting: Meeting, province: Province
) -> None:
    path = f"/api/meetings/{meeting.id}/name-cards.pdf"
    nobody = await organiser.get(path)
    assert (nobody.status_code, nobody.json()["code"]) == (409, "nobody-listed")
    await add("Cil Múp Thảo")
    secretary = await browser(province.hall_secretary)
    [(_, own)] = pages(await secretary.get(path))
    assert "CIL MÚP THẢO" in own
    other = await secretary.get(path, params={"point_id": province.main.id})
    assert other.status_code == 403


async def test_a_file_holds_no_more_than_a_printer_takes(
    add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add("Cil Múp Thảo", "Ha Kơ")
    monkeypatch.setattr(name_cards, "MOST", 1)
    answer = await organiser.get(f"/api/meetings/{meeting.id}/name-cards.pdf")
    assert (answer.status_code, answer.json()["code"]) == (409, "too-many-cards")
