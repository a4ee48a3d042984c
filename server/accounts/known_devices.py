"""Browsers that have signed in before: a cookie of their own says as whom, so that failures of strangers never count
against them. It opens nothing."""

import hashlib
import hmac
from pathlib import Path

from starlette.responses import Response

from server.core.config import Settings
from server.core.secrets import kept_secret
from server.edge.session_cookie import COOKIE_AGE, has_tls

DEVICE_COOKIE = "nhipcau_device"
_MARK = 32
"""Letters; 128 bits."""


def set_device_cookie(response: Response, value: str, settings: Settings) -> None:
    response.set_cookie(
        DEVICE_COOKIE,
        value,
        max_age=COOKIE_AGE,
        path="/api/session",
        httponly=True,
        samesite="lax",
        secure=has_tls(settings),
    )


class KnownDevices:
    """The cookie's value is an HMAC over the person and the password's hash: kept nowhere, and over when the password
    changes."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.var / "known-devices.secret"
        self._secret: bytes | None = None

    def mark(self, person_id: int, password_hash: str) -> str:
        digest = hmac.digest(self._key(self._path), f"{person_id} {password_hash}".encode(), hashlib.sha256)
        return f"{person_id}.{digest.hex()[:_MARK]}"

    def is_known(self, value: str | None, person_id: int, password_hash: str) -> bool:
        return value is not None and hmac.compare_digest(value.encode(), self.mark(person_id, password_hash).encode())

    def _key(self, path: Path) -> bytes:
        if self._secret is None:
            self._secret = kept_secret(path).encode()
        return self._secret
