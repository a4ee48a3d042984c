"""What a letter says before anybody has worked on it, and how its parts are written in either form."""

import re
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.core.clock import VIETNAM
from server.invitations.official.models import InvitationLetter
from server.invitations.official.schemas import LetterFields
from server.meetings.models import Meeting
from server.organisations.models import Unit

_KEPT = ("form", "superior", "organ", "sign", "place", "authority", "deputy", "signer_title", "signer_name")
"""What an office writes the same from letter to letter."""
HEADINGS = {"moi": "Giấy mời", "trieu-tap": "Giấy triệu tập"}
_VERBS = {"moi": "trân trọng kính mời", "trieu-tap": "triệu tập"}
KINDS = {
    "hoi-nghi": "Hội nghị",
    "cuoc-hop": "Cuộc họp",
    "phien-hop": "Phiên họp",
    "ky-hop": "Kỳ họp",
    "dai-hoi": "Đại hội",
}


async def proposed(session: AsyncSession, meeting: Meeting) -> LetterFields:
    """As the unit's last letter had it, else as such a unit is likely to write."""
    unit = await session.get_one(Unit, meeting.unit_id)
    last = (
        await session.scalars(
            select(InvitationLetter.fields)
            .join(Meeting, Meeting.id == InvitationLetter.meeting_id)
            .where(Meeting.unit_id == meeting.unit_id, Meeting.id != meeting.id)
            .order_by(InvitationLetter.edited_at.desc())
            .limit(1)
        )
    ).first()
    found = _of_unit(unit) | ({name: last[name] for name in _KEPT if name in last} if last else {})
    chair = await session.get(Person, meeting.chair_id) if meeting.chair_id is not None else None
    found["presiding"] = ", ".join(part for part in (chair.full_name, chair.title) if part) if chair else ""
    return LetterFields.model_validate(
        {
            **found,
            "note": "Đề nghị đồng chí đến dự đúng thành phần và thời gian."
            if found["form"] == "party"
            else "Đề nghị đại biểu đến dự đúng thành phần và thời gian.",
            "recipients": "- Như trên,\n- Lưu Văn phòng." if found["form"] == "party" else "- Như trên;\n- Lưu: VT.",
        }
    )


def _of_unit(unit: Unit) -> dict[str, str]:
    place = re.sub(r"^(tỉnh ủy|thành ủy|tỉnh|thành phố|huyện ủy|huyện|đảng ủy|xã|phường)\s+", "", unit.name, flags=re.I)
    if unit.body == "party":
        organ = committee(unit.name)
        return {
            "form": "party",
            "superior": "",
            "organ": organ,
            "sign": "GM/TU" if organ.lower().startswith(("tỉnh ủy", "thành ủy")) else "GM/ĐU",
            "place": place,
            "authority": "T/M Ban Thường vụ",
        }
    provincial = unit.name.lower().startswith(("tỉnh", "thành phố", "xã", "phường", "huyện"))
    return {
        "form": "state",
        "superior": "",
        "organ": f"Ủy ban nhân dân {unit.name[:1].lower()}{unit.name[1:]}" if provincial else unit.name,
        "sign": "GM-UBND" if provincial else "GM",
        "place": place,
        "authority": "TM. Ủy ban nhân dân" if provincial else "",
    }


_COMMITTEES = (
    (r"tỉnh (?!ủy)", "Tỉnh ủy "),
    (r"thành phố ", "Thành ủy "),
    (r"huyện (?!ủy)", "Huyện ủy "),
    (r"quận (?!ủy)", "Quận ủy "),
    (r"(?=(xã|phường|thị trấn|đặc khu) )", "Đảng ủy "),
)


def committee(name: str) -> str:
    """The Party's committee of a unit that stands in the tree under its administrative name: "Tỉnh ủy Lâm Đồng" of
    "Tỉnh Lâm Đồng", "Đảng ủy xã Đạ Sar" of "Xã Đạ Sar"."""
    for start, committee in _COMMITTEES:
        rest, found = re.subn(f"^{start}", "", name, count=1, flags=re.IGNORECASE)
        if found:
            return committee + (rest[:1].lower() + rest[1:] if rest == name else rest)
    return name


def number_line(fields: LetterFields) -> str:
    """ "Số: 15/GM-UBND" of the State, "Số 15-GM/TU" of the Party (no colon); room for the pen without a number."""
    if fields.form == "party":
        return f"Số {fields.number or '      '}-{fields.sign}"
    return f"Số: {fields.number or '        '}/{fields.sign}"


def date_line(day: date | None) -> str:
    return f"ngày {day.day:02} tháng {day.month:02} năm {day.year}" if day else "ngày     tháng     năm        "


_DAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


def when(meeting: Meeting) -> str:
    """ "07 giờ 30 phút, thứ Ba, ngày 08 tháng 12 năm 2026"; of several days: "03 ngày, từ 07 giờ 30 phút, thứ Ba, … đến
    hết thứ Năm, ngày 10 tháng 12 năm 2026"."""
    at = meeting.starts_at.astimezone(VIETNAM)
    begins = f"{at:%H} giờ {at:%M} phút, {_DAYS[at.weekday()]}, {date_line(at.date())}"
    days = meeting.days
    if not days:
        return begins
    last = meeting.ends_at.astimezone(VIETNAM)
    return f"{len(days):02} ngày, từ {begins} đến hết {_DAYS[last.weekday()]}, {date_line(last.date())}"


def verb(fields: LetterFields) -> str:
    return _VERBS[fields.heading]
