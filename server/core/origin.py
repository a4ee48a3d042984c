"""Whether a browser's request comes from a page of this very site."""

from urllib.parse import urlsplit

from server.core.config import Settings


def is_same_origin(origin: str | None, host: str | None, settings: Settings) -> bool:
    """`origin`: the header; None (not a browser, or a plain same-site GET) passes. `host`: the request's Host header.

    Accepted: the public address, and whatever host the request itself was sent to (a LAN address, localhost)."""
    if origin is None or origin == settings.url:
        return True
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and bool(host) and parts.netloc.lower() == (host or "").lower()
