"""The identifiers that exported rows bear, by which they are known again whatever was changed in them: "U12-7F3A".

The letters after the number belong to this installation: a file that another system gave out, or a number that was
typed wrong, meets nobody else's row.
"""

import hmac
import re
from hashlib import sha256

from server.exchange.plans.row import CellFault, Kind

_LETTERS: dict[Kind, str] = {"units": "U", "points": "P", "people": "N"}
_FORM = re.compile(r"([A-Z])([1-9]\d{0,9})-([0-9A-F]{4})")


class Identifiers:
    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, kind: Kind, row_id: int) -> str:
        name = f"{_LETTERS[kind]}{row_id}"
        return f"{name}-{hmac.new(self._secret, f'exchange {name}'.encode(), sha256).hexdigest()[:4].upper()}"

    def read(self, kind: Kind, text: str) -> int:
        """CellFault."""
        found = _FORM.fullmatch(text.upper())
        if found is None or not hmac.compare_digest(self.of(kind, int(found[2])), text.upper()):
            raise CellFault(
                "Không phải mã do hệ thống này cấp cho loại dữ liệu này. Xóa ô này nếu là dòng mới.",
                "Not an identifier that this system gave out for such rows. Clear the cell if the row is new.",
            )
        return int(found[2])
