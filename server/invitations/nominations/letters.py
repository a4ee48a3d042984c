"""The words of e-mails that ask a point for its list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.core.clock import VIETNAM
from server.invitations.letters import Occasion, when
from server.invitations.nominations.models import NominationCall

KIND = "nomination.asked"


@dataclass(frozen=True, slots=True)
class Asked:
    point_name: str
    unit_name: str
    until: datetime


def subject(occasion: Occasion, what: str, until: datetime) -> str:
    word = {"reminded": "Nhắc lập danh sách đại biểu", "reopened": "Mở lại danh sách đại biểu"}.get(
        what, "Lập danh sách đại biểu"
    )
    return f"{word}: {occasion.title[:200]} (hạn {until.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y})"


def letter(
    occasion: Occasion,
    call: NominationCall,
    what: str,
    full_name: str,
    asked: Sequence[tuple[Asked, str]],
    *,
    private: bool,
) -> dict[str, str]:
    """Kind, subject and text of one e-mail to who makes these points' lists; with each its address."""
    until = min(each.until for each, _ in asked)
    lines = "\n\n".join(f"    Điểm cầu {each.point_name} ({each.unit_name})\n    {url}" for each, url in asked)
    head = {
        "reminded": "Ban tổ chức chưa nhận được danh sách đại biểu của điểm cầu đồng chí phụ trách dự:",
        "reopened": "Ban tổ chức đã mở lại danh sách đại biểu của điểm cầu đồng chí phụ trách dự:",
    }.get(what, f"{occasion.unit_name} đề nghị điểm cầu đồng chí phụ trách lập danh sách đại biểu dự:")
    note = f"{call.note}\n\n" if call.note else ""
    own = (
        "Liên kết dành riêng cho đầu mối của điểm cầu, không cần tài khoản. Xin không chuyển cho người khác."
        if private
        else "Đăng nhập bằng tài khoản của đồng chí nếu được hỏi."
    )
    text = f"""Kính gửi: Đồng chí {full_name}

{head}

    {occasion.title}

    Thời gian: {when(occasion)}
    Hạn gửi danh sách: {until.astimezone(VIETNAM):%H giờ %M, ngày %d/%m/%Y}

{note}Mở trang dưới đây, chọn hoặc dán danh sách rồi bấm "Gửi danh sách". Sửa được đến hạn; sau đó danh sách khóa,
cần sửa xin gọi {call.contact}.

{lines}

{own}

Thư được gửi tự động, xin không trả lời.
"""
    return {"kind": KIND, "subject": subject(occasion, what, until), "text": text}
