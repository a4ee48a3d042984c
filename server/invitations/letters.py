"""The words of the invitation that carries a personal link."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.core.clock import VIETNAM
from server.meetings.address import form_of_address, within
from server.meetings.days import MeetingDay, spans

_DAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")

ONLINE_PLACE = "Dự trực tuyến, qua liên kết dự họp riêng"


@dataclass(frozen=True, slots=True)
class Occasion:
    """The meeting as an invitation speaks of it."""

    title: str
    unit_name: str
    starts_at: datetime
    ends_at: datetime
    contact: str
    """Whom to ask: "Nguyễn Văn A, 0263 3822 111"; may be empty."""
    kind: str = "hoi-nghi"
    address: str = "comrade"
    """See `meetings.address.address_of`."""
    days: Sequence[MeetingDay] = ()
    """Of a meeting that lasts several."""


@dataclass(frozen=True, slots=True)
class Invited:
    full_name: str
    title: str
    guest: bool
    place: str
    """"Điểm cầu Đạ Sar (Xã Đạ Sar)"; "": online."""


def place(point_name: str | None, unit_name: str | None) -> str:
    return f"Điểm cầu {point_name} ({unit_name})" if point_name else ""


def addressed(who: Invited, occasion: Occasion) -> str:
    """How a person is spoken to."""
    return form_of_address(occasion.address, guest=who.guest)


def addressed_within(who: Invited, occasion: Occasion) -> str:
    """The same inside a sentence."""
    return within(addressed(who, occasion))


def when(occasion: Occasion) -> str:
    """ "07 giờ 30, thứ Sáu ngày 20/11/2026"; of several days each with its hours."""
    starts = occasion.starts_at.astimezone(VIETNAM)
    if not occasion.days:
        return f"{starts:%H giờ %M}, {_DAYS[starts.weekday()]} ngày {starts:%d/%m/%Y}"
    return "; ".join(
        _day(start.astimezone(VIETNAM), end.astimezone(VIETNAM))
        for start, end in spans(occasion.starts_at, occasion.ends_at, occasion.days)
    )


def _day(start: datetime, end: datetime) -> str:
    return f"{start:%H:%M}–{end:%H:%M}, {_DAYS[start.weekday()]} ngày {start:%d/%m/%Y}"


def where(who: Invited) -> str:
    return who.place or ONLINE_PLACE


def subject(occasion: Occasion) -> str:
    starts = occasion.starts_at.astimezone(VIETNAM)
    return f"Giấy mời: {occasion.title[:220]} ({starts:%H:%M ngày %d/%m/%Y})"


def text(occasion: Occasion, who: Invited, url: str, until: datetime) -> str:
    """The e-mail's text. `url`: the personal link."""
    you, you_within = addressed(who, occasion), addressed_within(who, occasion)
    position = f", {who.title}" if who.title else ""
    contact = f" ({occasion.contact})" if occasion.contact else ""
    return f"""Kính gửi: {you} {who.full_name}{position}

{occasion.unit_name} trân trọng kính mời {you_within} dự:

    {occasion.title}

    Thời gian: {when(occasion)}
    Địa điểm: {where(who)}

Chương trình và tài liệu được gửi qua liên kết dự họp riêng dưới đây. Mở trên điện thoại, máy tính bảng hoặc máy tính,
không cần mật khẩu:

    {url}

Liên kết chỉ dùng cho cuộc họp này và chỉ dành cho {you_within}, có hiệu lực đến hết ngày \
{until.astimezone(VIETNAM):%d/%m/%Y}. Xin không chuyển cho người khác.

Nếu thư này không gửi đúng người, xin không mở liên kết, báo lại ban tổ chức{contact} và xóa thư.

Thư được gửi tự động, xin không trả lời.
"""


def decided_subject(occasion: Occasion, *, agreed: bool) -> str:
    what = "Đồng ý cử người dự thay" if agreed else "Chưa đồng ý cử người dự thay"
    return f"{what}: {occasion.title[:220]}"


def stepped_back_subject(occasion: Occasion) -> str:
    return f"Người dự thay không dự được: {occasion.title[:220]}"


def stepped_back_text(occasion: Occasion, who: Invited, substitute: str, reason: str) -> str:
    """To whom a substitute stood for who does not come."""
    you_within = addressed_within(who, occasion)
    said = f"""{substitute} báo không dự thay {you_within} được.
Lý do: {reason}
Xin {you_within} mở lại liên kết dự họp riêng và trả lời giấy mời: tự dự, hoặc cử người khác."""
    return _to_a_delegate(occasion, who, said)


def decided_text(occasion: Occasion, who: Invited, substitute: str | None, reason: str) -> str:
    """What became of the substitute whom a delegate proposed; None: declined."""
    you_within = addressed_within(who, occasion)
    if substitute:
        said = f"""Ban tổ chức đồng ý để {substitute} dự thay {you_within}.
Chỗ ngồi, tài liệu và nội dung phát biểu được chuyển cho người dự thay."""
    else:
        because = f"\nLý do: {reason}" if reason else ""
        said = f"""Ban tổ chức chưa đồng ý việc cử người dự thay {you_within}.{because}
Xin {you_within} mở lại liên kết dự họp riêng và trả lời giấy mời."""
    return _to_a_delegate(occasion, who, said)


def _to_a_delegate(occasion: Occasion, who: Invited, said: str) -> str:
    contact = f"\n\nLiên hệ: {occasion.contact}" if occasion.contact else ""
    return f"""Kính gửi: {addressed(who, occasion)} {who.full_name}

{said}

    {occasion.title}
    Thời gian: {when(occasion)}{contact}

Thư được gửi tự động, xin không trả lời.
"""


def reminder_subject(occasion: Occasion) -> str:
    starts = occasion.starts_at.astimezone(VIETNAM)
    return f"Xin trả lời giấy mời: {occasion.title[:200]} ({starts:%H:%M ngày %d/%m/%Y})"


def reminder_text(occasion: Occasion, who: Invited, url: str, own: str) -> str:
    """Of the e-mail to somebody who has not answered. `own`: the organiser's words."""
    you, you_within = addressed(who, occasion), addressed_within(who, occasion)
    contact = f"\nLiên hệ: {occasion.contact}\n" if occasion.contact else ""
    said = f"{own}\n\n" if own else ""
    return f"""Kính gửi: {you} {who.full_name}

Ban tổ chức chưa nhận được trả lời giấy mời của {you_within} dự:

    {occasion.title}

    Thời gian: {when(occasion)}
    Địa điểm: {where(who)}

{said}Xin {you_within} mở liên kết dưới đây và chọn: tham dự, báo vắng, hoặc cử người dự thay.

    {url}
{contact}
Thư được gửi tự động, xin không trả lời.
"""
