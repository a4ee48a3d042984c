"""All writes of hall devices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, update

from server.accounts.actions import sessions
from server.accounts.actions.links import require_hall
from server.accounts.models import SignInSession
from server.audit.actions import record
from server.core.config import Settings
from server.core.errors import Invalid, NotFound
from server.core.transaction import Transaction
from server.devices import queries
from server.devices.codes import code_hash, new_code
from server.devices.models import DeviceCode, HallDevice
from server.devices.queries import PointNamed
from server.devices.schemas import DeviceReport, DeviceWrite, Part, SheetWrite

MOST = 500
"""Slips of one sheet: more are printed branch by branch."""
HEARD_AGAIN = timedelta(seconds=50)
"""A device's last sign of life is written no more often: its page reports every minute."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A code that was just made, which is kept nowhere."""

    point: PointNamed
    code: str
    expires_at: datetime


async def make_code(
    tx: Transaction, settings: Settings, point_id: int, *, part: Part, name: str, days: int
) -> tuple[int, str, datetime]:
    """(id, code, when it expires). Needs the right over the hall's devices. A code made before for the same part and
    not used counts no more: what lies around on paper opens nothing."""
    await require_hall(tx.session, tx.actor, point_id)
    await _void(tx, [point_id], part)
    code = new_code()
    made = DeviceCode(
        code_hash=code_hash(settings, code),
        point_id=point_id,
        part=part,
        name=name,
        created_at=tx.now,
        created_by=tx.actor.person_id,
        expires_at=tx.now + timedelta(days=days),
    )
    tx.session.add(made)
    await tx.session.flush()
    await record(tx, "device-code.made", "device-code", made.id, point_id=point_id, part=part, days=days)
    return made.id, code, made.expires_at


async def make_sheet(tx: Transaction, settings: Settings, write: SheetWrite) -> list[Slip]:
    """A code for each of these points, in the tree's order. NotAllowed if one of them is not the actor's to set up;
    Invalid for none, or more than `MOST`."""
    points = await queries.points_of_sheet(tx.session, tx.actor, write, tx.now)
    if not points or len(points) > MOST:
        raise _none() if not points else _too_many(len(points))
    await _void(tx, [point.id for point in points], write.part)
    expires_at = tx.now + timedelta(days=write.days)
    slips = [Slip(point, new_code(), expires_at) for point in points]
    await tx.session.execute(
        insert(DeviceCode),
        [
            {
                "code_hash": code_hash(settings, slip.code),
                "point_id": slip.point.id,
                "part": write.part,
                "created_at": tx.now,
                "created_by": tx.actor.person_id,
                "expires_at": expires_at,
            }
            for slip in slips
        ],
    )
    await record(
        tx,
        "device-codes.printed",
        "unit",
        write.unit_id or 0,
        points=[point.id for point in points],
        part=write.part,
        days=write.days,
    )
    return slips


async def void_code(tx: Transaction, code_id: int) -> None:
    """NotFound if it was used, has expired, or is of a hall that is not the actor's."""
    code = await tx.session.get(DeviceCode, code_id)
    if code is None or code.used_at or code.revoked_at or code.expires_at <= tx.now:
        raise NotFound()
    await _own(tx, code.point_id)
    code.revoked_at = tx.now
    await record(tx, "device-code.voided", "device-code", code.id, point_id=code.point_id)


async def use_code(tx: Transaction, code: DeviceCode) -> None:
    """NotFound if somebody else was quicker with it."""
    used = await tx.session.scalar(
        update(DeviceCode)
        .where(DeviceCode.id == code.id, DeviceCode.used_at.is_(None), DeviceCode.revoked_at.is_(None))
        .values(used_at=tx.now)
        .returning(DeviceCode.id)
        .execution_options(synchronize_session=False)
    )
    if used is None:
        raise queries.CodeWrong()


async def hall_opened(tx: Transaction, session: SignInSession) -> None:
    """Every browser that signs in as a hall is one of its devices, by whichever way it came (`AccountHooks`)."""
    assert session.point_id is not None  # noqa: S101
    tx.session.add(
        HallDevice(
            point_id=session.point_id, session_id=session.id, created_at=tx.now, address=session.address, name=""
        )
    )
    await tx.session.flush()


async def set_up(tx: Transaction, token: str, code: DeviceCode) -> HallDevice:
    """The browser with this new cookie has come by this code."""
    device = await queries.device_of_token(tx.session, token)
    if device is None:
        raise NotFound()
    device.part, device.name, device.set_up_by, device.by_code = code.part, code.name, code.created_by, True
    await record(tx, "device.set-up", "device", device.id, point_id=device.point_id, part=device.part, code_id=code.id)
    return device


async def edit(tx: Transaction, device_id: int, write: DeviceWrite) -> HallDevice:
    device = await _device(tx, device_id)
    for field, value in write.model_dump(exclude_none=True).items():
        setattr(device, field, value)
    await record(tx, "device.edited", "device", device.id, point_id=device.point_id, part=device.part, name=device.name)
    await tx.session.flush()
    return device


async def take_away(tx: Transaction, device_id: int) -> None:
    """The point from the device: it is signed out, a conference that it is in included."""
    device = await _device(tx, device_id)
    device.ended_by = tx.actor.person_id
    await sessions.end(tx, device.session_id)
    await record(tx, "device.taken-away", "device", device.id, point_id=device.point_id)


async def heard(tx: Transaction, settings: Settings, device_id: int, report: DeviceReport) -> None:
    """The device of the actor's says how it is. Not audited, it is a measurement."""
    await sessions.touch(tx, settings)
    await tx.session.execute(
        update(HallDevice)
        .where(HallDevice.id == device_id)
        .values(address=tx.actor.address[:45], build=report.build, camera=report.camera, microphone=report.microphone)
        .execution_options(synchronize_session=False)
    )


async def _device(tx: Transaction, device_id: int) -> HallDevice:
    """An open one of a hall that is the actor's to look after. NotFound."""
    device = await queries.open_device(tx.session, device_id, tx.now)
    await _own(tx, device.point_id)
    return device


async def _own(tx: Transaction, point_id: int) -> None:
    await require_hall(tx.session, tx.actor, point_id)


async def _void(tx: Transaction, point_ids: Sequence[int], part: str) -> None:
    await tx.session.execute(
        update(DeviceCode)
        .where(
            DeviceCode.point_id.in_(point_ids),
            DeviceCode.part == part,
            DeviceCode.used_at.is_(None),
            DeviceCode.revoked_at.is_(None),
        )
        .values(revoked_at=tx.now)
        .execution_options(synchronize_session=False)
    )


def _none() -> Invalid:
    return Invalid(
        "Không có điểm cầu nào để in: tất cả đã có thiết bị, hoặc đơn vị này chưa có điểm cầu.",
        "There is no point to print for: all have a device, or this unit has no points.",
    )


def _too_many(count: int) -> Invalid:
    return Invalid(
        f"Có {count} điểm cầu, một lần in được nhiều nhất {MOST}. Chọn từng đơn vị nhỏ hơn.",
        f"These are {count} points; one sheet has at most {MOST}. Choose smaller branches.",
    )
