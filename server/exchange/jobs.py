"""What a batch waits for: being read, applied, undone. Each step may be begun again after a crash."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import case, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from server.accounts.models import Person, Post, RoleGrant
from server.accounts.queries import grants_of
from server.audit.actions import record
from server.core.actor import SYSTEM, Actor
from server.core.database import Base
from server.core.errors import Conflict, DomainError, NotAllowed
from server.core.services import Services
from server.core.spreadsheets.reading import read
from server.core.transaction import Transaction
from server.exchange.identifiers import Identifiers
from server.exchange.models import ImportBatch, ImportRow
from server.exchange.plans.planning import Planning, plan
from server.exchange.plans.row import Kind, Plan, PlannedRow
from server.exchange.writes import people, points, units
from server.exchange.writes.rows import (
    AT_ONCE,
    ChangedSince,
    InUse,
    batch_of,
    changed_since,
    tree_state,
)
from server.jobs.models import Job
from server.jobs.workers import JobKind
from server.organisations.models import BridgePoint, Unit

KIND = "exchange"
_TOLD = ("number", "verdict", "subject_id", "revision", "after", "shown")
"""Of a row, what the digest is over."""
_MODELS: dict[str, Any] = {"units": Unit, "points": BridgePoint, "people": Person}
_TOUCHED: dict[str, tuple[type[Base], ...]] = {
    "units": (Unit,),
    "points": (BridgePoint,),
    "people": (Person, Post, RoleGrant),
}
_WRITE: dict[str, Callable[[Transaction, int], Awaitable[None]]] = {
    "units": units.write,
    "points": points.write,
    "people": people.write,
}
_TAKE_BACK: dict[str, Callable[[Transaction, int], Awaitable[None]]] = {
    "units": units.take_back,
    "points": points.take_back,
    "people": people.take_back,
}
_LOOK_AGAIN = (
    "Dữ liệu đã thay đổi từ lúc xem trước. Bảng dưới đây đã tính lại; xem lại rồi áp dụng.",
    "The data have changed since the preview. It was made anew: look again, then apply.",
)


async def handle(services: Services, job: Job) -> None:
    step = {"read": _read, "apply": _apply, "undo": _undo}[job.data["act"]]
    async with services.database.read() as session:
        batch = await session.scalar(
            select(ImportBatch).where(ImportBatch.id == job.data["batch_id"]).options(undefer(ImportBatch.content))
        )
    if batch is not None:
        await step(services, batch)


async def given_up(services: Services, job: Job) -> None:
    problem = {
        "vi": "Máy chủ không làm xong được bước này. Thử lại; nếu vẫn vậy, báo người quản trị máy chủ.",
        "en": "The server could not finish this step. Try again, and tell whoever keeps the server if it stays so.",
    }
    back = {"read": "refused", "apply": "ready", "undo": "applied"}[job.data["act"]]
    async with services.database.read() as session:
        batch = await session.get(ImportBatch, job.data["batch_id"])
    if batch is None:
        return
    if job.data["act"] == "apply" and batch.applied_at is None:
        await people.take_out(services, batch.id)
    if job.data["act"] == "undo" and batch.undone_at is None and batch.kind == "people":
        await people.open_new(services, batch.id)
    async with services.transactions(SYSTEM) as tx:
        # What is decided stays so, whatever is left to do.
        decided = (ImportBatch.undone_at.is_not(None), "undone"), (ImportBatch.applied_at.is_not(None), "applied")
        await tx.session.execute(
            update(ImportBatch)
            .where(ImportBatch.id == batch.id, ImportBatch.state.in_(("reading", "applying", "undoing")))
            .values(state=case(*decided, else_=back), problem=problem)
        )


exchange_job = JobKind(KIND, handle, parallel=2, attempts=3, first_pause=2.0, given_up=given_up)


@dataclass(frozen=True, slots=True)
class _Staged:
    """A plan, ready to be written."""

    rows: list[dict[str, Any]]
    digest: str
    counts: dict[str, int]
    notes: list[list[str]]
    tree: tuple[int, ...]
    """Of the units, when it was made."""


async def _read(services: Services, batch: ImportBatch) -> None:
    if batch.state != "reading":
        return
    try:
        staged = await _planned(services, batch, batch.created_by)
    except DomainError as error:
        async with services.transactions(SYSTEM) as tx:
            await tx.session.execute(
                update(ImportBatch)
                .where(ImportBatch.id == batch.id)
                .values(state="refused", content=None, problem={"vi": error.vi, "en": error.en})
            )
        return
    await _stage(services, batch, staged)


async def _planned(services: Services, batch: ImportBatch, person_id: int | None) -> _Staged:
    """DomainError."""
    sheets = await read(batch.content or b"")
    identifiers = Identifiers(services.transactions.audit_key)
    kind, components = cast(Kind, batch.kind), services.components

    async def work(session: AsyncSession) -> _Staged:
        actor = await _actor(session, person_id)
        tree = await tree_state(session)
        made = await plan(session, Planning(actor, components, identifiers), kind, sheets)
        staged = _staged(batch.id, kind, made, tree)
        while batch.digest == staged.digest and staged.rows:
            # They are there already.
            del staged.rows[-AT_ONCE:]
        return staged

    return await services.database.beside(work)


async def _actor(session: AsyncSession, person_id: int | None) -> Actor:
    """With the rights of now. NotAllowed."""
    person = await session.get(Person, person_id) if person_id is not None else None
    if person is None or person.disabled_at is not None:
        raise NotAllowed()
    return Actor(person_id=person.id, name=person.full_name, grants=await grants_of(session, person.id))


def _staged(batch_id: int, kind: Kind, made: Plan, tree: tuple[int, ...]) -> _Staged:
    rows = [_as_row(batch_id, kind, row) for row in made.rows]
    verdicts = [row.verdict for row in made.rows]
    counts = {name: verdicts.count(name) for name in ("added", "changed", "closed", "unchanged", "bad")}
    said = hashlib.sha256()
    for row in rows:
        said.update(json.dumps([row[name] for name in _TOLD]).encode())
    return _Staged(rows, said.hexdigest(), counts, [list(note) for note in made.notes], tree)


def _as_row(batch_id: int, kind: Kind, row: PlannedRow) -> dict[str, Any]:
    written = row.verdict in ("added", "changed", "closed")
    before, after = (row.before, row.after) if written else ({}, {})
    if kind == "people" and written:
        before = {**before, **people.searched(before)} if before else {}
        after = {**after, **people.searched(after)}
    return {
        "batch_id": batch_id,
        "number": row.number,
        "verdict": row.verdict,
        "label": row.label[:200],
        "subject_id": row.subject_id,
        "revision": row.revision if row.verdict != "added" else None,
        "cells": row.cells if row.verdict == "bad" else {},
        "shown": row.shown if written else [],
        "before": before,
        "after": after,
        "faults": row.faults,
    }


async def _stage(services: Services, batch: ImportBatch, staged: _Staged, *extra: tuple[str, str]) -> None:
    """What is looked at, in parts; and only then the batch says that it is there."""
    while True:
        async with services.transactions(SYSTEM) as tx:
            ids = list(await tx.session.scalars(select(ImportRow.id).where(ImportRow.batch_id == batch.id).limit(500)))
            if not ids:
                break
            await tx.session.execute(delete(ImportRow).where(ImportRow.id.in_(ids)))
    rows, done = len(staged.rows), 0
    while staged.rows:
        # Given up part by part: to free all of them at once would hold the event loop.
        some = staged.rows[:AT_ONCE]
        del staged.rows[:AT_ONCE]
        done += len(some)
        async with services.transactions(SYSTEM, long=True) as tx:
            await tx.session.execute(insert(ImportRow.__table__), some)  # type: ignore[arg-type]
            await tx.session.execute(
                update(ImportBatch).where(ImportBatch.id == batch.id).values(done=done, rows=rows, state="reading")
            )
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(
            update(ImportBatch)
            .where(ImportBatch.id == batch.id)
            .values(
                state="faulty" if staged.counts["bad"] else "ready",
                digest=staged.digest,
                rows=rows,
                done=0,
                problem=None,
                notes=[*(list(note) for note in extra), *staged.notes],
                **staged.counts,
            )
        )


async def _apply(services: Services, batch: ImportBatch) -> None:
    if batch.state != "applying":
        return
    if batch.applied_at is not None:
        # It was decided, and broken off while the new people were opened.
        await _opened(services, batch)
        return
    # What a step that was broken off has laid in.
    await people.take_out(services, batch.id)
    try:
        staged = await _planned(services, batch, batch.asked_by)
    except DomainError as error:
        await _refuse(services, batch, "ready", error)
        return
    if staged.digest != batch.digest:
        await _stage(services, batch, staged, _LOOK_AGAIN)
        return
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(update(ImportBatch).where(ImportBatch.id == batch.id).values(done=0))
    try:
        if batch.kind == "people":
            await people.lay_in(services, batch.id)
        async with services.database.read() as session:
            actor = await _actor(session, batch.asked_by)
        async with services.transactions(actor, long=True) as tx:
            stale = await changed_since(tx.session, batch.id, _MODELS[batch.kind], "changed", "closed")
            if stale or await tree_state(tx.session) != staged.tree:
                raise ChangedSince()
            await _WRITE[batch.kind](tx, batch.id)
            await tx.session.execute(
                update(ImportBatch)
                .where(ImportBatch.id == batch.id)
                .values(applied_at=tx.now, content=None, problem=None, done=batch.rows)
            )
            await record(tx, "import.applied", "import", batch.id, **_facts(batch))
    except (ChangedSince, IntegrityError):
        await _look_again(services, batch)
    else:
        await _opened(services, batch)


async def _look_again(services: Services, batch: ImportBatch) -> None:
    """Somebody else was faster, by a moment."""
    await people.take_out(services, batch.id)
    try:
        again = await _planned(services, batch, batch.asked_by)
    except DomainError as error:
        await _refuse(services, batch, "ready", error)
        return
    if again.digest != batch.digest:
        await _stage(services, batch, again, _LOOK_AGAIN)
    else:
        # It comes to the same for this file.
        await _refuse(services, batch, "ready", Conflict(*_LOOK_AGAIN))


async def _opened(services: Services, batch: ImportBatch) -> None:
    """What was decided is there for everybody."""
    if batch.kind == "people":
        await people.open_new(services, batch.id)
    await services.database.count_again(*_TOUCHED[batch.kind])
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(update(ImportBatch).where(ImportBatch.id == batch.id).values(state="applied"))


async def _undo(services: Services, batch: ImportBatch) -> None:
    if batch.state != "undoing":
        return
    async with services.database.read() as session:
        actor = await _actor(session, batch.asked_by)
    try:
        if batch.undone_at is None:
            if batch.kind == "people":
                await people.lock_new(services, batch.id)
            async with services.transactions(actor, long=True) as tx:
                await _TAKE_BACK[batch.kind](tx, batch.id)
                await tx.session.execute(
                    update(ImportBatch).where(ImportBatch.id == batch.id).values(undone_at=tx.now, problem=None, done=0)
                )
                await record(tx, "import.undone", "import", batch.id, **_facts(batch))
    except InUse as error:
        if batch.kind == "people":
            await people.open_new(services, batch.id)
        await _refuse(services, batch, "applied", error)
        return
    if batch.kind == "people":
        await people.take_out(services, batch.id)
    await services.database.count_again(*_TOUCHED[batch.kind])
    async with services.transactions(SYSTEM) as tx:
        await tx.session.execute(
            update(ImportBatch).where(ImportBatch.id == batch.id).values(state="undone", done=batch.rows)
        )


async def _refuse(services: Services, batch: ImportBatch, state: str, error: DomainError) -> None:
    async with services.transactions(SYSTEM) as tx:
        row = await batch_of(tx.session, batch.id)
        if row is not None:
            row.state, row.problem = state, {"vi": error.vi, "en": error.en}


def _facts(batch: ImportBatch) -> dict[str, Any]:
    counted: Iterable[str] = ("rows", "added", "changed", "closed")
    return {"kind": batch.kind, "file": batch.file_name, "digest": batch.digest} | {
        name: getattr(batch, name) for name in counted
    }
