"""The words of e-mails that say what has become of a meeting."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.core.clock import VIETNAM
from server.meetings.address import form_of_address, within
from server.meetings.announcements.facts import PlanChange, span_of

KIND_WORDS = {
    "hoi-nghi": "hội nghị",
    "cuoc-hop": "cuộc họp",
    "phien-hop": "phiên họp",
    "ky-hop": "kỳ họp",
    "dai-hoi": "đại hội",
}
_DAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


@dataclass(frozen=True, slots=True)
class Said:
    """What is announced, of which meeting."""

    kind: str
    meeting_kind: str
    title: str
    unit_name: str
    when: str
    """The hour now; of a postponed one the hour that holds no more."""
    reason: str
    changes: Sequence[PlanChange]
    url: str
    address: str = "comrade"
    """See `meetings.address.address_of`."""


def span(text: str) -> str:
    """ "07:30–11:00, thứ Sáu ngày 20/11/2026"."""
    starts, ends = (each.astimezone(VIETNAM) for each in span_of(text))
    day = f"{_DAYS[starts.weekday()]} ngày {starts:%d/%m/%Y}"
    if starts.date() == ends.date():
        return f"{starts:%H:%M}–{ends:%H:%M}, {day}"
    return f"{starts:%H:%M} {day} đến {ends:%H:%M} ngày {ends:%d/%m/%Y}"


def subject(said: Said) -> str:
    word = {"postponed": "Hoãn", "cancelled": "Hủy", "rescheduled": "Thời gian mới", "changed": "Thay đổi"}[said.kind]
    return f"{word}: {said.title}"[:300]


def change(of: PlanChange) -> str:
    """One line."""
    match of.what:
        case "time":
            return f"Thời gian: {span(of.before)} đổi thành {span(of.after)}"
        case "points-added":
            return f"Thêm {of.count} điểm cầu: {_more(of.after, of.count)}"
        case "points-removed":
            return f"Bớt {of.count} điểm cầu: {_more(of.before, of.count)}"
        case "title":
            return f"Tên: “{of.before}” đổi thành “{of.after}”"
        case what:
            name, nothing = _NAMED[what]
            return f"{name}: {of.before or nothing} đổi thành {of.after or nothing}"


_NAMED = {
    "days": ("Các ngày họp", "không chia theo ngày"),
    "place": ("Điểm cầu chính", "chưa có"),
    "chair": ("Chủ trì", "chưa có"),
}


def _more(names: str, count: int) -> str:
    return f"{names}…" if count > len(names.split(", ")) else names


def text(said: Said, full_name: str, title: str, *, guest: bool, link: str | None = None) -> str:
    """`link`: their personal one, which is as good as the one sent before."""
    you = form_of_address(said.address, guest=guest)
    position = f", {title}" if title else ""
    kind = KIND_WORDS.get(said.meeting_kind, "cuộc họp")
    head = {
        "postponed": f"{said.unit_name} xin thông báo hoãn {kind} sau. Thời gian mới sẽ được báo tới {within(you)}.",
        "cancelled": f"{said.unit_name} xin thông báo hủy {kind} sau. Xin {within(you)} không đến dự.",
        "rescheduled": f"{said.unit_name} xin thông báo thời gian mới của {kind} sau.",
        "changed": f"{said.unit_name} xin thông báo có thay đổi ở {kind} sau.",
    }[said.kind]
    label = "Thời gian đã mời" if said.kind in ("postponed", "cancelled") else "Thời gian"
    lines = [f"    {said.title}", f"    {label}: {said.when}"]
    if said.reason:
        lines.append(f"    Lý do: {said.reason}")
    changed = "".join(f"  - {change(each)}\n" for each in said.changes)
    parts = [f"Kính gửi: {you} {full_name}{position}", head, "\n".join(lines)]
    if changed:
        parts.append("Các thay đổi:\n\n" + changed.rstrip("\n"))
    if link is not None:
        parts.append(
            f"Liên kết dự họp riêng của {within(you)} (liên kết đã gửi trước vẫn dùng được), với chương trình và"
            f" tài liệu mới nhất:\n\n    {link}\n\nXin không chuyển cho người khác."
        )
    elif said.kind != "cancelled":
        parts.append(
            "Liên kết dự họp đã gửi vẫn dùng được. Xem chương trình và tài liệu mới nhất tại:\n\n    " + said.url
        )
    parts.append("Thư được gửi tự động, xin không trả lời.")
    return "\n\n".join(parts) + "\n"
