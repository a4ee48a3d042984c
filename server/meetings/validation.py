"""The rules of a plan that one field alone does not tell. Every broken one is named, in words, at its field."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from server.accounts.models import Person
from server.accounts.queries import may_choose
from server.core.actor import Role
from server.core.errors import Invalid, NotAllowed
from server.core.transaction import Transaction
from server.meetings.days import days_wrong, fitted
from server.meetings.schemas import MeetingWrite, MemberWrite, Notice
from server.organisations import queries as organisations
from server.organisations.models import BridgePoint, Unit

LONGEST = timedelta(days=14)
"""A congress lasts days, not months: a longer one is a mistyped date."""


async def checked(
    tx: Transaction,
    write: MeetingWrite,
    *,
    item_ids: frozenset[int],
    point_ids: frozenset[int],
    person_ids: frozenset[int] = frozenset(),
) -> tuple[MeetingWrite, list[Notice]]:
    """The plan as it may be stored, with what the server mended. `item_ids`, `point_ids`, `person_ids`: what the
    meeting has already.

    Raises Invalid with every broken rule; NotAllowed for points outside the actor's organising branch."""
    wrong: dict[str, tuple[str, str]] = {}
    wrong |= times_wrong(write.starts_at, write.ends_at)
    write = _by_days(write)
    wrong |= days_wrong(write.days)
    _check_agenda(write, item_ids, wrong)
    _check_doubles(write, wrong)
    await _check_people(tx, write, person_ids, wrong)
    write, notices = await _with_main_point(tx, write)
    await _check_points(tx, write, point_ids, wrong)
    if wrong:
        raise Invalid.fields(wrong)
    return write, notices


def _by_days(write: MeetingWrite) -> MeetingWrite:
    """Days as start and end have them, the agenda day by day, breaks without anybody who presents."""
    days = fitted(write.days, write.starts_at, write.ends_at)
    last = max(len(days) - 1, 0)
    agenda = [
        item.model_copy(
            update={"day": min(item.day, last)}
            | ({"presenter_id": None, "presenter_text": ""} if item.kind == "break" else {})
        )
        for item in write.agenda
    ]
    return write.model_copy(update={"days": days, "agenda": sorted(agenda, key=lambda item: item.day)})


def times_wrong(starts_at: datetime, ends_at: datetime) -> dict[str, tuple[str, str]]:
    if ends_at <= starts_at:
        return {"ends_at": ("Giờ kết thúc phải sau giờ bắt đầu.", "The end must come after the start.")}
    if ends_at - starts_at > LONGEST:
        return {
            "ends_at": (
                "Cuộc họp dài quá 14 ngày. Kiểm tra lại ngày kết thúc.",
                "That is longer than 14 days. Check the end date.",
            )
        }
    return {}


def _check_agenda(write: MeetingWrite, item_ids: frozenset[int], wrong: dict[str, tuple[str, str]]) -> None:
    seen: set[int] = set()
    for index, item in enumerate(write.agenda):
        if item.id is None:
            continue
        if item.id not in item_ids or item.id in seen:
            wrong[f"agenda.{index}.id"] = (
                "Nội dung này không còn trong chương trình. Tải lại trang rồi sửa tiếp.",
                "This item is no longer on the agenda. Reload and edit again.",
            )
        seen.add(item.id)


def _check_doubles(write: MeetingWrite, wrong: dict[str, tuple[str, str]]) -> None:
    seen: set[int] = set()
    for index, member in enumerate(write.points):
        if member.point_id in seen:
            wrong[f"points.{index}.point_id"] = ("Điểm cầu này có hai lần.", "This point is there twice.")
        seen.add(member.point_id)


async def _check_people(
    tx: Transaction, write: MeetingWrite, person_ids: frozenset[int], wrong: dict[str, tuple[str, str]]
) -> None:
    """Nobody is named to lead or present a meeting of somebody else's unit without an organiser of the own."""
    places = {"chair_id": write.chair_id, "secretary_id": write.secretary_id}
    places |= {f"agenda.{index}.presenter_id": item.presenter_id for index, item in enumerate(write.agenda)}
    wanted = {person_id for person_id in places.values() if person_id is not None}
    known = set(
        await tx.session.scalars(
            select(Person.id).where(Person.id.in_(wanted), or_(Person.id.in_(person_ids), may_choose(tx.actor)))
        )
    )
    for place, person_id in places.items():
        if person_id is not None and person_id not in known:
            wrong[place] = (
                "Không tìm thấy người này trong các đơn vị đồng chí được tổ chức họp. Chọn lại, hoặc nhờ ban tổ chức"
                " của đơn vị cấp trên chọn giúp.",
                "No such person in the units you may organise meetings for. Choose again, or ask an organiser of the"
                " unit above.",
            )


async def _with_main_point(tx: Transaction, write: MeetingWrite) -> tuple[MeetingWrite, list[Notice]]:
    """The main point is always a member."""
    if any(member.point_id == write.main_point_id for member in write.points):
        return write, []
    found = await tx.session.get(BridgePoint, write.main_point_id)
    if found is None:
        return write, []
    main = MemberWrite(point_id=write.main_point_id)
    return write.model_copy(update={"points": [main, *write.points]}), [
        Notice(
            vi=f"Đã thêm điểm cầu chính “{found.name}” vào danh sách điểm cầu tham dự.",
            en=f"The main point “{found.name}” was added to the member points.",
        )
    ]


async def _check_points(
    tx: Transaction, write: MeetingWrite, point_ids: frozenset[int], wrong: dict[str, tuple[str, str]]
) -> None:
    known = await organisations.open_points(tx.session, {member.point_id for member in write.points})
    if write.main_point_id not in known and write.main_point_id not in point_ids:
        wrong["main_point_id"] = ("Điểm cầu chính không còn được sử dụng. Chọn lại.", "The main point is not in use.")
    for index, member in enumerate(write.points):
        if member.point_id not in known and member.point_id not in point_ids:
            wrong.setdefault(
                f"points.{index}.point_id",
                ("Điểm cầu này không còn được sử dụng. Bỏ khỏi danh sách.", "This point is not in use. Take it out."),
            )
    outside = [
        point_id
        for point_id, path in known.items()
        if point_id not in point_ids and not tx.actor.system and not tx.actor.has(Role.ORGANISER, path)
    ]
    if outside and not wrong:
        raise NotAllowed(
            f"{len(outside)} điểm cầu nằm ngoài đơn vị mà đồng chí được tổ chức họp. Bỏ ra rồi lưu lại.",
            f"{len(outside)} points lie outside the units you may organise meetings for. Take them out and save again.",
            points=outside,
        )


async def require_organiser(tx: Transaction, unit_id: int) -> None:
    """Of the unit that is to hold the meeting."""
    unit = await tx.session.get(Unit, unit_id)
    if unit is None:
        raise Invalid.fields({"unit_id": ("Đơn vị này không còn. Chọn lại.", "No such unit. Choose again.")})
    if not (tx.actor.system or tx.actor.has(Role.ORGANISER, unit.path)):
        raise NotAllowed()
