"""The words of a reminder."""

from collections.abc import Sequence
from datetime import datetime

from server.core.clock import VIETNAM
from server.invitations.letters import Invited, Occasion, addressed, addressed_within, when

NAMED = 10
"""Papers named; of the others only how many."""


def subject(occasion: Occasion, papers: int) -> str:
    return f"Còn {papers} tài liệu chưa xem: {occasion.title[:220]}"


def text(occasion: Occasion, who: Invited, titles: Sequence[str], url: str, until: datetime | None) -> str:
    """`url`: a personal link that is good `until` then; None: the meeting's address, for who signs in."""
    you, you_within = addressed(who, occasion), addressed_within(who, occasion)
    position = f", {who.title}" if who.title else ""
    named = "\n".join(f"    - {title}" for title in titles[:NAMED])
    more = f"\n    và {len(titles) - NAMED} tài liệu khác" if len(titles) > NAMED else ""
    contact = f" Cần hỏi thêm, xin liên hệ {occasion.contact}." if occasion.contact else ""
    how = "Đăng nhập để đọc tài liệu:" if until is None else "Mở liên kết dự họp riêng này để đọc, không cần mật khẩu:"
    private = (
        ""
        if until is None
        else f"\nLiên kết chỉ dùng cho cuộc họp này và chỉ dành cho {you_within}, có hiệu lực đến hết ngày "
        f"{until.astimezone(VIETNAM):%d/%m/%Y}. Xin không chuyển cho người khác.\n"
    )
    return f"""Kính gửi: {you} {who.full_name}{position}

Để chuẩn bị cho {occasion.title} ({when(occasion)}), ban tổ chức xin nhắc {you_within} còn {len(titles)} tài liệu \
chưa xem xong:

{named}{more}

{how}

    {url}
{private}
Tài liệu đã tải về máy đọc được cả khi không có mạng.{contact} Nếu {you_within} vừa đọc xong, xin bỏ qua thư này.

Thư được gửi tự động, xin không trả lời.
"""
