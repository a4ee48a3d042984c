"""People of a batch: written, and taken back.

Twelve thousand in one transaction would keep every other writer waiting. New people are therefore laid in some at a
time, locked, where nobody finds them or signs in as them. One short transaction decides: it changes those who were
there. From then on the new ones are opened, some at a time, and nothing turns back. Taking back goes the other way
round: the new ones are locked, what refers to them is looked for while nothing new can, and one transaction decides.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, insert, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.sessions import recheck
from server.accounts.main_post import retitle
from server.accounts.models import SEARCHED, AccessLink, Person, Post, RoleGrant, SignInSession
from server.core.actor import SYSTEM
from server.core.database import UtcDateTime, in_parts
from server.core.fields import folded
from server.core.reserved_ids import reserved_ids
from server.core.services import Services
from server.core.transaction import Transaction
from server.exchange.models import ImportBatch, ImportRow
from server.exchange.writes.rows import (
    AT_ONCE,
    InUse,
    changed_since,
    last_subject,
    of_batch,
    put,
    refuse_changed,
    refuse_used,
    remember,
    used,
)

OPENED_AT_ONCE = 200
"""Rows of which one column is set: five milliseconds under the writers' lock."""
_COLUMNS = ("full_name", "title", "email", "phone", "login")


def searched(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What people are found by, beside what a row says."""
    return {
        "search_name": folded(facts["full_name"])[:SEARCHED],
        "search_title": folded(facts.get("title") or "")[:SEARCHED],
    }


async def lay_in(services: Services, batch_id: int) -> None:
    """The new ones, locked."""
    floor = 0
    while True:
        async with services.transactions(SYSTEM, long=True) as tx:
            rows = (
                await tx.session.scalars(
                    select(ImportRow)
                    .where(of_batch(batch_id, "added"), ImportRow.revision.is_(None))
                    .order_by(ImportRow.number)
                    .limit(AT_ONCE)
                )
            ).all()
            if not rows:
                return
            floor = floor or await last_subject(tx.session)
            ids = await reserved_ids(tx.session, Person, len(rows), floor)
            await tx.session.execute(
                insert(Person.__table__),  # type: ignore[arg-type]
                [
                    {
                        "id": person_id,
                        "revision": 1,
                        "unit_id": row.after["unit"],
                        "disabled_at": tx.now,
                        **{column: row.after[column] for column in _COLUMNS},
                        **searched(row.after),
                    }
                    for person_id, row in zip(ids, rows, strict=True)
                ],
            )
            grants = [
                {"person_id": person_id, "role": role, "unit_id": unit_id}
                for person_id, row in zip(ids, rows, strict=True)
                for role, unit_id in row.after["roles"]
            ]
            if grants:
                await tx.session.execute(insert(RoleGrant.__table__), grants)  # type: ignore[arg-type]
            await remember(
                tx, [{"id": row.id, "subject_id": each, "revision": 1} for each, row in zip(ids, rows, strict=True)]
            )
            await tx.session.execute(
                update(ImportBatch).where(ImportBatch.id == batch_id).values(done=ImportBatch.done + len(rows))
            )


async def take_out(services: Services, batch_id: int) -> None:
    """Whoever of the batch's new people is locked goes; their rows say so by having no revision."""
    while True:
        async with services.transactions(SYSTEM, long=True) as tx:
            found = await tx.session.execute(
                select(ImportRow.id, ImportRow.subject_id)
                .where(of_batch(batch_id, "added"), ImportRow.revision.is_not(None))
                .limit(AT_ONCE)
            )
            rows = found.all()
            if not rows:
                return
            gone = delete(Person).where(
                Person.id.in_([person_id for _, person_id in rows]), Person.disabled_at.is_not(None)
            )
            await tx.session.execute(gone.execution_options(synchronize_session=False))
            # Which ids they had is kept: files that were given out may name them.
            await remember(tx, [{"id": row_id, "revision": None} for row_id, _ in rows])
            await tx.session.execute(
                update(ImportBatch).where(ImportBatch.id == batch_id).values(done=ImportBatch.done + len(rows))
            )


async def open_new(services: Services, batch_id: int) -> None:
    """Those laid in, but for whom the file locks."""
    opened = ImportRow.after["disabled"].as_boolean().is_not(True)
    await _set_locked(services, batch_id, [opened], locked=False)


async def lock_new(services: Services, batch_id: int) -> None:
    """For `take_out`, as long as nobody has changed or used one of them; nobody can any more. InUse: then all are as
    they were."""
    await services.database.beside(lambda session: _refuse_what_is_held(session, batch_id))
    await _set_locked(services, batch_id, [], locked=True)
    try:
        await services.database.beside(lambda session: _refuse_what_is_held(session, batch_id))
    except InUse:
        await open_new(services, batch_id)
        raise


async def _refuse_what_is_held(session: AsyncSession, batch_id: int) -> None:
    refuse_changed(await changed_since(session, batch_id, Person, "added", "changed", "closed"))
    refuse_used(await used(session, batch_id, Person, ("role_grants.person_id",)))


async def _set_locked(services: Services, batch_id: int, which: Sequence[ColumnElement[bool]], *, locked: bool) -> None:
    """The batch's new people, some at a time."""
    after = 0
    while True:
        async with services.transactions(SYSTEM, long=True) as tx:
            found = await tx.session.execute(
                select(ImportRow.number, ImportRow.subject_id)
                .where(of_batch(batch_id, "added"), ImportRow.number > after, *which)
                .order_by(ImportRow.number)
                .limit(OPENED_AT_ONCE)
            )
            rows = found.all()
            if not rows:
                return
            after = rows[-1].number
            other = Person.disabled_at.is_(None) if locked else Person.disabled_at.is_not(None)
            await tx.session.execute(
                update(Person)
                .where(Person.id.in_([row.subject_id for row in rows]), other)
                .values(disabled_at=tx.now if locked else None)
                .execution_options(synchronize_session=False)
            )


async def write(tx: Transaction, batch_id: int) -> None:
    """Changes those who were there."""
    await _change(tx, batch_id, ImportRow.after, "after", "before")


async def take_back(tx: Transaction, batch_id: int) -> None:
    """Sets those who were there back. InUse."""
    refuse_changed(await changed_since(tx.session, batch_id, Person, "changed", "closed"))
    await _change(tx, batch_id, ImportRow.before, "before", "after")


async def _change(tx: Transaction, batch_id: int, source: Any, to: str, since: str) -> None:
    # Logins that change hands within the batch are free for a moment.
    changes = func.coalesce(ImportRow.after["login"].as_string(), "") != func.coalesce(
        ImportRow.before["login"].as_string(), ""
    )
    freed = select(ImportRow.subject_id).where(of_batch(batch_id, "changed", "closed"), changes)
    await tx.session.execute(
        update(Person).where(Person.id.in_(freed)).values(login=None).execution_options(synchronize_session=False)
    )
    await put(tx, batch_id, Person, _values(tx), source)
    touched: set[int] = set()
    rows = await tx.session.execute(
        select(ImportRow.subject_id, ImportRow.before, ImportRow.after).where(of_batch(batch_id, "changed", "closed"))
    )
    gone: list[tuple[int, str, int]] = []
    come: list[dict[str, Any]] = []
    locked: list[int] = []
    titles: dict[int, str] = {}
    for person_id, before, after in rows:
        facts = {"before": before, "after": after}
        old, new = facts[since], facts[to]
        if old["roles"] != new["roles"]:
            touched.add(person_id)
            gone += [(person_id, *grant) for grant in old["roles"] if grant not in new["roles"]]
            come += [
                {"person_id": person_id, "role": grant[0], "unit_id": grant[1]}
                for grant in new["roles"]
                if grant not in old["roles"]
            ]
        if new["disabled"] and not old["disabled"]:
            locked.append(person_id)
        if new["title"] != old["title"]:
            titles[person_id] = new["title"]
    key = tuple_(RoleGrant.person_id, RoleGrant.role, RoleGrant.unit_id)
    for some in in_parts(gone, AT_ONCE):
        await tx.session.execute(delete(RoleGrant).where(key.in_(some)).execution_options(synchronize_session=False))
    for grants in in_parts(come, AT_ONCE):
        await tx.session.execute(insert(RoleGrant.__table__), grants)  # type: ignore[arg-type]
    await _end_ways_in(tx, locked)
    await _name_posts(tx, titles)
    if touched or locked:
        recheck(tx, sorted(touched | set(locked)))


async def _name_posts(tx: Transaction, titles: Mapping[int, str]) -> None:
    """Of whoever holds several positions the title is the main one's."""
    for some in in_parts(titles):
        holders = select(Post.person_id).where(Post.person_id.in_(some))
        for person in (await tx.session.scalars(select(Person).where(Person.id.in_(holders)))).all():
            await retitle(tx, person, titles[person.id])


async def _end_ways_in(tx: Transaction, locked: Sequence[int]) -> None:
    for some in in_parts(locked):
        for model in (SignInSession, AccessLink):
            await tx.session.execute(
                update(model)
                .where(model.person_id.in_(some), model.revoked_at.is_(None))
                .values(revoked_at=tx.now)
                .execution_options(synchronize_session=False)
            )


def _values(tx: Transaction) -> Any:
    def values(source: Any) -> Mapping[str, Any]:
        said = {column: source[column].as_string() for column in (*_COLUMNS, "search_name")}
        since = func.coalesce(Person.disabled_at, literal(tx.now, UtcDateTime()))
        return {
            **said,
            # A batch from before positions were searched has none.
            "search_title": func.coalesce(source["search_title"].as_string(), ""),
            "unit_id": source["unit"].as_integer(),
            "disabled_at": case((source["disabled"].as_boolean(), since), else_=None),
        }

    return values
