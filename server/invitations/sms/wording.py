"""What a text message says: the organiser's words, with what the plan says put in its places."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from server.core.clock import VIETNAM
from server.core.errors import Invalid
from server.invitations.letters import Invited, Occasion, addressed_within
from server.notifications.sms.lengths import unaccented

LINK = "Liên kết"
PLACES = ("Đơn vị", "Xưng hô", "Họ tên", "Cuộc họp", "Thời gian", "Địa điểm", LINK)
OURS: Mapping[str, str] = {
    "invitation": "[Đơn vị] kính mời [Xưng hô] [Họ tên] dự [Cuộc họp], [Thời gian], [Địa điểm]."
    " Trả lời, xem tài liệu: [Liên kết]",
    "reminder": "[Đơn vị] xin [Xưng hô] [Họ tên] trả lời giấy mời dự [Cuộc họp], [Thời gian]: [Liên kết]",
}
_PLACE = re.compile(r"\[([^\[\]\n]{1,20})\]")
_LONGEST_TITLE = 90


@dataclass(frozen=True, slots=True)
class Wording:
    kind: str
    text: str
    accents: bool

    @property
    def template(self) -> str:
        return self.text or OURS[self.kind]

    def check(self) -> None:
        """Invalid: a place that there is not, or no link."""
        unknown = [place for place in _PLACE.findall(self.template) if place not in PLACES]
        named = ", ".join(f"[{each}]" for each in PLACES)
        if unknown:
            raise Invalid.fields(
                {
                    "text": (
                        f"Không có ô [{unknown[0]}]. Các ô dùng được: {named}.",
                        f"There is no [{unknown[0]}]: {named}.",
                    )
                }
            )
        if f"[{LINK}]" not in self.template:
            raise Invalid.fields({"text": (f"Tin cần có ô [{LINK}].", f"The message needs the place [{LINK}].")})

    def of(self, occasion: Occasion, who: Invited, url: str) -> str:
        starts = occasion.starts_at.astimezone(VIETNAM)
        said = {
            "Đơn vị": occasion.unit_name,
            "Xưng hô": addressed_within(who, occasion),
            "Họ tên": who.full_name,
            "Cuộc họp": _short(occasion.title),
            "Thời gian": f"{starts:%H:%M %d/%m/%Y}",
            "Địa điểm": who.place.partition(" (")[0] or "trực tuyến",
        }
        text = _PLACE.sub(lambda found: said.get(found[1], found[0]), self.template)
        # The link stays as it is, whatever becomes of the words.
        text = text if self.accents else unaccented(text)
        return text.replace(f"[{LINK}]" if self.accents else f"[{unaccented(LINK)}]", url)


def _short(title: str) -> str:
    return title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1].rstrip() + "…"
