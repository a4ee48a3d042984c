"""Codes of an authenticator app (TOTP, RFC 6238: six digits, 30 seconds, SHA-1, which all of them know) and what keeps
their keys: encrypted, with a key that is not in the database."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from server.core.config import Settings
from server.core.secrets import KeyFileWrong, kept_secret

STEP = 30
"""Seconds."""
_WINDOW = (0, -1, 1)
"""Steps: a telephone's clock may be half a minute off (RFC 6238, 5.2)."""
_KEY = 20
"""Bytes (RFC 4226, 4: R6)."""
RECOVERY_CODES = 10
_RECOVERY_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what looks alike in print."""


def new_key() -> bytes:
    return secrets.token_bytes(_KEY)


def typed_key(key: bytes) -> str:
    """As one types it into an app that cannot scan: base32 in groups of four."""
    text = base64.b32encode(key).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def provisioning_uri(key: bytes, account: str) -> str:
    return _totp(key).get_provisioning_uri(account, "Nhịp Cầu")


def matching_step(key: bytes, code: str, now: datetime) -> int | None:
    """The step of time whose code this is; None if it is none of these."""
    present = int(now.timestamp()) // STEP
    for step in (present + each for each in _WINDOW):
        if hmac.compare_digest(_totp(key).generate(step * STEP), code.encode()):
            return step
    return None


def code_at(key: bytes, now: datetime) -> str:
    return _totp(key).generate(int(now.timestamp())).decode()


def new_recovery_code() -> str:
    """ "abcde-fghjk": 49 bits."""
    letters = "".join(secrets.choice(_RECOVERY_LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def recovery_hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def plain(code: str) -> str:
    """As typed: without spaces, in small letters; a recovery code with its dash."""
    text = "".join(code.split()).lower().replace("-", "")
    return f"{text[:5]}-{text[5:]}" if len(text) == 10 else text


class FactorKeys:
    """Encrypts and decrypts the keys of people's apps (Fernet: AES-128-CBC with HMAC-SHA256)."""

    def __init__(self, settings: Settings) -> None:
        secret = settings.second_factor_key or kept_secret(settings.var / "second-factor.key")
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()))

    def seal(self, key: bytes) -> str:
        return self._fernet.encrypt(key).decode()

    def open(self, sealed: str) -> bytes:
        """KeyFileWrong if it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed.encode())
        except InvalidToken:
            raise KeyFileWrong(
                "Khóa mã hóa xác thực hai bước không phải khóa lúc trước. Lấy lại từ bản sao lưu (second-factor.key"
                " hoặc NHIPCAU_SECOND_FACTOR_KEY), hoặc nhờ quản trị viên đặt lại bước thứ hai.",
                "The key of second factors is not the one of before. Bring it back from a backup (second-factor.key or"
                " NHIPCAU_SECOND_FACTOR_KEY), or ask an administrator to reset the second factor.",
            ) from None


def _totp(key: bytes) -> TOTP:
    return TOTP(key, 6, SHA1(), STEP)  # noqa: S303  (RFC 6238; an HMAC, where SHA-1 holds)
