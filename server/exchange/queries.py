"""Batches and their rows, for whoever administers all that they are about."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.core.actor import Actor, Role
from server.core.errors import NotFound
from server.exchange.models import ImportBatch, ImportRow
from server.exchange.plans.columns import COLUMNS
from server.exchange.plans.planning import admin_paths
from server.exchange.plans.row import Kind
from server.exchange.schemas import BatchesOut, BatchOut, ChangeOut, FaultOut, RowOut, RowsOut, Said
from server.organisations.models import Unit

_HANDED = {"handed": "Bàn giao"}


async def batch(session: AsyncSession, actor: Actor, batch_id: int) -> ImportBatch:
    """NotFound, also where it is about units that are not the actor's."""
    admin_paths(actor)
    found = await session.get(ImportBatch, batch_id)
    if found is not None:
        paths = list(await session.scalars(select(Unit.path).where(Unit.id.in_(found.scopes))))
        if paths and all(actor.has(Role.ADMIN, path) for path in paths):
            return found
    raise NotFound()


async def batches(session: AsyncSession, actor: Actor, offset: int, limit: int) -> BatchesOut:
    """The newest first."""
    within = select(Unit.id).where(or_(*(Unit.path.startswith(path) for path in admin_paths(actor))))
    mine = or_(ImportBatch.scope_id.in_(within), ImportBatch.created_by == actor.person_id)
    found = await session.scalars(
        select(ImportBatch).where(mine).order_by(ImportBatch.id.desc()).offset(offset).limit(limit)
    )
    return BatchesOut(
        batches=await outs(session, list(found)),
        total=await session.scalar(select(func.count()).select_from(ImportBatch).where(mine)) or 0,
    )


async def outs(session: AsyncSession, found: Sequence[ImportBatch]) -> list[BatchOut]:
    names = dict(
        (
            await session.execute(
                select(Person.id, Person.full_name).where(Person.id.in_({each.created_by for each in found}))
            )
        ).all()
    )
    kept = set(
        await session.scalars(
            select(ImportBatch.id).where(
                ImportBatch.id.in_([each.id for each in found]), exists().where(ImportRow.batch_id == ImportBatch.id)
            )
        )
    )
    return [
        BatchOut(
            id=each.id,
            kind=each.kind,
            state=each.state,
            file_name=each.file_name,
            created_at=each.created_at,
            created_by_name=names.get(each.created_by or 0, ""),
            applied_at=each.applied_at,
            undone_at=each.undone_at,
            rows=each.rows,
            added=each.added,
            changed=each.changed,
            closed=each.closed,
            unchanged=each.unchanged,
            bad=each.bad,
            done=each.done,
            notes=[Said(vi=vi, en=en) for vi, en in each.notes],
            problem=Said(**each.problem) if each.problem else None,
            kept=each.id in kept,
        )
        for each in found
    ]


async def rows(
    session: AsyncSession, actor: Actor, batch_id: int, *, verdict: str | None, offset: int, limit: int
) -> RowsOut:
    found = await batch(session, actor, batch_id)
    headings = {column.key: column.heading for column in COLUMNS[cast(Kind, found.kind)]} | _HANDED
    which = [ImportRow.batch_id == batch_id, *([ImportRow.verdict == verdict] if verdict else [])]
    some = await session.scalars(
        select(ImportRow).where(*which).order_by(ImportRow.number, ImportRow.id).offset(offset).limit(limit)
    )
    return RowsOut(
        rows=[
            RowOut(
                number=row.number,
                verdict=row.verdict,
                label=row.label,
                changes=[ChangeOut(column=headings[column], old=old, new=new) for column, old, new in row.shown],
                faults=[
                    FaultOut(column=headings[column], value=value, vi=vi, en=en) for column, value, vi, en in row.faults
                ],
            )
            for row in some
        ],
        total=await session.scalar(select(func.count()).select_from(ImportRow).where(*which)) or 0,
    )
