"""What a page tells of its own fault: one line of the log, without a person in it, and never a flood of them."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from server.edge.page_faults import browser_of, impersonal
from tests.conftest import Browsers

FAULT = {
    "page": "/(room)/meetings/[id]/console",
    "build": "1795787718483",
    "message": "Cannot read properties of undefined (reading 'Nguyễn Văn A')",
    "stack": "at f (https://hop.example/_app/immutable/chunks/BFiO.js:1:2034)\nat https://hop.example/join/aB3_x-9:1",
}
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
)


async def tell(browser: Browsers, times: int = 1, **change: Any) -> tuple[list[int], list[Any]]:
    client = await browser()
    client.headers["User-Agent"] = AGENT
    with capture_logs() as logs:
        codes = [(await client.post("/api/page-faults", json=FAULT | change)).status_code for _ in range(times)]
    return codes, [entry for entry in logs if entry["event"] == "page-fault"]


async def test_a_fault_in_a_page_is_one_line_of_the_log_that_names_nobody(browser: Browsers) -> None:
    codes, (line,) = await tell(browser)
    assert codes == [204]
    assert line["page"] == FAULT["page"]
    assert line["build"] == FAULT["build"]
    assert line["browser"] == "Chrome 120, Windows NT 10.0"
    assert line["message"] == "Cannot read properties of undefined (reading '…')"
    assert line["stack"] == "at f (/_app/immutable/chunks/BFiO.js:1:2034) | at …"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("no way to /join/Zx81kQpL0v9aTt3nWcYd", "no way to /join/…"),
        ("chi.nguyen@lamdong.gov.vn, 0912345678", "… …"),
        ("a\x00b\x1b[31mc\u202ed", "a b [31mc d"),
        ("x is not a function", "x is not a function"),
    ],
)
def test_what_could_name_somebody_is_taken_out(said: str, kept: str) -> None:
    assert impersonal(said) == kept


async def test_a_page_that_fails_all_day_does_not_fill_the_log(browser: Browsers) -> None:
    codes, lines = await tell(browser, times=40)
    assert set(codes) == {204}
    assert len(lines) == 10


@pytest.mark.parametrize(
    "change",
    [
        {"page": "/meetings/12/console"},
        {"page": "/join/aB3x9"},
        {"build": "x" * 41},
        {"message": "x" * 401},
        {"stack": "x" * 2001},
        {"stack": ["x"]},
    ],
)
async def test_nothing_larger_and_no_address_is_taken(browser: Browsers, change: dict[str, Any]) -> None:
    assert await tell(browser, **change) == ([422], [])


async def test_a_foreign_page_tells_nothing(browser: Browsers) -> None:
    client = await browser()
    del client.headers["X-Nhipcau"]
    assert (await client.post("/api/page-faults", json=FAULT)).status_code == 403


def test_browsers_are_named_shortly() -> None:
    assert browser_of("Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0") == "Firefox 115, Linux"
    assert browser_of(AGENT + " Edg/120.0.2210.91") == "Edg 120, Windows NT 10.0"
    ipad = "Mozilla/5.0 (iPad; CPU OS 16_4 like Mac OS X) AppleWebKit/605.1.15 Version/16.4 Mobile/15E148 Safari/604.1"
    assert browser_of(ipad) == "Version 16, CPU OS 16_4"
    assert browser_of("x" * 5000) == "?"
