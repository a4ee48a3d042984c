"""One-time codes: made to be read from paper and typed with a remote control's patience. "K7QM-3DXP"."""

import hashlib
import hmac
import secrets
from functools import cache
from pathlib import Path

from server.core.config import Settings
from server.core.secrets import kept_secret

_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without those that are misread: 0 O, 1 I L, U."""
_LENGTH = 8
"""39 bits: with the misses that an address is allowed (`accounts.attempts.Misses`), a script needs two centuries to
find one of 161."""
_GROUP = 4


def new_code() -> str:
    """Without the dash."""
    return "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))


def shown(code: str) -> str:
    """As it is printed: two groups."""
    return f"{code[:_GROUP]}-{code[_GROUP:]}"


def typed(text: str) -> str:
    """As it is kept, however it was typed: small letters, dashes and spaces do not count."""
    return "".join(sign for sign in text.upper() if sign.isalnum())


def code_hash(settings: Settings, code: str) -> str:
    return hmac.digest(_secret(settings.var / "device-code.secret").encode(), code.encode(), hashlib.sha256).hex()


@cache
def _secret(path: Path) -> str:
    return kept_secret(path)


def address_of(settings: Settings, code: str) -> str:
    """What the QR code leads to. The code stands behind the `#`: browsers send that to nobody, so no log has it."""
    return f"{settings.url}/device#{shown(code)}"
