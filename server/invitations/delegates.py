"""A meeting's lists of delegates: verbs for what an organiser and a hall's secretary do with them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from server.accounts.actions.links import revoke_bound_links
from server.accounts.actions.sessions import recheck
from server.accounts.main_post import retitle
from server.accounts.models import Person, RoleGrant
from server.accounts.queries import may_choose
from server.audit.actions import record
from server.audit.revisions import next_revision
from server.core.actor import Role
from server.core.errors import Conflict, Invalid, NotAllowed, NotFound
from server.core.transaction import Transaction
from server.invitations.hooks import list_changed
from server.invitations.list_writer import DelegateRole, Entry, carry_out, plan
from server.invitations.people import Typed
from server.invitations.queries import delegate as one_delegate
from server.invitations.rights import ListRights, MeetingOver, lead_beyond, list_for_write
from server.invitations.schemas import DelegatePatch, PersonChosen, PersonTyped
from server.invitations.substitutes import fallen_away
from server.meetings.access import meeting_for_write
from server.meetings.hooks import PointsRemoved
from server.meetings.models import AlreadyListed, Delegate, Meeting, MemberPoint
from server.organisations import queries as organisations
from server.organisations.models import BridgePoint, Unit

_KEEPERS = (Role.ADMIN, Role.ORGANISER, Role.HALL_SECRETARY)
"""Whose word on the people of a unit is the unit's own."""
_PERSON_FIELDS = ("full_name", "title", "email", "phone")


class KeptByUnit(Conflict):
    code = "kept-by-unit"
    vi = (
        "Tên, chức vụ và địa chỉ của người này do đơn vị của họ giữ, vì giấy mời và liên kết được gửi theo đó. Nhờ đơn"
        " vị ấy sửa."
    )
    en = (
        "Name, title and addresses of this person are kept by their own unit, as invitations and links go there. Ask"
        " that unit to change them."
    )


class KeptByAdministrator(Conflict):
    code = "kept-by-administrator"
    vi = "Người này có tài khoản trên hệ thống nên tên, chức vụ và địa chỉ do quản trị viên sửa. Nhờ quản trị viên."
    en = "This person has an account here, so name, title and addresses are the administrator's to change. Ask them."


async def add(
    tx: Transaction,
    meeting_id: int,
    point_id: int | None,
    role: DelegateRole,
    people: Sequence[PersonChosen | PersonTyped],
) -> list[int]:
    """Puts people on a point's list (None: online). Who is on the meeting's list already stays where they are. Returns
    the new ones' ids."""
    meeting, rights = await list_for_write(tx, meeting_id)
    unit_id = await hall_unit(tx, meeting, rights, point_id)
    rights.require(point_id)
    await _check_chosen(tx, meeting, rights, [each.person_id for each in people if isinstance(each, PersonChosen)])
    entries = [
        Entry(
            each.person_id
            if isinstance(each, PersonChosen)
            else Typed(unit_id, each.full_name, each.title, each.email, each.phone),
            point_id,
            role,
        )
        for each in people
    ]
    lines = await plan(tx.session, meeting_id, entries)
    if len(lines) == 1 and lines[0].listed:
        raise AlreadyListed(delegate_id=lines[0].row_id)
    return await carry_out(tx, meeting_id, lines, "typed")


async def add_substitute(
    tx: Transaction,
    delegate_id: int,
    *,
    full_name: str,
    title: str = "",
    email: str | None = None,
    phone: str | None = None,
) -> Delegate:
    """Somebody of the same unit comes in a delegate's stead, to the same hall. For who may edit the list, and whoever
    takes the hall's attendance."""
    replaced = await tx.session.get(Delegate, delegate_id)
    if replaced is None or replaced.removed_at is not None:
        raise NotFound()
    meeting, rights = await meeting_for_write(tx, replaced.meeting_id)
    leads = rights.keep_lists
    if not leads and replaced.point_id not in rights.points:
        raise NotAllowed()
    if meeting.state == "ended" and not leads:
        raise MeetingOver()
    return await substitute_for(tx, meeting, replaced, full_name=full_name, title=title, email=email, phone=phone)


async def substitute_for(
    tx: Transaction,
    meeting: Meeting,
    replaced: Delegate,
    *,
    full_name: str,
    title: str = "",
    email: str | None = None,
    phone: str | None = None,
) -> Delegate:
    """The same where the right to it is decided already. The caller holds the meeting's lock."""
    if await tx.session.scalar(
        select(Delegate.id).where(Delegate.substitutes_id == replaced.id, Delegate.removed_at.is_(None))
    ):
        raise Conflict(
            "Đại biểu này đã có người dự thay. Bỏ người dự thay trước rồi mới chọn người khác.",
            "Somebody comes in this delegate's stead already. Take that one off first.",
        )
    person = await tx.session.get_one(Person, replaced.person_id)
    typed = Typed(person.unit_id, full_name, title, email, phone)
    role: DelegateRole = "guest" if replaced.role == "guest" else "delegate"
    lines = await plan(tx.session, meeting.id, [Entry(typed, replaced.point_id, role, replaced.id)])
    if lines[0].listed:
        raise AlreadyListed(delegate_id=lines[0].row_id)
    [made] = await carry_out(tx, meeting.id, lines, "substitute")
    # Whoever is represented takes no part meanwhile.
    recheck(tx, [replaced.person_id])
    return await tx.session.get_one(Delegate, made, populate_existing=True)


async def edit(tx: Transaction, delegate_id: int, patch: DelegatePatch, seen: int | None = None) -> Delegate:
    """Another hall or role, or a correction of what was typed."""
    delegate, meeting, rights = await _listed(tx, delegate_id)
    await next_revision(tx, delegate, seen, "delegate.edited", lambda: _as_json(tx, delegate_id))
    sent = patch.model_dump(exclude_unset=True)
    before = delegate.point_id
    if "point_id" in sent and sent["point_id"] != delegate.point_id:
        await hall_unit(tx, meeting, rights, sent["point_id"])
        rights.require(sent["point_id"])
        delegate.point_id = sent["point_id"]
    if sent.get("role"):
        delegate.role = sent["role"]
    about = {name: sent[name] for name in _PERSON_FIELDS if name in sent}
    if about:
        await _correct(tx, delegate, about)
    await tx.session.flush()
    await record(tx, "delegate.edited", "delegate", delegate_id, meeting_id=meeting.id, **sent)
    await list_changed(tx, meeting.id, frozenset({before, delegate.point_id}))
    return delegate


async def remove(tx: Transaction, delegate_id: int) -> None:
    """Takes a person off the list. Their personal links to the meeting end at once."""
    delegate, _, _ = await _listed(tx, delegate_id)
    await take_off(tx, delegate)


async def take_off(tx: Transaction, delegate: Delegate) -> None:
    """The same where the right to it is decided already. The caller holds the meeting's lock."""
    delegate.removed_at = tx.now
    await revoke_bound_links(tx, delegate.meeting_id, [delegate.person_id])
    await record(
        tx,
        "delegate.removed",
        "delegate",
        delegate.id,
        meeting_id=delegate.meeting_id,
        person_id=delegate.person_id,
        point_id=delegate.point_id,
    )
    await fallen_away(tx, delegate)
    await list_changed(tx, delegate.meeting_id, frozenset({delegate.point_id}))


class DelegatesThere(Conflict):
    code = "delegates-there"
    vi = "Điểm cầu bị bỏ ra còn đại biểu trong danh sách. Chọn cho họ dự trực tuyến, hoặc đưa họ ra khỏi danh sách."
    en = "Delegates are listed at the points taken out. Let them attend online, or take them off the list."


async def points_removed(tx: Transaction, meeting: Meeting, what: PointsRemoved) -> None:
    """These halls are no longer members: their people attend online, or come off the list, as whoever edits says.
    DelegatesThere, with their numbers by hall, if nothing is said. The edit's own event says what followed."""
    found = list(
        await tx.session.scalars(
            select(Delegate).where(
                Delegate.meeting_id == meeting.id, Delegate.point_id.in_(what.points), Delegate.removed_at.is_(None)
            )
        )
    )
    if not found:
        return
    if what.people is None:
        named = select(BridgePoint.id, BridgePoint.name).where(BridgePoint.id.in_(what.points))
        names = await tx.session.execute(named)
        numbers = Counter(delegate.point_id for delegate in found)
        raise DelegatesThere(
            points=[
                {"point_id": point_id, "name": name, "delegates": numbers[point_id]}
                for point_id, name in names
                if numbers[point_id]
            ]
        )
    for delegate in found:
        if what.people == "online":
            delegate.point_id = None
        else:
            delegate.removed_at = tx.now
    if what.people == "off-list":
        await revoke_bound_links(tx, meeting.id, [delegate.person_id for delegate in found])
    await record(
        tx,
        "delegates.point-removed",
        "meeting",
        meeting.id,
        count=len(found),
        what=what.people,
        points=sorted(what.points),
    )


async def hall_unit(tx: Transaction, meeting: Meeting, rights: ListRights, point_id: int | None) -> int:
    """The unit that new people of this list belong to: the hall's, or the one that holds the meeting for online."""
    if not rights.covers(point_id):
        raise NotAllowed()
    if point_id is None:
        return meeting.unit_id
    member = await tx.session.scalar(
        select(MemberPoint.id).where(MemberPoint.meeting_id == meeting.id, MemberPoint.point_id == point_id)
    )
    if member is None:
        raise Invalid.fields(
            {
                "point_id": (
                    "Điểm cầu này không tham dự cuộc họp. Chọn điểm cầu khác.",
                    "This point is not a member of the meeting. Choose another.",
                )
            }
        )
    return (await organisations.point(tx.session, point_id)).unit_id


async def _listed(tx: Transaction, delegate_id: int) -> tuple[Delegate, Meeting, ListRights]:
    """A delegate whose line the actor may change."""
    delegate = await tx.session.get(Delegate, delegate_id)
    if delegate is None:
        raise NotFound()
    meeting, rights = await list_for_write(tx, delegate.meeting_id)
    await tx.session.refresh(delegate)
    if delegate.removed_at is not None:
        raise NotFound()
    rights.require(delegate.point_id)
    return delegate, meeting, rights


async def _as_json(tx: Transaction, delegate_id: int) -> Any:
    return (await one_delegate(tx.session, delegate_id, tx.now)).model_dump(mode="json")


async def _check_chosen(tx: Transaction, meeting: Meeting, rights: ListRights, person_ids: Sequence[int]) -> None:
    """Who is chosen by id exists, and is of the actor's own units or of the meeting's branch: names and addresses of
    others are not for the asking. A hall's secretary chooses within the own units."""
    statement = select(Person.id, Person.unit_id).where(Person.id.in_(person_ids), Person.disabled_at.is_(None))
    if rights.everything:
        holder = await organisations.unit(tx.session, meeting.unit_id)
        statement = statement.where(may_choose(tx.actor, holder.path))
    units: dict[int, int] = dict((await tx.session.execute(statement)).all())
    wrong = {
        f"people.{index}.person_id": (
            "Không tìm thấy người này trong các đơn vị của đồng chí. Chọn lại, hoặc nhập họ tên như khách mời.",
            "No such person in your units. Choose again, or type the name as of a guest.",
        )
        for index, person_id in enumerate(person_ids)
        if person_id not in units
    }
    if wrong:
        raise Invalid.fields(wrong)
    if not rights.everything:
        paths = await tx.session.scalars(select(Unit.path).where(Unit.id.in_(set(units.values()))))
        if not all(tx.actor.has(Role.HALL_SECRETARY, path) for path in paths):
            raise NotAllowed()


async def _require_secretary_at(tx: Transaction, unit_id: int) -> None:
    unit = await organisations.unit(tx.session, unit_id)
    if not tx.actor.has(Role.HALL_SECRETARY, unit.path):
        raise NotAllowed()


async def _correct(tx: Transaction, delegate: Delegate, about: dict[str, Any]) -> None:
    person = await tx.session.get_one(Person, delegate.person_id)
    about = {name: value for name, value in about.items() if value is not None or name in ("email", "phone")}
    about = {name: value for name, value in about.items() if value != getattr(person, name)}
    if not about:
        return
    has_role = await tx.session.scalar(select(RoleGrant.id).where(RoleGrant.person_id == person.id).limit(1))
    if person.login is not None or has_role:
        raise KeptByAdministrator()
    unit = await organisations.unit(tx.session, person.unit_id)
    if not (tx.actor.system or any(tx.actor.has(role, unit.path) for role in _KEEPERS)):
        raise KeptByUnit(unit=unit.name)
    # Links go to the address: nobody may point the chair's or a presenter's at themselves.
    if await lead_beyond(tx.session, [person.id], tx.actor):
        raise NotAllowed()
    for name, value in about.items():
        if name == "title":
            await retitle(tx, person, value)
        else:
            setattr(person, name, value)
    recheck(tx, [person.id])
