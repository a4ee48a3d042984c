"""The demo's meetings: one in progress, one to come, one draft, one that has ended and was attended."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from random import Random

from sqlalchemy import select

from server.accounts.models import Person
from server.accounts.queries import grants_of
from server.attendance.checks import check_in, check_out
from server.conference import lifecycle as conference
from server.core.actor import Actor
from server.core.clock import VIETNAM
from server.core.transaction import Transaction
from server.demo.province import Hall, MadeProvince
from server.meetings import actions, agenda, lifecycle
from server.meetings.models import AgendaItem, Meeting, MemberPoint
from server.meetings.schemas import AgendaWrite, MeetingWrite, MemberWrite

CONFERENCE = "Hội nghị trực tuyến toàn tỉnh quán triệt Nghị quyết số 57-NQ/TW của Bộ Chính trị"
LASTS = timedelta(hours=3, minutes=30)
STALE_AFTER = timedelta(hours=12)
"""A conference in progress for longer than this is ended and held anew: nobody sits in a hall that long."""


@contextmanager
def acting(tx: Transaction, actor: Actor, now: datetime) -> Iterator[None]:
    """What happens inside was done by `actor` at `now`."""
    before = tx.actor, tx.now
    tx.actor, tx.now = actor, now
    try:
        yield
    finally:
        tx.actor, tx.now = before


async def make(tx: Transaction, made: MadeProvince) -> None:
    organiser = await actor_of(tx, made.people["tochuc"])
    with acting(tx, organiser, tx.now - timedelta(days=3)):
        meeting, _ = await actions.create(tx, _conference(made, tx.now + timedelta(days=3)))
    await hold(tx, meeting)
    await _to_come(tx, made, organiser)
    await _draft(tx, made, organiser)
    await _ended(tx, made, organiser)


async def actor_of(tx: Transaction, person: Person) -> Actor:
    return Actor(person_id=person.id, name=person.full_name, grants=await grants_of(tx.session, person.id))


async def hold(tx: Transaction, meeting: Meeting) -> None:
    """Invites and starts the conference; its first item is current."""
    organiser = await actor_of(tx, await tx.session.get_one(Person, meeting.created_by))
    chair = await actor_of(tx, await tx.session.get_one(Person, meeting.chair_id))
    first = await tx.session.scalar(
        select(AgendaItem.id).where(AgendaItem.meeting_id == meeting.id).order_by(AgendaItem.position).limit(1)
    )
    with acting(tx, organiser, tx.now - timedelta(days=2)):
        await lifecycle.invite(tx, meeting.id)
    with acting(tx, chair, tx.now):
        await conference.start(tx, meeting.id)
        await agenda.go(tx, meeting.id, first)


async def hold_anew(tx: Transaction, earlier: Meeting) -> Meeting:
    """The same conference today: same halls, same agenda."""
    chair = await actor_of(tx, await tx.session.get_one(Person, earlier.chair_id))
    if earlier.state == "running":
        with acting(tx, chair, tx.now):
            await conference.end(tx, earlier.id)
    items = await tx.session.scalars(
        select(AgendaItem).where(AgendaItem.meeting_id == earlier.id).order_by(AgendaItem.position)
    )
    members = await tx.session.scalars(
        select(MemberPoint).where(MemberPoint.meeting_id == earlier.id).order_by(MemberPoint.id)
    )
    plan = MeetingWrite.model_validate(
        {
            **{name: getattr(earlier, name) for name in MeetingWrite.model_fields if hasattr(earlier, name)},
            "starts_at": _on_the_minute(tx.now),
            "ends_at": _on_the_minute(tx.now) + LASTS,
            "agenda": [
                AgendaWrite(
                    title=item.title,
                    minutes=item.minutes,
                    presenter_id=item.presenter_id,
                    presenter_text=item.presenter_text,
                )
                for item in items
            ],
            "points": [MemberWrite(point_id=member.point_id, speaker=member.speaker) for member in members],
        }
    )
    organiser = await actor_of(tx, await tx.session.get_one(Person, earlier.created_by))
    with acting(tx, organiser, tx.now - timedelta(days=3)):
        meeting, _ = await actions.create(tx, plan)
    await hold(tx, meeting)
    return meeting


def _conference(made: MadeProvince, now: datetime) -> MeetingWrite:
    people = made.people
    return MeetingWrite(
        kind="hoi-nghi",
        title=CONFERENCE,
        description="Điểm cầu chính: Hội trường Tỉnh ủy. Các điểm cầu vào phòng trước 30 phút để kiểm tra tín hiệu.",
        unit_id=made.root.id,
        starts_at=_on_the_minute(now),
        ends_at=_on_the_minute(now) + LASTS,
        main_point_id=made.halls[0].point.id,
        chair_id=people["chutri"].id,
        secretary_id=people["thuky"].id,
        agenda=[
            AgendaWrite(title="Tuyên bố lý do, giới thiệu đại biểu", minutes=10, presenter_text="Văn phòng Tỉnh ủy"),
            AgendaWrite(title="Phát biểu khai mạc hội nghị", minutes=15, presenter_id=people["chutri"].id),
            AgendaWrite(
                title="Quán triệt những nội dung cốt lõi của Nghị quyết",
                minutes=60,
                presenter_id=people["tuyengiao"].id,
            ),
            AgendaWrite(
                title="Kế hoạch thực hiện Nghị quyết của Ủy ban nhân dân tỉnh",
                minutes=40,
                presenter_id=people["uyban"].id,
            ),
            AgendaWrite(title="Thảo luận tại các điểm cầu", minutes=60, presenter_text="Các điểm cầu huyện, xã"),
            AgendaWrite(title="Kết luận hội nghị", minutes=25, presenter_id=people["chutri"].id),
        ],
        points=_members(made.halls),
    )


async def _to_come(tx: Transaction, made: MadeProvince, organiser: Actor) -> None:
    starts_at = _morning(tx.now + timedelta(days=4))
    plan = MeetingWrite(
        kind="cuoc-hop",
        title="Giao ban trực tuyến công tác xây dựng Đảng với các huyện, thành phố",
        unit_id=made.root.id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        main_point_id=made.halls[0].point.id,
        chair_id=made.people["chutri"].id,
        secretary_id=made.people["thuky"].id,
        agenda=[
            AgendaWrite(title="Báo cáo tình hình trong tháng", minutes=20, presenter_id=made.people["tochuctinhuy"].id),
            AgendaWrite(title="Ý kiến các huyện ủy, thành ủy", minutes=70, presenter_text="Huyện ủy, Thành ủy"),
            AgendaWrite(title="Kết luận của chủ trì", minutes=20, presenter_id=made.people["chutri"].id),
        ],
        points=_members(_upper(made)),
    )
    with acting(tx, organiser, tx.now - timedelta(days=1)):
        meeting, _ = await actions.create(tx, plan)
        await lifecycle.invite(tx, meeting.id)


async def _draft(tx: Transaction, made: MadeProvince, organiser: Actor) -> None:
    starts_at = _morning(tx.now + timedelta(days=18))
    lac_duong = [hall for hall in made.halls if "Lạc Dương" in hall.unit_name or hall is made.halls[0]]
    plan = MeetingWrite(
        kind="hoi-nghi",
        title="Hội nghị tổng kết công tác dân vận năm",
        unit_id=made.root.id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=4),
        main_point_id=made.halls[0].point.id,
        secretary_id=made.people["thuky"].id,
        agenda=[AgendaWrite(title="Báo cáo tổng kết", minutes=30), AgendaWrite(title="Tham luận", minutes=90)],
        points=_members(lac_duong),
    )
    with acting(tx, organiser, tx.now - timedelta(hours=2)):
        await actions.create(tx, plan)


async def _ended(tx: Transaction, made: MadeProvince, organiser: Actor) -> None:
    """A week ago over 17 points: most came early, one late, two lost their line for a while, one never came."""
    random = Random(57)  # noqa: S311
    halls = _upper(made)
    starts_at = _morning(tx.now - timedelta(days=7))
    ended_at = starts_at + timedelta(hours=2, minutes=12)
    plan = MeetingWrite(
        kind="cuoc-hop",
        title="Giao ban trực tuyến tình hình sản xuất, phòng chống thiên tai",
        unit_id=made.root.id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        main_point_id=halls[0].point.id,
        chair_id=made.people["uyban"].id,
        secretary_id=made.people["thuky"].id,
        agenda=[
            AgendaWrite(title="Báo cáo tình hình", minutes=30, presenter_text="Văn phòng Ủy ban nhân dân tỉnh"),
            AgendaWrite(title="Ý kiến các địa phương", minutes=60, presenter_text="Các huyện, thành phố"),
            AgendaWrite(title="Kết luận", minutes=20, presenter_id=made.people["uyban"].id),
        ],
        points=_members(halls),
    )
    with acting(tx, organiser, starts_at - timedelta(days=4)):
        meeting, _ = await actions.create(tx, plan)
        await lifecycle.invite(tx, meeting.id)
    chair = await actor_of(tx, made.people["uyban"])
    with acting(tx, chair, starts_at - timedelta(minutes=45)):
        await lifecycle.open_halls(tx, meeting.id)
    absent, late, cut = halls[-1], halls[9], (halls[6], halls[12])
    for hall in halls:
        if hall is absent:
            continue
        early = timedelta(minutes=-17) if hall is late else timedelta(seconds=random.randint(4 * 60, 40 * 60))
        _attend(tx, meeting.id, hall, starts_at - early, ended_at, cut_for=random.randint(2, 9) if hall in cut else 0)
    with acting(tx, chair, starts_at):
        await lifecycle.start(tx, meeting.id)
    items = list(
        await tx.session.scalars(
            select(AgendaItem).where(AgendaItem.meeting_id == meeting.id).order_by(AgendaItem.position)
        )
    )
    at = starts_at
    for item, minutes in zip(items, (36, 71, 25), strict=True):
        with acting(tx, chair, at):
            await agenda.go(tx, meeting.id, item.id)
        at += timedelta(minutes=minutes)
    with acting(tx, chair, ended_at):
        await lifecycle.end(tx, meeting.id)


def _attend(tx: Transaction, meeting_id: int, hall: Hall, came: datetime, went: datetime, *, cut_for: int) -> None:
    """`cut_for`: minutes without a line, half an hour before the end."""
    device = Actor(point_id=hall.point.id, name=f"Điểm cầu {hall.point.name}")
    with acting(tx, device, came):
        check_in(tx, meeting_id, hall.point.id)
    if cut_for:
        cut = went - timedelta(minutes=30)
        with acting(tx, device, cut):
            check_out(tx, meeting_id, {hall.point.id: cut}, "lost")
        with acting(tx, device, cut + timedelta(minutes=cut_for)):
            check_in(tx, meeting_id, hall.point.id)
    with acting(tx, device, went):
        check_out(tx, meeting_id, {hall.point.id: went}, "end")


def _upper(made: MadeProvince) -> list[Hall]:
    """The points of the province and of the districts."""
    return [hall for hall in made.halls if not hall.unit_name.startswith(("Xã ", "Phường ", "Thị trấn "))]


def _members(halls: list[Hall]) -> list[MemberWrite]:
    return [MemberWrite(point_id=hall.point.id, speaker=hall.speaker) for hall in halls]


def _on_the_minute(now: datetime) -> datetime:
    return now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)


def _morning(day: datetime) -> datetime:
    """07:30 in Việt Nam."""
    return datetime.combine(day.astimezone(VIETNAM).date(), time(7, 30), VIETNAM)
