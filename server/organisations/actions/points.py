"""Bridge points: made, edited, taken out of use, deleted."""

from server.audit.actions import record
from server.audit.revisions import next_revision
from server.core.errors import Conflict
from server.core.transaction import Transaction
from server.organisations.actions.rows import as_json, delete_row, given, require_admin
from server.organisations.models import BridgePoint
from server.organisations.queries import point as point_of
from server.organisations.queries import unit as unit_of
from server.organisations.schemas import PointOut, PointPatch, PointWrite

_MAY_BE_EMPTY = ("seats", "address", "contact_name", "contact_phone", "equipment", "main_line", "backup_line")


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
    await next_revision(tx, point, seen, "point.edited", lambda: as_json(PointOut, point))
    values = given(patch, may_be_empty=_MAY_BE_EMPTY)
    if values.get("unit_id", point.unit_id) != point.unit_id:
        require_admin(tx, (await unit_of(tx.session, values["unit_id"])).path)
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
    await delete_row(
        tx,
        point,
        Conflict(
            f"Điểm cầu “{point.name}” đã có trong cuộc họp. Chọn “Ngừng sử dụng” thay vì xóa để giữ lịch sử.",
            f"“{point.name}” has been in a meeting. Close it instead of deleting, so that its history stays.",
        ),
    )
    await record(tx, "point.deleted", "point", point_id, name=point.name)
