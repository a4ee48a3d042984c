"""Units of a batch: written, and taken back, with all that goes over to a successor and comes home again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import case, delete, insert, select, update

from server.accounts.actions.sessions import recheck
from server.accounts.models import Person, Post, RoleGrant
from server.core.database import in_parts
from server.core.reserved_ids import reserved_ids
from server.core.transaction import Transaction
from server.exchange.models import ImportRow
from server.exchange.writes.rows import (
    changed_since,
    last_subject,
    refuse_changed,
    refuse_used,
    remember,
    rows_of,
    used,
)
from server.organisations.actions.units import lock_tree
from server.organisations.hooks import OrganisationHooks
from server.organisations.models import BridgePoint, Unit

Facts = dict[str, Any]
_PLAIN = ("name", "short_name", "code", "former_code", "level", "position")


async def write(tx: Transaction, batch_id: int) -> None:
    await lock_tree(tx)
    added = await rows_of(tx.session, batch_id, "added")
    others = await rows_of(tx.session, batch_id, "changed", "closed")
    ids = await reserved_ids(tx.session, Unit, len(added), await last_subject(tx.session))
    # A row that is not written yet is named by its place in the file, below zero.
    new = {row.after["key"]: unit_id for row, unit_id in zip(added, ids, strict=True)}
    tree = await _Tree.load(tx)
    facts: dict[int, Facts] = {}
    for row in (*added, *others):
        row.subject_id = row.subject_id or new[row.after["key"]]
        facts[row.subject_id] = {
            **row.after,
            "parent": new.get(row.after["parent"], row.after["parent"]),
            "successor": new.get(row.after["successor"], row.after["successor"]),
        }
    successors = {
        row.subject_id: facts[row.subject_id]["successor"]
        for row in others
        if row.subject_id and row.after["successor"] and row.after["successor"] != row.before["successor"]
    }
    ending = {unit_id for unit_id, its in facts.items() if its["valid_until"]}
    moved = {
        unit_id: successors[parent]
        for unit_id, parent in tree.parents.items()
        if parent in successors and unit_id not in ending and facts.get(unit_id, {}).get("parent", parent) == parent
        and not tree.over(unit_id, facts[parent]["valid_until"])
    }  # fmt: skip
    await _add(tx, [(row.subject_id or 0, facts[row.subject_id or 0]) for row in added])
    tree.parents.update({unit_id: its["parent"] for unit_id, its in facts.items()})
    tree.parents.update(moved)
    for unit_id in moved.keys() & facts.keys():
        facts[unit_id]["parent"] = moved[unit_id]
    handed = await _hand_over(tx, successors, moved)
    await _change(tx, {row.subject_id or 0: facts[row.subject_id or 0] for row in others})
    if added:
        await tx.session.execute(
            update(Unit), [{"id": each, "successor_id": facts[each]["successor"]} for each in new.values()]
        )
    await tree.write(tx)
    await remember(
        tx,
        [
            {
                "id": row.id,
                "subject_id": row.subject_id,
                "revision": (row.revision or 0) + 1,
                "before": {**row.before, "handed": handed[row.subject_id]}
                if row.subject_id in handed
                else dict(row.before),
            }
            for row in (*added, *others)
        ],
    )


async def take_back(tx: Transaction, batch_id: int) -> None:
    """InUse."""
    await lock_tree(tx)
    refuse_changed(await changed_since(tx.session, batch_id, Unit, "added", "changed", "closed"))
    added = [row.subject_id for row in await rows_of(tx.session, batch_id, "added") if row.subject_id]
    others = await rows_of(tx.session, batch_id, "changed", "closed")
    tree = await _Tree.load(tx)
    await _hand_roles_back(tx, others)
    for row in others:
        if row.subject_id:
            tree.parents[row.subject_id] = row.before["parent"]
            await _hand_back(tx, row.subject_id, row.before.get("handed"), tree)
    await _change(tx, {row.subject_id: row.before for row in others if row.subject_id})
    below = [unit_id for unit_id, parent in tree.parents.items() if parent in added and unit_id not in added]
    names = list(await tx.session.scalars(select(Unit.name).where(Unit.id.in_(below[:5])))) if below else []
    refuse_used(names)
    await tree.write(tx, without=added)
    refuse_used(await used(tx.session, batch_id, Unit, ("units.parent_id", "units.successor_id")))
    for some in in_parts(added):
        await tx.session.execute(
            update(Unit)
            .where(Unit.id.in_(some))
            .values(parent_id=None, successor_id=None)
            .execution_options(synchronize_session=False)
        )
    for some in in_parts(added):
        await tx.session.execute(delete(Unit).where(Unit.id.in_(some)).execution_options(synchronize_session=False))
    await remember(tx, [{"id": row.id, "revision": (row.revision or 0) + 1} for row in others])


class _Tree:
    """Every unit's place, as it was and as it will be."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self.parents: dict[int, int | None] = {}
        self._paths: dict[int, str] = {}
        self._ends: dict[int, date | None] = {}
        for unit_id, parent_id, path, valid_until in rows:
            self.parents[unit_id] = parent_id
            self._paths[unit_id] = path
            self._ends[unit_id] = valid_until

    @classmethod
    async def load(cls, tx: Transaction) -> "_Tree":
        return cls((await tx.session.execute(select(Unit.id, Unit.parent_id, Unit.path, Unit.valid_until))).all())

    def over(self, unit_id: int, day: str) -> bool:
        end = self._ends.get(unit_id)
        return end is not None and end <= date.fromisoformat(day)

    async def write(self, tx: Transaction, without: Sequence[int] = ()) -> None:
        paths: dict[int, str] = {}

        def path(unit_id: int) -> str:
            if unit_id not in paths:
                parent = self.parents[unit_id]
                paths[unit_id] = f"{path(parent) if parent is not None else '/'}{unit_id}/"
            return paths[unit_id]

        moved = [
            {"id": unit_id, "path": path(unit_id), "parent_id": parent}
            for unit_id, parent in self.parents.items()
            if unit_id not in without and path(unit_id) != self._paths.get(unit_id)
        ]
        for some in in_parts(moved):
            await tx.session.execute(update(Unit), some)


async def _add(tx: Transaction, rows: Sequence[tuple[int, Facts]]) -> None:
    """Without their places and successors, which may be written after them."""
    if rows:
        await tx.session.execute(
            insert(Unit.__table__),  # type: ignore[arg-type]
            [{"id": unit_id, "path": f"new-{unit_id}", "revision": 1, **_columns(facts)} for unit_id, facts in rows],
        )


def _columns(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in _PLAIN} | {
        name: date.fromisoformat(facts[name]) if facts[name] else None for name in ("valid_from", "valid_until")
    }


async def _change(tx: Transaction, changes: Mapping[int, Facts]) -> None:
    if not changes:
        return
    # Codes that change hands within the batch are free for a moment.
    for some in in_parts(changes):
        await tx.session.execute(
            update(Unit)
            .where(Unit.id.in_(some))
            .values(code=None, former_code=None, revision=Unit.revision + 1)
            .execution_options(synchronize_session=False)
        )
    rows = [
        {"id": unit_id, **_columns(facts), "successor_id": facts["successor"]} for unit_id, facts in changes.items()
    ]
    for few in in_parts(rows):
        await tx.session.execute(update(Unit), few)


async def _hand_over(
    tx: Transaction, successors: Mapping[int, int], moved: Mapping[int, int]
) -> dict[int, dict[str, Any]]:
    """Points, people with their roles, and the units below. Returns what each unit had, for taking back."""
    if not successors:
        return {}
    handed: defaultdict[int, dict[str, Any]] = defaultdict(
        lambda: {"points": [], "people": [], "posts": [], "roles": [], "kept": [], "units": []}
    )
    parents = {successor: unit_id for unit_id, successor in successors.items()}
    for some in in_parts(successors):
        for kind, held in (
            ("points", select(BridgePoint.id, BridgePoint.unit_id).where(BridgePoint.unit_id.in_(some))),
            ("people", select(Person.id, Person.unit_id).where(Person.unit_id.in_(some))),
            ("posts", select(Post.id, Post.unit_id).where(Post.unit_id.in_(some), Post.valid_until.is_(None))),
        ):
            for row_id, unit_id in await tx.session.execute(held):
                handed[unit_id][kind].append(row_id)
        for person_id, role, unit_id in await tx.session.execute(
            select(RoleGrant.person_id, RoleGrant.role, RoleGrant.unit_id).where(RoleGrant.unit_id.in_(some))
        ):
            handed[unit_id]["roles"].append([person_id, role])
    for some in in_parts(parents):
        for person_id, role, unit_id in await tx.session.execute(
            select(RoleGrant.person_id, RoleGrant.role, RoleGrant.unit_id).where(RoleGrant.unit_id.in_(some))
        ):
            for former in (each for each, successor in successors.items() if successor == unit_id):
                if [person_id, role] in handed[former]["roles"]:
                    handed[former]["kept"].append([person_id, role])
    old = dict((await tx.session.execute(select(Unit.id, Unit.parent_id).where(Unit.id.in_(moved)))).all())
    for unit_id in moved:
        handed[old[unit_id] or 0]["units"].append(unit_id)
    for some in in_parts(successors):
        await tx.session.execute(
            update(BridgePoint)
            .where(BridgePoint.unit_id.in_(some))
            .values(
                unit_id=case({each: successors[each] for each in some}, value=BridgePoint.unit_id),
                revision=BridgePoint.revision + 1,
            )
            .execution_options(synchronize_session=False)
        )
        for hand_over in tx.components[OrganisationHooks].people_handed_over:
            await hand_over(tx, {each: successors[each] for each in some})
    return dict(handed)


async def _hand_back(tx: Transaction, unit_id: int, handed: dict[str, Any] | None, tree: _Tree) -> None:
    """What is still where it was handed to; the rest has gone its own way since."""
    if handed is None:
        return
    successor = await tx.session.scalar(select(Unit.successor_id).where(Unit.id == unit_id))
    for kind, model in (("points", BridgePoint), ("people", Person)):
        for some in in_parts(handed[kind]):
            await tx.session.execute(
                update(model)
                .where(model.id.in_(some), model.unit_id == successor)
                .values(unit_id=unit_id, revision=model.revision + 1)
                .execution_options(synchronize_session=False)
            )
    for some in in_parts(handed.get("posts", ())):
        await tx.session.execute(
            update(Post)
            .where(Post.id.in_(some), Post.unit_id == successor)
            .values(unit_id=unit_id)
            .execution_options(synchronize_session=False)
        )
    for child in handed["units"]:
        if tree.parents.get(child) == successor:
            tree.parents[child] = unit_id


async def _hand_roles_back(tx: Transaction, rows: Sequence[ImportRow]) -> None:
    handed = {row.subject_id: row.before["handed"] for row in rows if row.before.get("handed")}
    if not handed:
        return
    successors = dict((await tx.session.execute(select(Unit.id, Unit.successor_id).where(Unit.id.in_(handed)))).all())
    there: dict[tuple[int, str, int], int] = {}
    for some in in_parts({each for each in successors.values() if each is not None}):
        for grant_id, person_id, role, unit_id in await tx.session.execute(
            select(RoleGrant.id, RoleGrant.person_id, RoleGrant.role, RoleGrant.unit_id).where(
                RoleGrant.unit_id.in_(some)
            )
        ):
            there[person_id, role, unit_id] = grant_id
    gone: set[int] = set()
    stay: set[int] = set()
    again: list[dict[str, Any]] = []
    for former, its in handed.items():
        for holder, held in its["roles"]:
            grant = there.get((holder, held, successors.get(former or 0) or 0))
            if grant is None:
                continue
            again.append({"person_id": holder, "role": held, "unit_id": former})
            (stay if [holder, held] in its["kept"] else gone).add(grant)
    for few in in_parts(gone - stay):
        await tx.session.execute(
            delete(RoleGrant).where(RoleGrant.id.in_(few)).execution_options(synchronize_session=False)
        )
    if again:
        await tx.session.execute(insert(RoleGrant.__table__), again)  # type: ignore[arg-type]
        recheck(tx, sorted({each["person_id"] for each in again}))
