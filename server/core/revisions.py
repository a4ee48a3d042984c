"""Two people edit one thing: the second is not to overwrite silently what the first saved.

A row counts its edits in `revision`. An editor sends the revision that it saw; the edit compares it under the row's
lock. Who sends none (a script, a drag that sets one place) overwrites, as was asked.
"""

from sqlalchemy.orm import Mapped, mapped_column

from server.core.errors import Conflict


class Revised:
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    """Grows with every edit."""


class EditedMeanwhile(Conflict):
    """Details: `revision` and `current` (the state now, null where it is gone), `changed_by` and
    `changed_at` (a name and a moment, may be empty)."""

    code = "edited-meanwhile"
    vi = (
        "Người khác vừa lưu thay đổi ở đúng chỗ này. Xem thay đổi đó rồi chọn giữ bản nào; nội dung đồng chí đã nhập"
        " vẫn còn nguyên."
    )
    en = "Somebody else has saved a change here. Look at it and choose which to keep; what you typed is still there."
