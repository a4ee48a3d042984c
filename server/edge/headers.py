"""The security headers of every response."""

import base64
import hashlib
import re
from pathlib import Path

from server.core.config import Settings

_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


def inline_script_hashes(page: str) -> list[str]:
    """CSP sources ('sha256-…') of a page's inline scripts: SvelteKit's index.html starts with one."""
    return [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in _INLINE_SCRIPT.findall(page)
    ]


class SecurityHeaders:
    """The security headers. The page's script is part of the policy, so a page built anew takes effect at once."""

    def __init__(self, settings: Settings) -> None:
        self._index: Path = settings.web / "index.html"
        self._https = settings.url.startswith("https://")
        self._version: tuple[int, int] | None = None
        self._headers = _headers([], https=self._https)

    def current(self) -> dict[str, str]:
        version = self._version_on_disk()
        if version != self._version:
            try:
                page = self._index.read_text(encoding="utf-8") if version else ""
            except FileNotFoundError:  # a build replaces it just now: the next answer looks again
                return self._headers
            self._headers = _headers(inline_script_hashes(page), https=self._https)
            self._version = version
        return self._headers

    def _version_on_disk(self) -> tuple[int, int] | None:
        """When the page was written (ns) and its bytes; None where the web application is not built."""
        try:
            status = self._index.stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_size


def _headers(scripts: list[str], *, https: bool) -> dict[str, str]:
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *scripts]),
        # Styles in attributes only (positions, colours computed by components); sheets come from files.
        "style-src": "'self'",
        "style-src-attr": "'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' blob: mediastream:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        # Sign-in links carry their token in the path.
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), "
        "geolocation=(), payment=(), usb=()",
    }
    if https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers
