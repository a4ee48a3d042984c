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


def security_headers(settings: Settings) -> dict[str, str]:
    index: Path = settings.web / "index.html"
    scripts = inline_script_hashes(index.read_text(encoding="utf-8")) if index.is_file() else []
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
    if settings.url.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers
