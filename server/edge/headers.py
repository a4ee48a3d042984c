"""The security headers of every response."""

import base64
import hashlib
import re
from pathlib import Path

from server.core.config import Settings
from server.core.origin import Site, is_own_host, own_sites

_HOSTS = 64
"""Spellings of the host that are remembered."""
_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


def inline_script_hashes(page: str) -> list[str]:
    """CSP sources ('sha256-…') of a page's inline scripts: SvelteKit's index.html starts with one."""
    return [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in _INLINE_SCRIPT.findall(page)
    ]


_OWN = ("autoplay", "camera", "display-capture", "fullscreen", "microphone", "picture-in-picture", "screen-wake-lock")
_NOBODY = (
    "accelerometer",
    "browsing-topics",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "midi",
    "payment",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
_PERMISSIONS = ", ".join([*(f"{name}=(self)" for name in _OWN), *(f"{name}=()" for name in _NOBODY)])
"""What our pages may ask a browser for, and what nothing in them may."""


class SecurityHeaders:
    """The security headers. The page's script is part of the policy, so a page built anew takes effect at once."""

    def __init__(self, settings: Settings) -> None:
        self._index: Path = settings.web / "index.html"
        self._url = settings.url
        """For which the headers below were made."""
        self._version: tuple[int, int] | None = None
        self._settings = settings
        self._scripts: list[str] = []
        self._headers: dict[str, dict[str, str]] = {}
        """By the host that a request was sent to."""
        self._make()

    def _make(self) -> None:
        self._url = self._settings.url
        self._https = self._url.startswith("https://")
        self._of_parts = _of_parts(https=self._https)
        self._of_data = self._of_parts | _OF_DATA
        self._headers.clear()

    def of(self, path: str, kind: str, host: str | None = None) -> dict[str, str]:
        """What an answer at `path` of the content type `kind` bears. A policy binds documents and workers: the parts
        of the page are neither (the service worker lies elsewhere), and of JSON nothing may ever run. `host`: the
        request's own, the live channel of its page is there."""
        if self._url != self._settings.url:  # an administrator has set another public address
            self._make()
        if kind.startswith(_PARTS) and ("javascript" not in kind or path.startswith("/_app/immutable/")):
            return self._of_parts
        if kind.startswith("application/json"):
            return self._of_data
        self._look()
        name = host if host is not None and is_own_host(host, self._settings) else ""
        found = self._headers.get(name)
        if found is None:
            if len(self._headers) >= _HOSTS:
                self._headers.clear()
            found = self._headers[name] = _headers(self._scripts, self._connect_to(name), https=self._https)
        return found

    def _connect_to(self, host: str) -> list[str]:
        """Safari before 15.4 does not count wss: as 'self'."""
        hosts = [f"{'wss' if site.scheme == 'https' else 'ws'}://{_netloc(site)}" for site in own_sites(self._settings)]
        return sorted({*hosts, *([f"wss://{host}", f"ws://{host}"] if host else [])})

    def _look(self) -> None:
        version = self._version_on_disk()
        if version != self._version:
            try:
                page = self._index.read_text(encoding="utf-8") if version else ""
            except FileNotFoundError:  # a build replaces it just now: the next answer looks again
                return
            self._scripts = inline_script_hashes(page)
            self._headers.clear()
            self._version = version

    def _version_on_disk(self) -> tuple[int, int] | None:
        """When the page was written (ns) and its bytes; None where the web application is not built."""
        try:
            status = self._index.stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_size


def _netloc(site: Site) -> str:
    host = f"[{site.host}]" if ":" in site.host else site.host
    return host if site.port == {"http": 80, "https": 443}[site.scheme] else f"{host}:{site.port}"


_PARTS = ("text/javascript", "application/javascript", "text/css", "font/")
_OF_DATA = {
    # OWASP REST Security Cheat Sheet, "Security headers".
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


def _of_parts(*, https: bool) -> dict[str, str]:
    return {
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        **({"Strict-Transport-Security": "max-age=31536000"} if https else {}),
    }


def _headers(scripts: list[str], connect_to: list[str], *, https: bool) -> dict[str, str]:
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *scripts]),
        # Styles in attributes only (positions, colours computed by components); sheets come from files.
        "style-src": "'self'",
        "style-src-attr": "'unsafe-inline'",
        "connect-src": " ".join(["'self'", *connect_to]),
        "img-src": "'self' data: blob:",
        "media-src": "'self' blob: mediastream:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        # Sign-in links carry their token in the path.
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": _PERMISSIONS,
        # For browsers that do not know frame-ancestors.
        "X-Frame-Options": "DENY",
        "Origin-Agent-Cluster": "?1",
        **_of_parts(https=https),
    }
