"""Random tokens of cookies and links. The database holds only their SHA-256, so a stolen copy of it opens nothing."""

import hashlib
import secrets


def new_token(*, short: bool = False) -> str:
    """256 random bits, as text that may stand in a cookie or an address. `short`: 128, for where letters are paid for;
    those are beyond guessing, too."""
    return secrets.token_urlsafe(16 if short else 32)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
