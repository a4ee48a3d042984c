"""What the edits of units and of points share."""

from typing import Any

from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError

from server.core.actor import Role
from server.core.errors import Conflict, NotAllowed
from server.core.transaction import Transaction
from server.organisations.models import BridgePoint, Unit


def require_admin(tx: Transaction, unit_path: str) -> None:
    if not (tx.actor.system or tx.actor.has(Role.ADMIN, unit_path)):
        raise NotAllowed()


def given(patch: BaseModel, may_be_empty: tuple[str, ...]) -> dict[str, Any]:
    """The fields that were sent. Null empties a field that may be empty, and leaves any other as it is."""
    sent = patch.model_dump(exclude_unset=True)
    return {name: value for name, value in sent.items() if value is not None or name in may_be_empty}


async def as_json(kind: type[BaseModel], row: Unit | BridgePoint) -> Any:
    return kind.model_validate(row).model_dump(mode="json")


async def delete_row(tx: Transaction, row: Unit | BridgePoint, refusal: Conflict) -> None:
    """Foreign keys know every use, also those of features that this one does not know."""
    try:
        async with tx.session.begin_nested():
            await tx.session.delete(row)
            await tx.session.flush()
    except IntegrityError:
        raise refusal from None
