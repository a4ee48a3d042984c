"""The tree of units: made, renamed, moved, deleted."""

from typing import Any

from sqlalchemy import func, select, update

from server.audit.actions import record
from server.audit.revisions import next_revision
from server.core.errors import Conflict, Invalid, NotAllowed
from server.core.transaction import Transaction
from server.organisations.actions.rows import as_json, delete_row, given, require_admin
from server.organisations.bodies import body_of
from server.organisations.models import BridgePoint, Unit, code_taken, former_code_taken
from server.organisations.queries import unit as unit_of
from server.organisations.schemas import UnitOut, UnitPatch, UnitWrite

_LONGEST_PATH = 255


async def create_root(
    tx: Transaction, name: str, short_name: str, level: str, code: str | None = None, *, body: str | None = None
) -> Unit:
    """The top of the tree: made once, at installation, by the system. `body`: null, as its name says."""
    if not tx.actor.system:
        raise NotAllowed()
    values = {"name": name, "short_name": short_name, "level": level, "code": code, "body": body or body_of(name)}
    return await _add_unit(tx, None, values)


async def create_unit(tx: Transaction, write: UnitWrite) -> Unit:
    await lock_tree(tx)
    parent = await unit_of(tx.session, write.parent_id)
    require_admin(tx, parent.path)
    await _check_codes(tx, write.model_dump(), None)
    check_validity(write.valid_from, write.valid_until)
    body = write.body or ("party" if body_of(write.name) == "party" else parent.body)
    return await _add_unit(tx, parent, write.model_dump(exclude={"parent_id"}) | {"body": body})


async def edit_unit(tx: Transaction, unit_id: int, patch: UnitPatch, seen: int | None = None) -> Unit:
    """Renames, re-orders, moves. A move takes the whole branch along and needs the right at both ends."""
    await lock_tree(tx)
    unit = await unit_of(tx.session, unit_id)
    require_admin(tx, unit.path)
    await next_revision(tx, unit, seen, "unit.edited", lambda: as_json(UnitOut, unit))
    values = given(patch, may_be_empty=("code", "former_code", "valid_from"))
    parent_id = values.pop("parent_id", None)
    await _check_codes(tx, values, unit)
    check_validity(values.get("valid_from", unit.valid_from), unit.valid_until)
    for name, value in values.items():
        setattr(unit, name, value)
    if parent_id is not None and parent_id != unit.parent_id:
        await move(tx, unit, parent_id)
    await tx.session.flush()
    await record(tx, "unit.edited", "unit", unit.id, **values, parent_id=unit.parent_id)
    return unit


async def delete_unit(tx: Transaction, unit_id: int) -> None:
    """Conflict while it has units below, points, people, roles or meetings."""
    await lock_tree(tx)
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
    await delete_row(
        tx,
        unit,
        Conflict(
            f"“{unit.name}” còn người, vai trò hoặc cuộc họp. Đơn vị đã giải thể thì ghi ngày hết hiệu lực, không xóa.",
            f"“{unit.name}” still has people, roles or meetings. If it was dissolved, give it an end date instead.",
        ),
    )
    await record(tx, "unit.deleted", "unit", unit_id, name=unit.name, path=unit.path)


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


async def move(tx: Transaction, unit: Unit, parent_id: int) -> None:
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


async def lock_tree(tx: Transaction) -> None:
    """Changes of the tree take turns (on PostgreSQL; SQLite has one writer anyway)."""
    await tx.session.execute(
        select(Unit.id).where(Unit.parent_id.is_(None)).order_by(Unit.id).with_for_update(key_share=True)
    )


async def _check_codes(tx: Transaction, values: dict[str, Any], own: Unit | None) -> None:
    for column, taken in ((Unit.code, code_taken), (Unit.former_code, former_code_taken)):
        wanted = values.get(column.key)
        other = await tx.session.scalar(select(Unit).where(column == wanted)) if wanted is not None else None
        if other is not None and other is not own:
            raise taken(other.name)


def check_validity(valid_from: Any, valid_until: Any) -> None:
    if valid_from and valid_until and valid_until < valid_from:
        raise Invalid.fields({"valid_until": ("Ngày hết hiệu lực ở trước ngày bắt đầu.", "Ends before it begins.")})


def _check_depth(path: str) -> None:
    if len(path) > _LONGEST_PATH:
        raise Invalid.fields(
            {"parent_id": ("Cây đơn vị sâu quá. Chọn đơn vị cấp trên khác.", "The tree would be too deep.")}
        )
