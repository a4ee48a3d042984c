"""What an e-mail is known by when it comes back: one mark, in its Message-ID, in its envelope's id (RFC 3461 section
4.4), and in the envelope's sender where an address for that is set. Others cannot make one, so nobody reports bounces
that there were none of."""

import hashlib
import hmac
import re

_MARK = re.compile(r"\bmail-(\d{1,18})-([0-9a-f]{12})\b", re.IGNORECASE)


def mark_of(key: bytes, mail_id: int) -> str:
    """ "mail-4711-0123456789ab"."""
    return f"mail-{mail_id}-{hmac.new(key, f'mail {mail_id}'.encode(), hashlib.sha256).hexdigest()[:12]}"


def marked_in(key: bytes, text: str) -> int | None:
    """The e-mail whose mark stands in this; None: none of ours."""
    for mail_id, mac in _MARK.findall(text):
        if hmac.compare_digest(mark_of(key, int(mail_id)), f"mail-{int(mail_id)}-{mac.lower()}"):
            return int(mail_id)
    return None


def envelope_sender(address: str, mark: str) -> str:
    """ "tra-ve@hop.example" becomes "tra-ve+mail-4711-0123456789ab@hop.example" (RFC 5233), as long as it fits: 64
    letters before the @ (RFC 5321 section 4.5.3.1.1)."""
    local, _, domain = address.rpartition("@")
    marked = f"{local}+{mark}"
    return f"{marked}@{domain}" if len(marked) <= 64 else address
