"""Codes of many addresses that are alike."""

import secrets

import pytest
import segno

from server.core import qr


def by_the_standard(address: str) -> list[str]:
    made = segno.make(address, mode="byte", error="m", boost_error=False, mask=0, micro=False)
    return ["".join(map(str, row)) for row in made.matrix]


@pytest.mark.parametrize("address", ["https://hop.lamdong.example/join/", "http://127.0.0.1:8000/join/"])
def test_codes_of_addresses_that_are_alike_are_those_of_each_alone(address: str) -> None:
    for letters in (16, 32):
        for _ in range(20):
            own = address + secrets.token_urlsafe(letters)
            assert qr.rows(own) == by_the_standard(own) == qr.row_by_row(own)


def test_what_is_not_alike_is_refused() -> None:
    alike = qr.Alike(b"https://hop.example/m/", 4)
    assert alike.rows("https://hop.example/m/abcd") == by_the_standard("https://hop.example/m/abcd")
    for address in ("https://hop.example/m/abcde", "https://hop.example/x/abcd"):
        with pytest.raises(ValueError, match="not alike"):
            alike.rows(address)
