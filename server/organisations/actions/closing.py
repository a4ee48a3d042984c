"""The end of a unit: dissolved, or merged into another that takes over what it had.

History keeps the closed unit: its meetings, its papers and who was there stay under its name.
"""

from datetime import date

from sqlalchemy import select, update

from server.audit.actions import record
from server.core.errors import Conflict, Invalid
from server.core.transaction import Transaction
from server.organisations.actions.rows import require_admin
from server.organisations.actions.units import check_validity, lock_tree, move
from server.organisations.hooks import OrganisationHooks
from server.organisations.models import BridgePoint, Unit
from server.organisations.queries import unit as unit_of
from server.organisations.schemas import UnitClosing


class StillHolds(Conflict):
    """Details: `units`, the number of units below."""

    code = "unit-still-holds"


async def close_unit(tx: Transaction, unit_id: int, closing: UnitClosing) -> Unit:
    """With `valid_until` as its last day. A successor takes over the kinds of things named in `hand_over`. StillHolds
    where units below would be left under a closed one."""
    await lock_tree(tx)
    unit = await unit_of(tx.session, unit_id)
    if unit.parent_id is None:
        require_admin(tx, unit.path)
        raise Conflict("Không đóng được đơn vị gốc của hệ thống.", "The root of the tree cannot be closed.")
    # The right at the parent: nobody saws off the branch their own role sits on.
    require_admin(tx, (await unit_of(tx.session, unit.parent_id)).path)
    check_validity(unit.valid_from, closing.valid_until)
    successor = await _successor(tx, unit, closing)
    below = list(await tx.session.scalars(select(Unit.id).where(Unit.parent_id == unit.id).order_by(Unit.id)))
    if below and not (successor and "units" in closing.hand_over):
        left = await _open_below(tx, unit, closing.valid_until)
        if left:
            raise StillHolds(
                f"“{unit.name}” còn {left} đơn vị trực thuộc. Chọn đơn vị tiếp nhận hoặc đóng các đơn vị đó trước.",
                f"“{unit.name}” still has {left} units below it. Choose who takes them over, or close those first.",
                units=left,
            )
        below = []
    unit.valid_until = closing.valid_until
    unit.successor_id = None if successor is None else successor.id
    unit.revision += 1
    handed: dict[str, int] = {}
    if successor is not None:
        handed = await _hand_over(tx, unit, successor, below, closing)
    await tx.session.flush()
    for ended in tx.components[OrganisationHooks].unit_ended:
        await ended(tx, unit)
    await record(
        tx,
        "unit.closed",
        "unit",
        unit.id,
        name=unit.name,
        valid_until=closing.valid_until.isoformat(),
        successor_id=unit.successor_id,
        handed_over=handed,
    )
    return unit


async def reopen_unit(tx: Transaction, unit_id: int) -> Unit:
    """It goes on. What was handed over stays where it is."""
    await lock_tree(tx)
    unit = await unit_of(tx.session, unit_id)
    above = unit if unit.parent_id is None else await unit_of(tx.session, unit.parent_id)
    require_admin(tx, above.path)
    unit.valid_until, unit.successor_id = None, None
    unit.revision += 1
    await tx.session.flush()
    await record(tx, "unit.reopened", "unit", unit.id, name=unit.name)
    return unit


async def _successor(tx: Transaction, unit: Unit, closing: UnitClosing) -> Unit | None:
    if closing.successor_id is None:
        return None
    successor = await unit_of(tx.session, closing.successor_id)
    require_admin(tx, successor.path)
    if successor.path.startswith(unit.path):
        raise Invalid.fields(
            {
                "successor_id": (
                    "Đơn vị tiếp nhận không thể nằm trong chính đơn vị sẽ đóng. Chuyển nó ra trước.",
                    "The successor cannot be part of the unit that is closed. Move it out first.",
                )
            }
        )
    if successor.valid_until is not None:
        raise Invalid.fields(
            {
                "successor_id": (
                    f"“{successor.name}” cũng có ngày hết hiệu lực. Chọn đơn vị còn hoạt động.",
                    f"“{successor.name}” has an end date itself. Choose one that goes on.",
                )
            }
        )
    return successor


async def _open_below(tx: Transaction, unit: Unit, valid_until: date) -> int:
    ends = await tx.session.scalars(select(Unit.valid_until).where(Unit.parent_id == unit.id))
    return sum(end is None or end > valid_until for end in ends)


async def _hand_over(
    tx: Transaction, unit: Unit, successor: Unit, below: list[int], closing: UnitClosing
) -> dict[str, int]:
    handed: dict[str, int] = {}
    if "points" in closing.hand_over:
        moved = await tx.session.scalars(
            update(BridgePoint)
            .where(BridgePoint.unit_id == unit.id)
            .values(unit_id=successor.id, revision=BridgePoint.revision + 1)
            .returning(BridgePoint.id)
            .execution_options(synchronize_session=False)
        )
        handed["points"] = len(moved.all())
    if "people" in closing.hand_over:
        hooks = tx.components[OrganisationHooks].people_handed_over
        handed["people"] = sum([await hand_over(tx, {unit.id: successor.id}) for hand_over in hooks])
    if "plans" in closing.hand_over:
        plans = tx.components[OrganisationHooks].plans_handed_over
        handed["plans"] = sum([await hand_over(tx, {unit.id: successor.id}) for hand_over in plans])
    if "units" in closing.hand_over:
        unit_id, successor_id = unit.id, successor.id
        await tx.session.flush()
        for child_id in below:
            await move(tx, await unit_of(tx.session, child_id), successor_id)
        await tx.session.refresh(await unit_of(tx.session, unit_id))
        handed["units"] = len(below)
    return handed
