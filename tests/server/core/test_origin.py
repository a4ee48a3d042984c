"""Spellings of one site, and sites that only look like it."""

from pathlib import Path

import pytest

from server.core.config import Settings
from server.core.origin import is_own_host, is_same_origin


def settings(public_url: str | None = "https://hop.example", extra: str = "") -> Settings:
    return Settings(var=Path("/nowhere"), public_url=public_url, extra_origins=extra, _env_file=None)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "hop.example"),
        ("https://hop.example", "hop.example"),
        ("https://Hop.Example", "hop.example"),
        ("https://hop.example:443", "hop.example"),
        ("https://hop.example", "HOP.example:443"),
        ("https://hop.example.", "hop.example"),
        ("https://hop.example", "127.0.0.1:8000"),  # a proxy that does not pass the name on
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://10.1.2.3:8000", "10.1.2.3:8000"),
        ("http://[fd00::1]:8000", "[fd00::1]:8000"),
        ("http://localhost:8000", "localhost:8000"),
    ],
)
def test_own_pages(origin: str | None, host: str) -> None:
    assert is_same_origin(origin, host, settings())


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://hop.example", "hop.example"),
        ("http://hop.example:443", "hop.example:443"),
        ("https://evil.example", "evil.example"),
        ("https://evil.example", "hop.example"),
        ("https://hop.example.evil.example", "hop.example"),
        ("https://user@hop.example", "hop.example"),
        ("https://hop.example:8443", "hop.example"),
        ("null", "hop.example"),
        ("file://", "hop.example"),
        ("https://hop.example:x", "hop.example"),
        ("https://", ""),
        ("http://127.0.0.1:8000", "127.0.0.1:8001"),
    ],
)
def test_foreign_pages(origin: str, host: str) -> None:
    assert not is_same_origin(origin, host, settings())


def test_a_second_name_and_a_port_that_the_proxy_loses() -> None:
    two = settings("https://hop.example:8443", "https://hop.noi-bo.example, http://cau.lan:81")
    assert is_same_origin("https://hop.example:8443", "hop.example", two)
    assert is_same_origin("https://hop.noi-bo.example", "hop.noi-bo.example", two)
    assert is_same_origin("http://cau.lan:81", "cau.lan", two)
    assert not is_same_origin("http://cau.lan", "hop.example", two)


def test_whose_host_it_is() -> None:
    ours = settings("https://hop.example", "https://hop.noi-bo.example")
    for host in (
        "hop.example",
        "HOP.example:443",
        "hop.noi-bo.example:8443",
        "localhost",
        "10.0.0.7:8000",
        "[::1]:8000",
    ):
        assert is_own_host(host, ours), host
    for host in (None, "", "evil.example", "hop.example.evil.example", "hop.example:x", "a b", "hop.example/.."):
        assert not is_own_host(host, ours), host
    assert is_own_host("whatever.example", settings(None))
