"""What is in a pack: decided anew with every request, from the same rights as everything else. Readers with the same
contents share one file, by its key."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.conversion.messages import OutlineEntry
from server.core.actor import Actor
from server.core.clock import VIETNAM
from server.core.errors import Conflict, NotAllowed, NotFound
from server.meetings.access import visible_meeting
from server.meetings.days import beginnings, spans
from server.meetings.models import AgendaItem, Delegate, Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit
from server.papers.access.policies import policies_in
from server.papers.access.reader_profile import hall_profiles
from server.papers.access.rights import NONE, PaperRights, decide, expected_readers, library_rights
from server.papers.models import Paper, PaperVersion
from server.papers.packs.schemas import LeftOut
from server.pdf.messages import PackCover, PackItem, PackPaper

FORMAT = 3
"""Grows when packs are set differently: old ones are not found any more."""
KINDS = {
    "hoi-nghi": "hội nghị",
    "cuoc-hop": "cuộc họp",
    "phien-hop": "phiên họp",
    "ky-hop": "kỳ họp",
    "dai-hoi": "đại hội",
}
_VIEW_ONLY = ("Chỉ được xem trên màn hình, không tải về.", "May be read on screen only.")
_MARKED = (
    "Tải riêng: mỗi bản in tên người nhận trên từng trang.",
    "Download it by itself: each copy bears its reader's name on every page.",
)
_LOCKED = ("Chưa đến giờ mở.", "Not open yet.")
_RECALLED = ("Đã được thu hồi.", "Has been recalled.")
_NOT_FOR_ALL = (
    "Không phải đại biểu nào của điểm cầu cũng được đọc.",
    "Not every delegate of this point may read it.",
)


class NothingToTake(Conflict):
    code = "nothing-to-take"
    vi = "Cuộc họp chưa có tài liệu nào được phép tải về. Tài liệu chỉ xem thì đọc ngay trên trang này."
    en = "There is no paper here that may be downloaded. Papers to be read on screen are on this page."


@dataclass(frozen=True)
class Contents:
    meeting: Meeting
    cover: PackCover
    items: list[PackItem]
    left_out: list[LeftOut]
    manages: bool
    """The one who asks leads the meeting's papers."""
    until: datetime | None
    """A locked paper opens then: no change tells of it."""

    @property
    def papers(self) -> list[PackPaper]:
        return [paper for item in self.items for paper in item.papers]

    @property
    def key(self) -> str:
        said = [FORMAT, self.cover.model_dump(), [item.model_dump() for item in self.items]]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


_Take = Callable[[Paper], tuple[bool, tuple[str, str] | None]]
"""Whether a paper goes in; else why it is left out (None: nobody is told of it)."""


async def contents(
    session: AsyncSession, meeting_id: int, actor: Actor, now: datetime, point_id: int | None
) -> Contents:
    """Of the actor's own pack, or of the print set of a hall. NotFound for who may not see the meeting, NotAllowed for
    another hall's set, NothingToTake."""
    meeting, rights = await visible_meeting(session, meeting_id, actor)
    listed = await library_rights(session, meeting_id, actor, now)
    hall = ""
    if point_id is None:
        take = _reader(listed)
    else:
        if not (rights.manage_papers or point_id in rights.points):
            raise NotAllowed()
        hall = await _hall_name(session, meeting_id, point_id)
        take = await _hall(session, meeting, listed, point_id, now)
    items, left_out = await _items(session, meeting, take)
    if not any(item.papers for item in items):
        raise NothingToTake(left_out=[each.model_dump() for each in left_out])
    opening = [each.locked_until for each in listed.values() if each.locked_until is not None]
    return Contents(
        meeting,
        await _cover(session, meeting, hall),
        items,
        left_out,
        manages=rights.manage_papers,
        until=min(opening, default=None),
    )


def _reader(listed: Mapping[int, PaperRights]) -> _Take:
    def take(paper: Paper) -> tuple[bool, tuple[str, str] | None]:
        rights = listed.get(paper.id, NONE)
        if not rights.listed:
            return False, None
        if paper.recalled_at is not None:
            return False, _RECALLED
        if rights.locked_until is not None:
            return False, _LOCKED
        if rights.marked and rights.download:
            return False, _MARKED
        return (True, None) if rights.read and rights.download else (False, _VIEW_ONLY)

    return take


async def _hall(
    session: AsyncSession, meeting: Meeting, listed: Mapping[int, PaperRights], point_id: int, now: datetime
) -> _Take:
    """What all delegates of the hall may have; without a list: what the hall itself may. Only papers that the one who
    asks sees too."""
    delegates = set(
        await session.scalars(
            select(Delegate.id).where(
                Delegate.meeting_id == meeting.id, Delegate.point_id == point_id, Delegate.removed_at.is_(None)
            )
        )
    )
    readers = await expected_readers(session, meeting, now) if delegates else {}
    policies = await policies_in(session, [meeting.id])
    own_reader = _reader(listed)
    hall = None if delegates else (await hall_profiles(session, meeting.id)).get(point_id)

    def take(paper: Paper) -> tuple[bool, tuple[str, str] | None]:
        rights = listed.get(paper.id, NONE)
        if not rights.listed or not rights.read or paper.recalled_at is not None:
            return own_reader(paper)
        policy = policies.of(paper)
        if delegates:
            for_all = delegates <= readers.get(paper.id, frozenset())
        else:
            for_all = decide(paper, policy, hall, now).read
        if not for_all:
            return False, _NOT_FOR_ALL
        # Who manages the paper may print it for a hall, whatever its readers may download.
        if policy.marked and not rights.manage:
            return False, _MARKED
        return (True, None) if rights.manage or policy.download else (False, _VIEW_ONLY)

    return take


async def _hall_name(session: AsyncSession, meeting_id: int, point_id: int) -> str:
    name = await session.scalar(
        select(BridgePoint.name)
        .join(MemberPoint, MemberPoint.point_id == BridgePoint.id)
        .where(MemberPoint.meeting_id == meeting_id, BridgePoint.id == point_id)
    )
    if name is None:
        raise NotFound()
    return name


async def _items(session: AsyncSession, meeting: Meeting, take: _Take) -> tuple[list[PackItem], list[LeftOut]]:
    """Papers of the whole meeting first, then the agenda in its order."""
    agenda = (
        await session.execute(
            select(AgendaItem, Person.full_name)
            .outerjoin(Person, Person.id == AgendaItem.presenter_id)
            .where(AgendaItem.meeting_id == meeting.id)
            .order_by(AgendaItem.position)
        )
    ).all()
    rows = await session.execute(
        select(Paper, PaperVersion)
        .join(PaperVersion, PaperVersion.id == Paper.current_version_id)
        .where(Paper.meeting_id == meeting.id, Paper.deleted_at.is_(None))
        .order_by(Paper.position, Paper.id)
    )
    whole = PackItem(title="", presenter="", minutes=0, papers=[])
    by_item = {}
    days = [start.astimezone(VIETNAM) for start, _ in spans(meeting.starts_at, meeting.ends_at, meeting.days)]
    begin = beginnings(meeting.starts_at, meeting.days, [item for item, _ in agenda])
    told: set[int] = set()
    for (item, presenter), begins in zip(agenda, begin, strict=True):
        by_item[item.id] = PackItem(
            title=item.title,
            presenter=presenter or item.presenter_text,
            minutes=item.minutes,
            begins=f"{begins.astimezone(VIETNAM):%H:%M}",
            day=f"Ngày {item.day + 1}: {days[item.day]:%d/%m/%Y}" if len(days) > 1 and item.day not in told else "",
            pause=item.kind == "break",
            papers=[],
        )
        told.add(item.day)
    left_out = []
    for paper, version in rows:
        goes_in, why = take(paper)
        if goes_in:
            place = by_item.get(paper.item_id, whole) if paper.item_id is not None else whole
            place.papers.append(_paper(paper, version))
        elif why is not None:
            left_out.append(LeftOut(title=paper.title, vi=why[0], en=why[1]))
    return [*([whole] if whole.papers else []), *by_item.values()], left_out


def _is_sound(signature: Mapping[str, Any]) -> bool:
    return bool(signature.get("intact") and signature.get("covers_whole") and signature.get("trusted"))


def _paper(paper: Paper, version: PaperVersion) -> PackPaper:
    return PackPaper(
        version_id=version.id,
        title=paper.title,
        number=paper.number,
        pages=version.page_count,
        signed=bool(version.signatures),
        sealed=bool(version.signatures) and all(map(_is_sound, version.signatures)),
        outline=[OutlineEntry.model_validate(entry) for entry in version.outline],
    )


async def _cover(session: AsyncSession, meeting: Meeting, hall: str) -> PackCover:
    unit = await session.get_one(Unit, meeting.unit_id)
    place = await session.get_one(BridgePoint, meeting.main_point_id)
    starts = meeting.starts_at.astimezone(VIETNAM)
    return PackCover(
        unit=unit.name,
        kind=KINDS.get(meeting.kind, "cuộc họp"),
        title=meeting.title,
        when=f"{starts:%H giờ %M}, ngày {starts:%d/%m/%Y}"
        + (f" đến ngày {meeting.ends_at.astimezone(VIETNAM):%d/%m/%Y}" if meeting.day_list else ""),
        place=place.name,
        printed_for=hall,
    )
