"""All writes of organisations. Everything here needs the administrator's role over the unit concerned."""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from server.audit.actions import record
from server.audit.revisions import next_revision
from server.core.actor import Role
from server.core.errors import Conflict, Invalid, NotAllowed
from server.core.transaction import Transaction
from server.organisations.models import BridgePoint, Unit, code_taken
from server.organisations.queries import point as point_of
from server.organisations.queries import unit as unit_of
from server.organisations.schemas import PointOut, PointPatch, PointWrite, UnitOut, UnitPatch, UnitWrite

_LONGEST_PATH = 255


def require_admin(tx: Transaction, unit_path: str) -> None:
    if not (tx.actor.system or tx.actor.has(Role.ADMIN, unit_path)):
        raise NotAllowed()


async def create_root(tx: Transaction, name: str, short_name: str, level: str, code: str | None = None) -> Unit:
    """The top of the tree: made once, at installation, by the system."""
    if not tx.actor.system:
        raise NotAllowed()
    return await _add_unit(tx, None, {"name": name, "short_name": short_name, "level": level, "code": code})


async def create_unit(tx: Transaction, write: UnitWrite) -> Unit:
    await _lock_tree(tx)
    parent = await unit_of(tx.session, write.parent_id)
    require_admin(tx, parent.path)
    await _check_code(tx, write.code, None)
    _check_validity(write.valid_from, write.valid_until)
    return await _add_unit(tx, parent, write.model_dump(exclude={"parent_id"}))


async def edit_unit(tx: Transaction, unit_id: int, patch: UnitPatch, seen: int | None = None) -> Unit:
    """Renames, re-orders, moves. A move takes the whole branch along and needs the right at both ends."""
    await _lock_tree(tx)
    unit = await unit_of(tx.session, unit_id)
    require_admin(tx, unit.path)
    await next_revision(tx, unit, seen, "unit.edited", lambda: _as_json(UnitOut, unit))
    values = _given(patch, may_be_empty=("code", "valid_from", "valid_until"))
    parent_id = values.pop("parent_id", None)
    if "code" in values:
        await _check_code(tx, values["code"], unit)
    _check_validity(values.get("valid_from", unit.valid_from), values.get("valid_until", unit.valid_until))
    for name, value in values.items():
        setattr(unit, name, value)
    if parent_id is not None and parent_id != unit.parent_id:
        await _move(tx, unit, parent_id)
    await tx.session.flush()
    await record(tx, "unit.edited", "unit", unit.id, **values, parent_id=unit.parent_id)
    return unit


async def delete_unit(tx: Transaction, unit_id: int) -> None:
    """Conflict while it has units below, points, people, roles or meetings."""
    await _lock_tree(tx)
    unit = await unit_of(tx.session, unit_id)
    if unit.parent_id is None:
        require_admin(tx, unit.path)
        raise Conflict("Không xóa được đơn vị gốc của hệ thống.", "The root of the tree cannot be deleted.")
    # The right at the parent: nobody saws off the branch their own role sits on.
    require_admin(tx, (await unit_of(tx.session, unit.parent_id)).path)
    children = await tx.session.scalar(select(func.count()).where(Unit.parent_id == unit.id)) or 0
    points = await tx.session.scalar(select(func.count()).where(BridgePoint.unit_id == unit.id)) or 0
    if children or points:
        raise Conflict(
            f"“{unit.name}” còn {children} đơn vị trực thuộc và {points} điểm cầu. Chuyển hoặc xóa các mục đó trước.",
            f"“{unit.name}” still has {children} units below it and {points} points. Move or delete those first.",
            children=children,
            points=points,
        )
    await _delete(
        tx,
        unit,
        Conflict(
            f"“{unit.name}” còn người, vai trò hoặc cuộc họp. Đơn vị đã giải thể thì ghi ngày hết hiệu lực, không xóa.",
            f"“{unit.name}” still has people, roles or meetings. If it was dissolved, give it an end date instead.",
        ),
    )
    await record(tx, "unit.deleted", "unit", unit_id, name=unit.name, path=unit.path)


async def create_point(tx: Transaction, write: PointWrite) -> BridgePoint:
    unit = await unit_of(tx.session, write.unit_id)
    require_admin(tx, unit.path)
    point = BridgePoint(**write.model_dump())
    tx.session.add(point)
    await tx.session.flush()
    await record(tx, "point.created", "point", point.id, name=point.name, unit_id=unit.id)
    return point


async def edit_point(tx: Transaction, point_id: int, patch: PointPatch, seen: int | None = None) -> BridgePoint:
    point = await point_of(tx.session, point_id)
    require_admin(tx, (await unit_of(tx.session, point.unit_id)).path)
    await next_revision(tx, point, seen, "point.edited", lambda: _as_json(PointOut, point))
    values = _given(patch, may_be_empty=("seats", "contact_name", "contact_phone"))
    closed = values.pop("closed", None)
    if closed is not None and closed != (point.closed_at is not None):
        point.closed_at = tx.now if closed else None
    for name, value in values.items():
        setattr(point, name, value)
    await tx.session.flush()
    await record(tx, "point.edited", "point", point.id, **values, closed=point.closed_at is not None)
    return point


async def delete_point(tx: Transaction, point_id: int) -> None:
    """Conflict once it has been in a meeting: then it can only be closed."""
    point = await point_of(tx.session, point_id)
    require_admin(tx, (await unit_of(tx.session, point.unit_id)).path)
    await _delete(
        tx,
        point,
        Conflict(
            f"Điểm cầu “{point.name}” đã có trong cuộc họp. Chọn “Ngừng sử dụng” thay vì xóa để giữ lịch sử.",
            f"“{point.name}” has been in a meeting. Close it instead of deleting, so that its history stays.",
        ),
    )
    await record(tx, "point.deleted", "point", point_id, name=point.name)


async def _add_unit(tx: Transaction, parent: Unit | None, values: dict[str, Any]) -> Unit:
    # The path ends with the row's own id, which is known after the insert only.
    unit = Unit(parent_id=parent and parent.id, path=f"new-{id(values)}", **values)
    tx.session.add(unit)
    await tx.session.flush()
    unit.path = f"{parent.path if parent else '/'}{unit.id}/"
    _check_depth(unit.path)
    await tx.session.flush()
    await record(tx, "unit.created", "unit", unit.id, name=unit.name, path=unit.path)
    return unit


async def _move(tx: Transaction, unit: Unit, parent_id: int) -> None:
    if unit.parent_id is None:
        raise Conflict("Không chuyển được đơn vị gốc.", "The root of the tree cannot be moved.")
    parent = await unit_of(tx.session, parent_id)
    require_admin(tx, parent.path)
    require_admin(tx, (await unit_of(tx.session, unit.parent_id)).path)
    if parent.path.startswith(unit.path):
        raise Invalid.fields(
            {"parent_id": ("Không chuyển được vào đơn vị trực thuộc của chính nó.", "Not into its own branch.")}
        )
    before, after = unit.path, f"{parent.path}{unit.id}/"
    deepest = await tx.session.scalar(select(func.max(func.length(Unit.path))).where(Unit.path.startswith(before)))
    _check_depth("/" * ((deepest or 0) - len(before) + len(after)))
    unit.parent_id = parent.id
    await tx.session.flush()
    await tx.session.execute(
        update(Unit)
        .where(Unit.path.startswith(before))
        .values(path=after + func.substr(Unit.path, len(before) + 1))
        .execution_options(synchronize_session=False)
    )
    # Bulk updates pass the session by: forget what it holds.
    tx.session.expire_all()
    await tx.session.refresh(unit)


async def _as_json(kind: type[UnitOut | PointOut], row: Unit | BridgePoint) -> Any:
    return kind.model_validate(row).model_dump(mode="json")


async def _lock_tree(tx: Transaction) -> None:
    """Changes of the tree take turns (on PostgreSQL; SQLite has one writer anyway)."""
    await tx.session.execute(
        select(Unit.id).where(Unit.parent_id.is_(None)).order_by(Unit.id).with_for_update(key_share=True)
    )


async def _delete(tx: Transaction, row: Unit | BridgePoint, refusal: Conflict) -> None:
    """Foreign keys know every use, also those of features that this one does not know."""
    try:
        async with tx.session.begin_nested():
            await tx.session.delete(row)
            await tx.session.flush()
    except IntegrityError:
        raise refusal from None


async def _check_code(tx: Transaction, code: str | None, own: Unit | None) -> None:
    if code is None:
        return
    other = await tx.session.scalar(select(Unit).where(Unit.code == code))
    if other is not None and other is not own:
        raise code_taken(other.name)


def _check_validity(valid_from: Any, valid_until: Any) -> None:
    if valid_from and valid_until and valid_until < valid_from:
        raise Invalid.fields({"valid_until": ("Ngày hết hiệu lực ở trước ngày bắt đầu.", "Ends before it begins.")})


def _check_depth(path: str) -> None:
    if len(path) > _LONGEST_PATH:
        raise Invalid.fields(
            {"parent_id": ("Cây đơn vị sâu quá. Chọn đơn vị cấp trên khác.", "The tree would be too deep.")}
        )


def _given(patch: UnitPatch | PointPatch, may_be_empty: tuple[str, ...]) -> dict[str, Any]:
    """The fields that were sent. Null empties a field that may be empty, and leaves any other as it is."""
    sent = patch.model_dump(exclude_unset=True)
    return {name: value for name, value in sent.items() if value is not None or name in may_be_empty}
