"""All reads of hall devices."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.accounts.actions.links import HALL_STAFF
from server.accounts.models import Person, SignInSession
from server.accounts.tokens import token_hash
from server.core.actor import Actor
from server.core.config import Settings
from server.core.database import in_parts
from server.core.errors import NotAllowed, NotFound
from server.core.fields import folded
from server.devices.codes import code_hash, typed
from server.devices.models import DeviceCode, HallDevice
from server.devices.schemas import (
    CodeOut,
    DeviceOut,
    DevicePage,
    DeviceTotals,
    OwnDevice,
    PointDevices,
    SheetWrite,
    Show,
)
from server.organisations.models import BridgePoint, Unit

SILENT = timedelta(days=7)
"""A device that nothing was heard of for so long may be broken, and nobody knows."""


class CodeWrong(NotFound):
    code = "device-code-wrong"
    vi = (
        "Mã này không đúng, đã dùng rồi hoặc đã hết hạn. So lại từng chữ với phiếu; nếu đúng mà vẫn không được, xin "
        "quản trị cấp mã mới."
    )
    en = (
        "This code is wrong, was used before or has expired. Compare it with the slip sign by sign; if it is right, "
        "ask the administrator for a new one."
    )


@dataclass(frozen=True, slots=True)
class PointNamed:
    """A bridge point as a slip names it."""

    id: int
    name: str
    unit_name: str


@dataclass(frozen=True, slots=True)
class LastSeen:
    """How a point's devices of one part are: for boards of readiness."""

    device_id: int
    point_id: int
    part: str
    name: str
    last_seen_at: datetime
    build: str
    camera: str
    microphone: str


_maker = aliased(Person)


def _open(now: datetime) -> ColumnElement[bool]:
    """The condition that a session counts."""
    return and_(SignInSession.revoked_at.is_(None), SignInSession.expires_at > now)


def looked_after(actor: Actor) -> ColumnElement[bool]:
    """The condition on `Unit` that the devices of its points are the actor's to look after: `links.require_hall`."""
    if actor.system:
        return true()
    return or_(false(), *(Unit.path.startswith(each.unit_path) for each in actor.grants if each.role in HALL_STAFF))


_IN_USE = (BridgePoint.closed_at.is_(None), Unit.id == BridgePoint.unit_id)


def _require_staff(actor: Actor) -> None:
    if not actor.system and not any(each.role in HALL_STAFF for each in actor.grants):
        raise NotAllowed()


async def last_seen(session: AsyncSession, point_ids: Collection[int], now: datetime) -> list[LastSeen]:
    """The open devices of these points, those heard of last first. Whether the actor may know is decided before."""
    found: list[LastSeen] = []
    for some in in_parts(point_ids):
        rows = await session.execute(
            select(
                HallDevice.id,
                HallDevice.point_id,
                HallDevice.part,
                HallDevice.name,
                SignInSession.last_seen_at,
                HallDevice.build,
                HallDevice.camera,
                HallDevice.microphone,
            )
            .join(SignInSession, SignInSession.id == HallDevice.session_id)
            .where(HallDevice.point_id.in_(some), _open(now))
            .order_by(SignInSession.last_seen_at.desc(), HallDevice.id)
        )
        found += [LastSeen(*row) for row in rows]
    return found


async def page(
    session: AsyncSession,
    actor: Actor,
    now: datetime,
    build: str,
    *,
    unit_id: int | None = None,
    q: str = "",
    show: Show = "all",
    limit: int = 50,
    offset: int = 0,
) -> DevicePage:
    """Bridge points whose devices the actor looks after, branch by branch, with their devices and open codes."""
    _require_staff(actor)
    where: list[ColumnElement[bool]] = [*_IN_USE, looked_after(actor)]
    if unit_id is not None:
        branch = await session.get(Unit, unit_id)
        if branch is None:
            raise NotFound()
        where.append(Unit.path.startswith(branch.path))
    totals = await _totals(session, where, now)
    for word in folded(q).split():
        where.append(BridgePoint.search_name.contains(word, autoescape=True))
    where.append(_shown(show, now))
    total = await _count(session, where)
    rows = await session.execute(
        select(BridgePoint, Unit.name)
        .where(*where)
        .order_by(Unit.path, BridgePoint.position, BridgePoint.id)
        .limit(limit)
        .offset(offset)
    )
    found = {
        point.id: PointDevices(
            point_id=point.id,
            name=point.name,
            unit_id=point.unit_id,
            unit_name=unit_name,
            contact_name=point.contact_name,
            contact_phone=point.contact_phone,
            devices=[],
            codes=[],
        )
        for point, unit_name in rows
    }
    for device in await _devices(session, HallDevice.point_id.in_(found), now, build):
        found[device.point_id].devices.append(device)
    codes = await session.scalars(
        select(DeviceCode).where(
            DeviceCode.point_id.in_(found),
            DeviceCode.used_at.is_(None),
            DeviceCode.revoked_at.is_(None),
            DeviceCode.expires_at > now,
        )
    )
    for code in codes:
        found[code.point_id].codes.append(CodeOut.model_validate(code, from_attributes=True))
    return DevicePage(total=total, totals=totals, points=list(found.values()))


async def device(session: AsyncSession, device_id: int, now: datetime, build: str) -> DeviceOut:
    """NotFound unless it is open."""
    found = await _devices(session, HallDevice.id == device_id, now, build)
    if not found:
        raise NotFound()
    return found[0]


async def _devices(session: AsyncSession, which: ColumnElement[bool], now: datetime, build: str) -> Sequence[DeviceOut]:
    rows = await session.execute(
        select(HallDevice, SignInSession, _maker.full_name)
        .join(SignInSession, SignInSession.id == HallDevice.session_id)
        .outerjoin(_maker, _maker.id == HallDevice.set_up_by)
        .where(which, _open(now))
        .order_by(HallDevice.part, HallDevice.id)
    )
    return [
        DeviceOut(
            id=device.id,
            point_id=device.point_id,
            part=device.part,
            name=device.name,
            created_at=device.created_at,
            set_up_by=maker or "",
            last_seen_at=opened.last_seen_at,
            address=device.address,
            user_agent=opened.user_agent,
            build=device.build,
            current=bool(device.build) and device.build == build,
            camera=device.camera,
            microphone=device.microphone,
        )
        for device, opened, maker in rows
    ]


async def _count(session: AsyncSession, where: Collection[ColumnElement[bool]]) -> int:
    return await session.scalar(select(func.count(BridgePoint.id)).where(*where)) or 0


async def _totals(session: AsyncSession, where: Collection[ColumnElement[bool]], now: datetime) -> DeviceTotals:
    counted = {show: await _count(session, [*where, _shown(show, now)]) for show in ("all", "without", "unseen")}
    return DeviceTotals(points=counted["all"], without=counted["without"], unseen=counted["unseen"])


def _shown(show: str, now: datetime) -> ColumnElement[bool]:
    if show == "all":
        return true()
    if show == "without":
        return ~_has_device(_open(now))
    return and_(_has_device(_open(now)), ~_has_device(_open(now), SignInSession.last_seen_at >= now - SILENT))


def _has_device(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(HallDevice.point_id == BridgePoint.id, SignInSession.id == HallDevice.session_id, *which)


async def points_of_sheet(session: AsyncSession, actor: Actor, write: SheetWrite, now: datetime) -> list[PointNamed]:
    """The points that are meant, branch by branch. NotAllowed if any of those named is not the actor's to set up."""
    _require_staff(actor)
    where: list[ColumnElement[bool]] = [*_IN_USE, looked_after(actor)]
    if write.unit_id is not None:
        branch = await session.get(Unit, write.unit_id)
        if branch is None:
            raise NotFound()
        if not actor.system and not any(
            branch.path.startswith(each.unit_path) for each in actor.grants if each.role in HALL_STAFF
        ):
            raise NotAllowed()
        where.append(Unit.path.startswith(branch.path))
    if write.point_ids is not None:
        where.append(BridgePoint.id.in_(write.point_ids))
    if write.point_ids is not None:
        known = await _count(session, where)
        if known != len(set(write.point_ids)):
            raise NotAllowed()
    if write.only_without:
        where.append(~_has_device(_open(now), HallDevice.part == write.part))
    rows = await session.execute(
        select(BridgePoint.id, BridgePoint.name, Unit.name)
        .where(*where)
        .order_by(Unit.path, BridgePoint.position, BridgePoint.id)
    )
    return [PointNamed(*row) for row in rows]


async def code_for(session: AsyncSession, settings: Settings, text: str, now: datetime) -> tuple[DeviceCode, Actor]:
    """The open code that was typed, and the hall whose device it makes. CodeWrong."""
    row = (
        await session.execute(
            select(DeviceCode, BridgePoint.name)
            .join(BridgePoint, BridgePoint.id == DeviceCode.point_id)
            .where(
                DeviceCode.code_hash == code_hash(settings, typed(text)),
                DeviceCode.used_at.is_(None),
                DeviceCode.revoked_at.is_(None),
                DeviceCode.expires_at > now,
                BridgePoint.closed_at.is_(None),
            )
        )
    ).first()
    if row is None:
        raise CodeWrong()
    return row[0], Actor(point_id=row[0].point_id, name=f"Điểm cầu {row[1]}")


async def open_device(session: AsyncSession, device_id: int, now: datetime) -> HallDevice:
    found: HallDevice | None = await session.scalar(
        select(HallDevice)
        .join(SignInSession, SignInSession.id == HallDevice.session_id)
        .where(HallDevice.id == device_id, _open(now))
    )
    if found is None:
        raise NotFound()
    return found


async def device_of_token(session: AsyncSession, token: str) -> HallDevice | None:
    found: HallDevice | None = await session.scalar(
        select(HallDevice)
        .join(SignInSession, SignInSession.id == HallDevice.session_id)
        .where(SignInSession.token_hash == token_hash(token))
    )
    return found


@dataclass(frozen=True, slots=True)
class Own:
    """What a browser's cookie says, and what the report of its page has to be compared with."""

    said: OwnDevice
    device_id: int | None = None
    """Of one whose session counts."""
    last_seen_at: datetime | None = None
    known: tuple[str, str, str, str] | None = None
    """address, build, camera, microphone as written last."""


async def own(session: AsyncSession, token: str | None, now: datetime, served: str) -> Own:
    """The device whose cookie this is, or was: a hall's screen has to say why it is no longer one."""
    if not token:
        return Own(OwnDevice(state="none", served=served, now=now))
    row = (
        await session.execute(
            select(HallDevice, SignInSession, BridgePoint, Unit.name, _maker.full_name)
            .join(SignInSession, SignInSession.id == HallDevice.session_id)
            .join(BridgePoint, BridgePoint.id == HallDevice.point_id)
            .join(Unit, Unit.id == BridgePoint.unit_id)
            .outerjoin(_maker, _maker.id == HallDevice.ended_by)
            .where(SignInSession.token_hash == token_hash(token))
        )
    ).first()
    if row is None:
        return Own(OwnDevice(state="none", served=served, now=now))
    device, opened, point, unit_name, ended_by = row
    said = OwnDevice(
        state="active",
        id=device.id,
        point_id=point.id,
        point_name=point.name,
        unit_name=unit_name,
        part=device.part,
        name=device.name,
        ended_by=ended_by or "",
        served=served,
        now=now,
    )
    counts = opened.revoked_at is None and opened.expires_at > now and point.closed_at is None
    if not device.by_code:
        said = OwnDevice(state="none", served=served, now=now)
    elif opened.revoked_at is not None:
        said.state, said.ended_at = "revoked", opened.revoked_at
    elif opened.expires_at <= now:
        said.state, said.ended_at = "expired", opened.expires_at
    elif point.closed_at is not None:
        said.state, said.ended_at = "closed", point.closed_at
    known = (device.address, device.build, device.camera, device.microphone)
    return Own(said, device.id if counts else None, opened.last_seen_at, known)


async def part_of(session: AsyncSession, session_id: int | None) -> str | None:
    """What the machine of this session is there for (`schemas.Part`); None if it is no hall's."""
    return await session.scalar(select(HallDevice.part).where(HallDevice.session_id == session_id))
