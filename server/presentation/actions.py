"""Presenting: choose a paper, turn its pages, zoom, hand over, take, stop. One person presents at a time."""

from dataclasses import dataclass

from sqlalchemy import select

from server.accounts.models import Person
from server.accounts.queries import grants_of
from server.audit.actions import record
from server.core.actor import Actor
from server.core.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from server.core.transaction import Transaction
from server.live.log import append, gone
from server.meetings.access import meeting_for_write
from server.meetings.agenda import require_own_item
from server.meetings.models import Meeting, MemberPoint
from server.meetings.rights import MeetingRights, meeting_rights
from server.organisations.models import BridgePoint
from server.papers.access.rights import is_shut, readable_version, reading_points
from server.papers.models import Paper, PaperVersion
from server.presentation.live.entities import COLLECTION, Region, change
from server.presentation.models import Presentation


@dataclass
class _Place:
    """Where a command acts."""

    meeting: Meeting
    rights: MeetingRights
    shown: Presentation | None

    def presented(self) -> Presentation:
        """What is shown now. Conflict if nothing is."""
        if self.shown is None:
            raise Conflict(
                "Chưa có tài liệu nào đang trình chiếu. Chọn một tài liệu để trình chiếu.",
                "Nothing is presented. Choose a paper to present.",
            )
        return self.shown


async def present(tx: Transaction, meeting_id: int, paper_id: int, page: int = 1) -> list[str]:
    """Shows this paper to everybody. Allowed: who may present in the meeting and may read the paper; who does not lead,
    while the agenda is at their item. Conflict while
    somebody else presents, except for who conducts, and for a paper that is open to nobody. Returns the names of
    member points whose halls may not read the paper."""
    place = await _place(tx, meeting_id)
    person_id = _person(tx, place)
    paper = await tx.session.get(Paper, paper_id)
    if paper is None or paper.meeting_id != meeting_id or paper.current_version_id is None:
        raise NotFound()
    version, _paper, _rights = await readable_version(tx.session, paper.current_version_id, tx.actor, tx.now)
    if await is_shut(tx.session, paper, tx.now):
        raise Conflict(
            "Tài liệu này đang ẩn, đang khóa hoặc đã thu hồi, nên không điểm cầu nào xem được. "
            "Mở tài liệu cho đại biểu rồi trình chiếu.",
            "This paper is hidden, locked or recalled, so no hall would see it. Open it to delegates, then present.",
        )
    if not place.rights.direct:
        await require_own_item(tx, meeting_id)
    page = _page_in(version, page)
    shown = place.shown
    if shown is not None and shown.presenter_id != person_id and not place.rights.conduct:
        raise Conflict(
            f"{shown.presenter_name} đang trình chiếu. Đợi đồng chí ấy nhường hoặc dừng.",
            "Somebody else is presenting. Wait until they hand over or stop.",
            presenter_id=shown.presenter_id,
        )
    if shown is None:
        shown = Presentation(meeting_id=meeting_id, since=tx.now)
        tx.session.add(shown)
    shown.paper_id, shown.version_id, shown.region = paper.id, version.id, None
    _show_page(shown, page, tx)
    _becomes_presenter(shown, tx)
    await record(tx, "page.presented", "meeting", meeting_id, paper_id=paper.id, version_id=version.id, page=page)
    await _tell(tx, shown, "page.presented")
    return await _unseen_points(tx, place.meeting, paper.id)


async def turn(tx: Transaction, meeting_id: int, page: int) -> None:
    """The presenter goes to another page; the zoom ends. Invalid for a page the paper has not."""
    shown = await _own(tx, meeting_id)
    version = await _still_readable(tx, shown)
    page = _page_in(version, page)
    if page == shown.page and shown.region in (None, WHOLE):
        return
    _show_page(shown, page, tx)
    await record(tx, "page.turned", "meeting", meeting_id, version_id=version.id, page=page)
    await _tell(tx, shown, "page.turned")


async def zoom(tx: Transaction, meeting_id: int, region: Region | None) -> None:
    """The presenter shows a part of the page, or (None) the whole. Leaves no audit entry: who sees the page, sees it
    all."""
    shown = await _own(tx, meeting_id)
    await _still_readable(tx, shown)
    wanted = None if region is None else list(region)
    if wanted == shown.region:
        return
    shown.region = wanted
    await _tell(tx, shown, "page.zoomed")


async def offer(tx: Transaction, meeting_id: int, person_id: int | None) -> None:
    """The presenter (or who conducts) offers to hand over to this person; None takes the offer back. Invalid for
    somebody who could not go on: without a right to present here, or to read the paper."""
    place = await _place(tx, meeting_id)
    shown = place.presented()
    if shown.presenter_id != tx.actor.person_id and not place.rights.conduct:
        raise NotAllowed()
    if shown.presenter_id == tx.actor.person_id and not place.rights.present:
        raise NotAllowed()
    if person_id == shown.presenter_id:
        person_id = None
    if person_id is not None:
        await _check_could_present(tx, place.meeting, shown, person_id)
    if person_id == shown.offered_to:
        return
    shown.offered_to = person_id
    await record(tx, "page.offered", "meeting", meeting_id, person_id=person_id)
    await _tell(tx, shown, "page.offered")


async def accept(tx: Transaction, meeting_id: int) -> None:
    """Who was offered the presentation goes on with it. Conflict if the offer is gone."""
    place = await _place(tx, meeting_id)
    person_id = _person(tx, place)
    shown = place.presented()
    if shown.offered_to != person_id:
        raise Conflict(
            "Lời mời trình chiếu không còn. Đề nghị người đang trình chiếu mời lại.",
            "The offer is gone. Ask the presenter to offer again.",
        )
    await _still_readable(tx, shown)
    _becomes_presenter(shown, tx)
    await record(tx, "page.accepted", "meeting", meeting_id)
    await _tell(tx, shown, "page.accepted")


async def take(tx: Transaction, meeting_id: int) -> None:
    """Who conducts becomes the presenter of what is shown, at the page it is at."""
    place = await _place(tx, meeting_id)
    if not place.rights.conduct or tx.actor.person_id is None:
        raise NotAllowed()
    shown = place.presented()
    if shown.presenter_id == tx.actor.person_id:
        return
    await _still_readable(tx, shown)
    _becomes_presenter(shown, tx)
    await record(tx, "page.taken", "meeting", meeting_id)
    await _tell(tx, shown, "page.taken")


async def stop(tx: Transaction, meeting_id: int) -> None:
    """The presenter stops; who conducts or operates stops anybody's. Nothing shown: nothing to do."""
    place = await _place(tx, meeting_id)
    directs = place.rights.direct
    if not place.rights.present:
        raise NotAllowed()
    if place.shown is None:
        return
    if place.shown.presenter_id != tx.actor.person_id and not directs:
        raise NotAllowed()
    await _end(tx, place.shown)


async def close(tx: Transaction, meeting_id: int) -> None:
    """The meeting ended. Called inside that transaction."""
    shown = await tx.session.get(Presentation, meeting_id)
    if shown is not None:
        await _end(tx, shown)


async def presenter_is(tx: Transaction, meeting_id: int, person_id: int, *, away: bool) -> None:
    """The presenter's last device is gone, or one is back. Does nothing when somebody else presents by now. System
    only; not audited, it is an observation."""
    if not tx.actor.system:
        raise NotAllowed()
    await meeting_for_write(tx, meeting_id)
    shown = await tx.session.get(Presentation, meeting_id)
    if shown is None or shown.presenter_id != person_id or shown.presenter_away is away:
        return
    shown.presenter_away = away
    await _tell(tx, shown, "page.presenter-away" if away else "page.presenter-back")


async def paper_withdrawn(tx: Transaction, paper: Paper) -> None:
    """The paper was recalled or deleted: nobody shows it any more. Called inside that transaction."""
    shown = await tx.session.get(Presentation, paper.meeting_id)
    if shown is not None and shown.paper_id == paper.id:
        await _end(tx, shown)


async def readers_changed(tx: Transaction, meeting_id: int) -> None:
    """Who may read was said anew: a paper that is hidden or locked now, or that its presenter may no longer read, is
    shown to nobody. Called inside that transaction."""
    shown = await tx.session.get(Presentation, meeting_id)
    if shown is None:
        return
    paper = await tx.session.get_one(Paper, shown.paper_id)
    if await is_shut(tx.session, paper, tx.now) or await _presenter_is_out(tx, shown):
        await _end(tx, shown)


async def paper_renewed(tx: Transaction, paper: Paper, version: PaperVersion) -> None:
    """A new version is ready: it is shown from now on, at the same page if it has that many."""
    shown = await tx.session.get(Presentation, paper.meeting_id)
    if shown is None or shown.paper_id != paper.id or shown.version_id == version.id:
        return
    shown.version_id = version.id
    _show_page(shown, min(shown.page, version.page_count), tx)
    await record(tx, "page.renewed", "meeting", paper.meeting_id, version_id=version.id, page=shown.page)
    await _tell(tx, shown, "page.renewed")


async def _place(tx: Transaction, meeting_id: int) -> _Place:
    """Conflict unless the meeting is open or runs."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if meeting.state not in ("open", "running"):
        if not rights.present:
            raise NotAllowed()
        raise Conflict(
            "Cuộc họp chưa mở hoặc đã kết thúc, nên chưa trình chiếu được.",
            "The meeting is not open, so nothing can be presented.",
            state=meeting.state,
        )
    return _Place(meeting, rights, await tx.session.get(Presentation, meeting_id))


def _person(tx: Transaction, place: _Place) -> int:
    """Who is to present. NotAllowed for who may not, and for a hall's device: a person answers for what is shown."""
    if not place.rights.present or tx.actor.person_id is None:
        raise NotAllowed()
    return tx.actor.person_id


async def _own(tx: Transaction, meeting_id: int) -> Presentation:
    """What the actor presents now."""
    place = await _place(tx, meeting_id)
    person_id = _person(tx, place)
    shown = place.presented()
    if shown.presenter_id != person_id:
        raise NotAllowed(
            f"{shown.presenter_name} đang trình chiếu. Chỉ người trình chiếu chuyển trang.",
            "Somebody else is presenting, and only the presenter turns pages.",
        )
    return shown


async def _still_readable(tx: Transaction, shown: Presentation) -> PaperVersion:
    version, _paper, _rights = await readable_version(tx.session, shown.version_id, tx.actor, tx.now)
    return version


async def _check_could_present(tx: Transaction, meeting: Meeting, shown: Presentation, person_id: int) -> None:
    if not await _could_present(tx, meeting, shown, person_id):
        raise Invalid(
            "Đồng chí này không có quyền trình chiếu tài liệu đang mở. Chọn người khác, hoặc giao quyền trước.",
            "This person may not present the paper that is shown. Choose another, or give the right first.",
            person_id=person_id,
        )


async def _presenter_is_out(tx: Transaction, shown: Presentation) -> bool:
    if shown.presenter_id is None:
        return False
    meeting = await tx.session.get_one(Meeting, shown.meeting_id)
    return not await _could_present(tx, meeting, shown, shown.presenter_id)


async def _could_present(tx: Transaction, meeting: Meeting, shown: Presentation, person_id: int) -> bool:
    person = await tx.session.get(Person, person_id)
    if person is None or person.disabled_at is not None:
        return False
    candidate = Actor(person_id=person.id, name=person.full_name, grants=await grants_of(tx.session, person.id))
    if not (await meeting_rights(tx.session, meeting, candidate)).present:
        return False
    try:
        await readable_version(tx.session, shown.version_id, candidate, tx.now)
    except DomainError:
        return False
    return True


def _page_in(version: PaperVersion, page: int) -> int:
    if not 1 <= page <= version.page_count:
        raise Invalid(
            f"Tài liệu có {version.page_count} trang. Chọn trang trong khoảng đó.",
            f"The paper has {version.page_count} pages.",
            page_count=version.page_count,
        )
    return page


WHOLE = [0, 0, 1, 1]
"""Said in words, where screens of a room would begin an upright page with its upper half."""


def _show_page(shown: Presentation, page: int, tx: Transaction) -> None:
    """A zoom ends with its page; whole pages, where they were asked for, stay whole."""
    shown.page, shown.region, shown.turned_at = page, WHOLE if shown.region == WHOLE else None, tx.now


def _becomes_presenter(shown: Presentation, tx: Transaction) -> None:
    shown.presenter_id, shown.presenter_name, shown.offered_to = tx.actor.person_id, tx.actor.name[:200], None
    shown.presenter_away = False


async def _tell(tx: Transaction, shown: Presentation, kind: str) -> None:
    await tx.session.flush()
    await append(tx, shown.meeting_id, kind, [await change(tx.session, shown)])


async def _end(tx: Transaction, shown: Presentation) -> None:
    await record(tx, "page.stopped", "meeting", shown.meeting_id, paper_id=shown.paper_id, page=shown.page)
    await tx.session.delete(shown)
    await append(tx, shown.meeting_id, "page.stopped", [gone(COLLECTION, "")])


async def _unseen_points(tx: Transaction, meeting: Meeting, paper_id: int) -> list[str]:
    seen = await reading_points(tx.session, paper_id, tx.now)
    if seen is None:
        return []
    names = await tx.session.scalars(
        select(BridgePoint.name)
        .join(MemberPoint, MemberPoint.point_id == BridgePoint.id)
        .where(MemberPoint.meeting_id == meeting.id, BridgePoint.id.not_in(seen))
        .order_by(MemberPoint.id)
    )
    return list(names)
