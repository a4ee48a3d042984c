"""The lists of an earlier meeting, taken over into another: by a job, in parts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.accounts.queries import LOOK_UP, may_choose
from server.audit.actions import record
from server.core.actor import Actor
from server.core.database import in_parts
from server.core.errors import NotAllowed
from server.core.services import Services
from server.core.transaction import Transaction
from server.invitations.list_writer import DelegateRole, Entry, carry_out, plan
from server.invitations.rights import list_for_write, list_rights
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.parts import note_progress
from server.jobs.workers import JobKind
from server.meetings.models import Delegate, Meeting, MemberPoint
from server.organisations.models import Unit

COPY_JOB = "delegates.copy"
AT_ONCE = 100
"""Lines of one transaction."""


async def ask(tx: Transaction, meeting_id: int, source_id: int) -> int:
    """How many are on their way to this meeting's lists: who stands on the other's, at the points that both have or
    online, and may be chosen by the actor. Substitutes are not, nor is anybody whose account is closed. NotAllowed for
    who does not keep all lists of both."""
    meeting, rights = await list_for_write(tx, meeting_id)
    _, of_source = await list_rights(tx.session, source_id, tx.actor)
    if not (rights.everything and of_source.everything):
        raise NotAllowed()
    holder = await tx.session.get_one(Unit, meeting.unit_id)
    paths = [holder.path, *(grant.unit_path for grant in tx.actor.grants if grant.role in LOOK_UP)]
    count = await tx.session.scalar(
        select(func.count()).select_from(_lines(meeting_id, source_id, paths, Delegate.id).subquery())
    )
    if count:
        by = {"person_id": tx.actor.person_id, "name": tx.actor.name}
        data = {"meeting_id": meeting_id, "source_id": source_id, "paths": paths, "by": by, "done": 0}
        await enqueue(tx, COPY_JOB, data, owner=str(meeting_id))
        await record(tx, "delegates.copied", "meeting", meeting_id, source=source_id, count=count)
    return count or 0


async def meeting_copied(tx: Transaction, meeting: Meeting, source_id: int) -> None:
    """For `Follower`."""
    await ask(tx, meeting.id, source_id)


async def copy_lists(services: Services, job: Job) -> None:
    """`COPY_JOB`. Whether the actor may was decided when it was asked for. Points taken out meanwhile get nobody."""
    data = job.data
    by = Actor(person_id=data["by"]["person_id"], name=data["by"]["name"])
    done: int = data["done"]
    rows = await services.database.beside(
        lambda session: _rows(session, data["meeting_id"], data["source_id"], data["paths"])
    )
    for some in in_parts(rows[done:], AT_ONCE):
        async with services.transactions(by) as tx:
            if await tx.session.get(Meeting, data["meeting_id"]) is None:
                return
            members = set(
                await tx.session.scalars(
                    select(MemberPoint.point_id).where(MemberPoint.meeting_id == data["meeting_id"])
                )
            )
            entries = [
                Entry(person_id, point_id, _role(role))
                for person_id, point_id, role in some
                if point_id is None or point_id in members
            ]
            await carry_out(tx, data["meeting_id"], await plan(tx.session, data["meeting_id"], entries), "people")
            done += len(some)
            await note_progress(tx, job, done=done)


copy_job = JobKind(COPY_JOB, copy_lists, first_pause=5.0)


def _role(role: str) -> DelegateRole:
    return "guest" if role == "guest" else "delegate"


async def _rows(
    session: AsyncSession, meeting_id: int, source_id: int, paths: Sequence[str]
) -> list[tuple[int, int | None, str]]:
    """Person, hall and role, hall by hall in the order of the lists."""
    rows = await session.execute(
        _lines(meeting_id, source_id, paths, Delegate.person_id, Delegate.point_id, Delegate.role).order_by(
            Delegate.point_id, Delegate.position, Delegate.id
        )
    )
    return [(person_id, point_id, role) for person_id, point_id, role in rows]


def _lines(meeting_id: int, source_id: int, paths: Sequence[str], *columns: Any) -> Select[Any]:
    """The lines that can be taken over; `paths`: of the branches whose people may be chosen."""
    members = select(MemberPoint.point_id).where(MemberPoint.meeting_id == meeting_id)
    return (
        select(*columns)
        .join(Person, Person.id == Delegate.person_id)
        .where(
            Delegate.meeting_id == source_id,
            Delegate.removed_at.is_(None),
            Delegate.substitutes_id.is_(None),
            Delegate.point_id.is_(None) | Delegate.point_id.in_(members),
            Person.disabled_at.is_(None),
            may_choose(Actor(), *paths),
        )
    )
