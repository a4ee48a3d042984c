"""Planning: create, edit, delete. The steps of a meeting's life are in `lifecycle`, its running agenda in `agenda`."""

from typing import Any

from sqlalchemy import delete, select

from server.accounts.models import Person
from server.audit.actions import record
from server.audit.queries import last_change
from server.core.errors import Conflict, Invalid, NotAllowed
from server.core.fields import folded
from server.core.transaction import Transaction
from server.live.log import append
from server.live.protocol import Change
from server.meetings.access import meeting_for_write
from server.meetings.announcements import actions as announcements
from server.meetings.hooks import PointsRemoved, followers
from server.meetings.live.entities import Entities, changes_between, entities
from server.meetings.models import AgendaItem, AgendaStint, Delegate, Meeting, MemberPoint
from server.meetings.schemas import AgendaWrite, MeetingPatch, MeetingWrite, MemberWrite, Notice
from server.meetings.validation import checked, require_organiser

_OWN = (
    "kind",
    "title",
    "description",
    "address",
    "unit_id",
    "starts_at",
    "ends_at",
    "days",
    "main_point_id",
    "chair_id",
    "secretary_id",
)
_FIXED_ONCE_OPEN = ("kind", "unit_id", "starts_at", "main_point_id")
_MAY_BE_EMPTY = ("chair_id", "secretary_id")


async def create(tx: Transaction, write: MeetingWrite) -> tuple[Meeting, list[Notice]]:
    """A draft. Needs the organiser's role over its unit and over every point's."""
    await require_organiser(tx, write.unit_id)
    write, notices = await checked(tx, write, item_ids=frozenset(), point_ids=frozenset())
    meeting = Meeting(
        **{name: getattr(write, name) for name in _OWN},
        state="draft",
        created_by=tx.actor.person_id,
        created_at=tx.now,
    )
    tx.session.add(meeting)
    await tx.session.flush()
    _add_items(tx, meeting.id, list(enumerate(write.agenda)))
    tx.session.add_all(MemberPoint(meeting_id=meeting.id, **member.model_dump()) for member in write.points)
    await tx.session.flush()
    await record(tx, "meeting.created", "meeting", meeting.id, title=meeting.title, points=len(write.points))
    await append(tx, meeting.id, "meeting.created", changes_between({}, await entities(tx.session, meeting.id)))
    return meeting, notices


async def edit(tx: Transaction, meeting_id: int, patch: MeetingPatch) -> tuple[Meeting, list[Notice]]:
    """Conflict if somebody else has edited since `patch.version`, or if the meeting's state no longer allows it."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not rights.organise:
        raise NotAllowed()
    if meeting.state == "ended":
        raise Conflict(
            "Cuộc họp đã kết thúc nên không sửa được nữa.", "The meeting has ended and can no longer be edited."
        )
    if meeting.state == "cancelled":
        raise Conflict(
            "Cuộc họp đã hủy. Ấn định thời gian mới rồi sửa tiếp.",
            "The meeting is cancelled. Set a new day first, then edit it.",
        )
    if meeting.version != patch.version:
        raise Conflict(
            "Người khác vừa sửa cuộc họp này. Tải lại để xem bản mới nhất rồi sửa tiếp.",
            "Somebody else has just edited this meeting. Reload to see the latest version, then edit again.",
            version=meeting.version,
            **await last_change(tx.session, "meeting.edited", "meeting", meeting_id),
        )
    items = list(await tx.session.scalars(_items_of(meeting_id)))
    members = list(await tx.session.scalars(_members_of(meeting_id)))
    plan = _merged(meeting, items, members, patch)
    _check_state_allows(meeting, plan)
    if plan.unit_id != meeting.unit_id:
        await require_organiser(tx, plan.unit_id)
    plan, notices = await checked(
        tx,
        plan,
        item_ids=frozenset(item.id for item in items),
        point_ids=frozenset(member.point_id for member in members),
        person_ids=frozenset(
            person_id
            for person_id in (meeting.chair_id, meeting.secretary_id, *(item.presenter_id for item in items))
            if person_id is not None
        ),
    )
    await announcements.before_edit(tx, meeting)
    before = await _all_entities(tx, meeting_id)
    changed = [name for name in _OWN if getattr(meeting, name) != getattr(plan, name)]
    for name in changed:
        setattr(meeting, name, getattr(plan, name))
    meeting.version += 1
    await _replace_agenda(tx, meeting, items, plan.agenda)
    removed = await _replace_members(tx, meeting_id, members, plan.points)
    await tx.session.flush()
    if removed:
        for follower in followers(tx):
            await follower.points_removed(tx, meeting, PointsRemoved(removed, patch.removed_people))
    for follower in followers(tx):
        await follower.edited(tx, meeting)
    await tx.session.flush()
    await record(
        tx,
        "meeting.edited",
        "meeting",
        meeting_id,
        version=meeting.version,
        changed=changed,
        items=len(plan.agenda),
        points=len(plan.points),
        points_removed=sorted(removed),
    )
    await append(tx, meeting_id, "meeting.edited", _all_changes(before, await _all_entities(tx, meeting_id)))
    return meeting, notices


async def delete_draft(tx: Transaction, meeting_id: int) -> None:
    """Conflict for anything that has been invited: people know of it."""
    meeting, rights = await meeting_for_write(tx, meeting_id)
    if not rights.organise:
        raise NotAllowed()
    if meeting.state != "draft":
        raise Conflict(
            "Chỉ xóa được bản nháp. Cuộc họp đã gửi giấy mời thì thu hồi giấy mời trước.",
            "Only a draft can be deleted. Withdraw the invitation first.",
            state=meeting.state,
        )
    for follower in followers(tx):
        await follower.deleting(tx, meeting)
    await record(tx, "meeting.deleted", "meeting", meeting_id, title=meeting.title)
    await tx.session.execute(delete(Meeting).where(Meeting.id == meeting_id))


async def hand_over_part(tx: Transaction, meeting: Meeting, absent: Delegate, substitute: Delegate) -> None:
    """What a delegate was to say is said by who comes instead: items of the agenda, and the word of the hall if it was
    theirs. The caller has decided that it may be, and holds the meeting's lock."""
    before = await _all_entities(tx, meeting.id)
    names = {
        person_id: (full_name, title)
        for person_id, full_name, title in await tx.session.execute(
            select(Person.id, Person.full_name, Person.title).where(
                Person.id.in_((absent.person_id, substitute.person_id))
            )
        )
    }
    for item in await tx.session.scalars(_items_of(meeting.id)):
        if item.presenter_id == absent.person_id:
            item.presenter_id = substitute.person_id
    for member in await tx.session.scalars(_members_of(meeting.id)):
        if member.point_id == absent.point_id and folded(names[absent.person_id][0]) in folded(member.speaker):
            member.speaker = ", ".join(part for part in names[substitute.person_id] if part)[:200]
    await tx.session.flush()
    for follower in followers(tx):
        await follower.edited(tx, meeting)
    changes = _all_changes(before, await _all_entities(tx, meeting.id))
    if changes:
        meeting.version += 1
        await append(tx, meeting.id, "meeting.edited", changes)


def _items_of(meeting_id: int) -> Any:
    return select(AgendaItem).where(AgendaItem.meeting_id == meeting_id).order_by(AgendaItem.position)


def _members_of(meeting_id: int) -> Any:
    return select(MemberPoint).where(MemberPoint.meeting_id == meeting_id).order_by(MemberPoint.id)


def _merged(meeting: Meeting, items: list[AgendaItem], members: list[MemberPoint], patch: MeetingPatch) -> MeetingWrite:
    """The whole plan as it would be with the patch. Null empties chair and secretary, and leaves anything else."""
    given = {name: getattr(patch, name) for name in patch.model_fields_set - {"version"}}
    given = {name: value for name, value in given.items() if value is not None or name in _MAY_BE_EMPTY}
    present = {name: getattr(meeting, name) for name in _OWN} | {
        "agenda": [AgendaWrite.model_construct(**_fields(AgendaWrite, item)) for item in items],
        "points": [MemberWrite.model_construct(**_fields(MemberWrite, member)) for member in members],
    }
    # Both halves are valid already: rows were checked when written, the patch when it came in.
    return MeetingWrite.model_construct(**(present | given))


def _fields(schema: type[AgendaWrite] | type[MemberWrite], row: AgendaItem | MemberPoint) -> dict[str, Any]:
    return {name: getattr(row, name) for name in schema.model_fields}


def _check_state_allows(meeting: Meeting, plan: MeetingWrite) -> None:
    if meeting.state not in ("open", "running"):
        return
    fixed = [name for name in _FIXED_ONCE_OPEN if getattr(plan, name) != getattr(meeting, name)]
    if fixed:
        said = ("Không đổi được khi phòng họp đã mở.", "Cannot change once the meeting is open.")
        raise Invalid.fields(dict.fromkeys(fixed, said))


def _add_items(tx: Transaction, meeting_id: int, items: list[tuple[int, AgendaWrite]]) -> None:
    tx.session.add_all(
        AgendaItem(meeting_id=meeting_id, position=position, **item.model_dump(exclude={"id"}))
        for position, item in items
    )


async def _replace_agenda(
    tx: Transaction, meeting: Meeting, present: list[AgendaItem], wanted: list[AgendaWrite]
) -> None:
    kept = {item.id for item in wanted}
    gone = [item for item in present if item.id not in kept]
    breaks = {item.id for item in wanted if item.kind == "break"}
    turned = [item for item in present if item.id in breaks and item.kind != "break"]
    begun = await tx.session.scalars(
        select(AgendaStint.item_id).where(AgendaStint.item_id.in_([item.id for item in gone]))
    )
    if set(begun):
        raise Invalid.fields(
            {
                "agenda": (
                    "Không xóa được nội dung đã tiến hành. Giữ lại nội dung đó trong chương trình.",
                    "An item that has begun cannot be deleted. Keep it on the agenda.",
                )
            }
        )
    if gone or turned:
        for follower in followers(tx):
            await follower.items_going(tx, meeting, frozenset(item.id for item in (*gone, *turned)))
    for item in gone:
        await tx.session.delete(item)
    by_id = {item.id: item for item in present}
    for position, write in enumerate(wanted):
        if write.id is not None:
            for name, value in write.model_dump(exclude={"id"}).items():
                setattr(by_id[write.id], name, value)
            by_id[write.id].position = position
    _add_items(tx, meeting.id, [(position, write) for position, write in enumerate(wanted) if write.id is None])


async def _replace_members(
    tx: Transaction, meeting_id: int, present: list[MemberPoint], wanted: list[MemberWrite]
) -> frozenset[int]:
    """Returns the points that are members no longer."""
    speakers = {member.point_id: member.speaker for member in wanted}
    for member in present:
        if member.point_id in speakers:
            member.speaker = speakers.pop(member.point_id)
        else:
            await tx.session.delete(member)
    tx.session.add_all(
        MemberPoint(meeting_id=meeting_id, point_id=point_id, speaker=speaker) for point_id, speaker in speakers.items()
    )
    return frozenset(member.point_id for member in present) - {member.point_id for member in wanted}


async def _all_entities(tx: Transaction, meeting_id: int) -> list[Entities]:
    return [
        await entities(tx.session, meeting_id),
        *[await follower.load(tx.session, meeting_id) for follower in followers(tx) if follower.load],
    ]


def _all_changes(before: list[Entities], after: list[Entities]) -> list[Change]:
    return [change for old, new in zip(before, after, strict=True) for change in changes_between(old, new)]
