"""Random tokens of cookies and links. The database holds only their SHA-256, so a stolen copy of it opens nothing."""

import hashlib
import secrets


def new_token() -> str:
    """256 random bits, as text that may stand in a cookie or an address."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
