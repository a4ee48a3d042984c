"""Every path without a dot is answered by the one page; "/" among them."""

from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient

from server.edge.pages import Pages


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<title>Nhịp Cầu</title>", encoding="utf-8")
    (tmp_path / "mark.svg").write_text("<svg/>", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("path", ["/", "/sign-in", "/meetings/5/edit"])
async def test_a_path_of_the_app_is_answered_by_its_page(root: Path, path: str) -> None:
    async with AsyncClient(transport=ASGITransport(Pages(root)), base_url="http://here") as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    assert "Nhịp Cầu" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


async def test_a_file_is_served_as_itself(root: Path) -> None:
    async with AsyncClient(transport=ASGITransport(Pages(root)), base_url="http://here") as client:
        assert (await client.get("/mark.svg")).text == "<svg/>"
