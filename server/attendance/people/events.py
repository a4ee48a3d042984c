"""What follows from any change of a meeting's turnout: signatures under old figures fall, and the sockets are told."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import bindparam, func, insert, literal, select

from server.attendance.models import Headcount, PersonCheck, SignOff
from server.attendance.people import totals, totals_cache
from server.attendance.people.totals import Phase, Turnout
from server.attendance.people.totals_cache import TotalsCache
from server.audit.actions import record
from server.core.database import UtcDateTime
from server.core.transaction import Transaction
from server.live.log import append
from server.meetings.access import locked_meeting
from server.meetings.models import Meeting


async def tell(
    tx: Transaction,
    meeting: Meeting,
    kind: str,
    point_ids: Collection[int | None],
    *,
    signed: bool = False,
    now: Turnout | None = None,
) -> Turnout:
    """Appends the event `kind` with the figures of these halls and the total. A hall's signature is withdrawn, because
    what was signed is not so any more, unless the change is a signature (`signed`). `now`: the turnout with the change,
    if it is known; otherwise these halls are counted anew, and others that their change concerns. Returns it.

    The caller holds the meeting's lock: figures of two writers would otherwise overtake each other."""
    await tx.session.flush()
    memory = tx.components[TotalsCache]
    changed = set(point_ids)
    if now is None:
        now = await memory.recall(tx, meeting)
        changed |= await totals.follow(tx.session, meeting, now, point_ids)
    fallen = frozenset() if signed else now.signed_off & set(point_ids)
    for point_id in sorted(fallen):
        count = now.points[point_id]
        await withdraw(tx, meeting, point_id, count.present + count.online, "list-changed")
    now.signed_off -= fallen
    now.recount(changed & now.points.keys())
    await _append(tx, meeting, kind, now, changed)
    await memory.keep(tx, meeting, now)
    return now


async def withdraw(tx: Transaction, meeting: Meeting, point_id: int, present: int, why: str) -> None:
    """Of a hall that has signed."""
    entry = SignOff(
        meeting_id=meeting.id,
        point_id=point_id,
        withdrawn=True,
        present=present,
        note=why,
        at=tx.now,
        by_id=tx.actor.person_id,
        by_name="" if tx.actor.system else tx.actor.name[:200],
    )
    tx.session.add(entry)
    await record(tx, "attendance.sign-off-withdrawn", "point", point_id, meeting_id=meeting.id, why=why)


async def delegates_changed(tx: Transaction, meeting_id: int, point_ids: Collection[int | None]) -> None:
    """The list of delegates has changed at these halls (None: those without one). Called by who changed it, in the same
    transaction."""
    meeting = await locked_meeting(tx, meeting_id)
    if meeting is not None:
        await tell(tx, meeting, "delegates.changed", point_ids)


async def meeting_stepped(tx: Transaction, meeting: Meeting) -> None:
    """It has begun, ended or goes on: from its begin who goes out has left, from its end who never came is absent.
    Signatures stand: the lists are as they were."""
    await tx.session.flush()
    meeting_id, phase = meeting.id, Phase.of(meeting)
    # Everybody's standing changes with the meeting's, and nobody's entries: read beside, from what was there before.
    now = await tx.database.beside(lambda session: totals.load_as_of(session, meeting_id, phase))
    await _append(tx, meeting, "people.counted", now, now.points)
    await tx.components[TotalsCache].keep(tx, meeting, now)


REHEARSED_BEFORE = timedelta(hours=2)
"""Whoever checked in within it before the planned start came to the conference itself."""


async def rehearsal_over(tx: Transaction, meeting: Meeting) -> None:
    """What was tried out of attendance does not count: whoever is in goes out, signatures fall. Not near the
    conference itself, when people are arriving already."""
    if tx.now >= meeting.starts_at - REHEARSED_BEFORE:
        return
    newest = (
        select(func.max(PersonCheck.id))
        .where(PersonCheck.meeting_id == meeting.id, PersonCheck.kind.in_(("in", "out")))
        .group_by(PersonCheck.delegate_id)
    )
    inside = select(
        PersonCheck.meeting_id,
        PersonCheck.delegate_id,
        PersonCheck.point_id,
        literal("out"),
        literal("by-hand"),
        literal(""),
        bindparam("at", tx.now, type_=UtcDateTime()),
        literal(""),
    ).where(PersonCheck.id.in_(newest), PersonCheck.kind == "in")
    columns = ("meeting_id", "delegate_id", "point_id", "kind", "how", "reason", "at", "by_name")
    out = await tx.session.execute(insert(PersonCheck).from_select(columns, inside, include_defaults=False))
    signed = await totals.signed_off(tx.session, meeting.id)
    for point_id in sorted(signed):
        await withdraw(tx, meeting, point_id, 0, "rehearsal")
    counted = {point_id for point_id, of in (await totals.headcounts(tx.session, meeting.id)).items() if of}
    tx.session.add_all(
        Headcount(meeting_id=meeting.id, point_id=point_id, count=0, at=tx.now) for point_id in sorted(counted)
    )
    if not (signed or counted or out.rowcount):  # type: ignore[attr-defined]
        return
    await tx.session.flush()
    now = await totals.load(tx.session, meeting)
    await _append(tx, meeting, "people.counted", now, now.points)
    await tx.components[TotalsCache].keep(tx, meeting, now)


async def _append(
    tx: Transaction, meeting: Meeting, kind: str, now: Turnout, point_ids: Collection[int | None]
) -> None:
    await totals_cache.bump(tx.session, meeting.id)
    await append(tx, meeting.id, kind, now.changes(point_ids))
