"""Letters on paper, however many: a job makes them in volumes by branch, each a file."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.links import make_bound_links
from server.accounts.models import Person
from server.audit.actions import record
from server.core.actor import Actor
from server.core.database import in_parts
from server.core.errors import Conflict, NotAllowed, NotFound
from server.core.services import Services
from server.core.transaction import Transaction
from server.invitations.entry_codes import url_of
from server.invitations.letters import Invited, place
from server.invitations.links import AT_ONCE, NobodyToInvite, StillDraft, occasion_of, path_of
from server.invitations.official.actions import letter_of
from server.invitations.official.models import LetterPrint
from server.invitations.official.schemas import PrintOut, PrintWrite, VolumeOut
from server.invitations.official.typeset import Sheet, Text, typeset
from server.invitations.rights import list_for_write, list_rights
from server.jobs.actions import enqueue
from server.jobs.models import Job
from server.jobs.parts import JobLost, note_progress
from server.jobs.workers import JobKind
from server.meetings.link_validity import valid_until
from server.meetings.models import Delegate, Meeting
from server.organisations.models import BridgePoint, Unit
from server.organisations.queries import ids_of

JOB = "letters.print"
VOLUME = 300
"""Letters of one file: a printer's tray, and two seconds of work."""
KEPT = timedelta(days=3)
"""They bear codes that open the meeting for one person each."""
SHOWN = 5
ONLINE = "Trực tuyến"


class PrintNotReady(Conflict):
    code = "print-not-ready"
    vi = "Tập giấy mời này chưa làm xong hoặc đã quá hạn giữ. Bấm “Làm tệp in” để làm lại."
    en = "These letters are not made yet, or were kept long enough. Make them again."


@dataclass(frozen=True, slots=True)
class _Row:
    delegate_id: int
    person_id: int
    branch: str
    who: Invited


async def order(tx: Transaction, meeting_id: int, write: PrintWrite) -> PrintOut:
    """For who keeps the lists; a hall's secretary prints the own hall's, whose letters bear the meeting's common code.
    NobodyToInvite."""
    meeting, rights = await list_for_write(tx, meeting_id)
    if meeting.state == "draft":
        raise StillDraft()
    asked = write.model_dump() | {"points": None if rights.everything else sorted(rights.points)}
    rows = await _rows(tx.session, meeting, asked)
    if not rows:
        raise NobodyToInvite()
    made = LetterPrint(
        meeting_id=meeting_id,
        asked=asked | {"by": {"person_id": tx.actor.person_id, "name": tx.actor.name}},
        letters=len(rows),
        created_at=tx.now,
        created_by=tx.actor.person_id,
        folder=f"letters-{uuid.uuid4().hex}",
        volumes=[],
        done=0,
        state="queued",
    )
    tx.session.add(made)
    await tx.session.flush()
    await enqueue(tx, JOB, {"print_id": made.id}, subject=f"print-{made.id}")
    await record(tx, "invitations.printed", "meeting", meeting_id, guests=len(rows))
    return _out(made)


async def prints(session: AsyncSession, meeting_id: int, actor: Actor) -> list[PrintOut]:
    """The newest, of one's own; for who keeps all lists everybody's."""
    _, rights = await list_rights(session, meeting_id, actor)
    statement = select(LetterPrint).where(LetterPrint.meeting_id == meeting_id)
    if not rights.everything:
        statement = statement.where(LetterPrint.created_by == actor.person_id)
    found = await session.scalars(statement.order_by(LetterPrint.id.desc()).limit(SHOWN))
    return [_out(each) for each in found]


async def volume(session: AsyncSession, print_id: int, number: int, actor: Actor) -> tuple[str, str]:
    """(its key in the storage, a name for the file). PrintNotReady while it is not made."""
    found = await session.get(LetterPrint, print_id)
    if found is None:
        raise NotFound()
    _, rights = await list_rights(session, found.meeting_id, actor)
    if not rights.everything and found.created_by != actor.person_id:
        raise NotAllowed()
    if number > len(found.volumes):
        raise PrintNotReady()
    return _key(found, number), f"giay-moi-{found.meeting_id}-{number:02}.pdf"


async def make(services: Services, job: Job) -> None:
    """`JOB`. Volumes that are made are kept when a server ends meanwhile."""
    found = await services.database.beside(lambda session: _found(session, print_id=job.data["print_id"]))
    if found is None:
        return
    printed, text, meeting, rows = found
    by = Actor(person_id=printed.asked["by"]["person_id"], name=printed.asked["by"]["name"])
    personal = text.fields.personal_code and printed.asked["points"] is None
    common = url_of(services.settings, meeting)
    volumes = [
        (branch, some) for branch, theirs in groupby(rows, lambda row: row.branch) for some in in_parts(theirs, VOLUME)
    ]
    try:
        for number, (branch, some) in enumerate(volumes, start=1):
            if number <= len(printed.volumes):
                continue
            urls = await _links(services, by, meeting, some) if personal else {}
            sheets = [Sheet(row.who, urls.get(row.person_id, common)) for row in some]
            content = await asyncio.to_thread(typeset, text, sheets)
            await services.storage.put(_key(printed, number), content)
            made = {"name": branch, "letters": len(some), "size": len(content)}
            async with services.transactions(by) as tx:
                row = await tx.session.get(LetterPrint, printed.id)
                if row is None:
                    return
                row.volumes = [*row.volumes, made]
                row.done += len(some)
                row.state = "ready" if number == len(volumes) else "queued"
                await note_progress(tx, job, volume=number)
    except JobLost:
        return


async def given_up(services: Services, job: Job) -> None:
    async with services.transactions(Actor(system=True, name="system")) as tx:
        row = await tx.session.get(LetterPrint, job.data["print_id"])
        if row is not None:
            row.state = "failed"


print_job = JobKind(JOB, make, attempts=4, first_pause=5.0, given_up=given_up)


async def clear(services: Services) -> int:
    """Takes away files that were kept long enough. Returns how many prints that were."""
    before = services.clock() - KEPT
    async with services.database.read() as session:
        old = list(await session.scalars(select(LetterPrint).where(LetterPrint.created_at < before).limit(200)))
    for each in old:
        await services.storage.delete_folder(each.folder)
        async with services.transactions(Actor(system=True, name="system")) as tx:
            row = await tx.session.get(LetterPrint, each.id)
            if row is not None:
                await tx.session.delete(row)
    return len(old)


async def _links(services: Services, by: Actor, meeting: Meeting, rows: Sequence[_Row]) -> dict[int, str]:
    """A fresh personal link for each: earlier ones stay valid, and are kept nowhere."""
    urls: dict[int, str] = {}
    for some in in_parts(rows, AT_ONCE):
        async with services.transactions(by) as tx:
            until = valid_until(meeting, tx.now)
            people = [row.person_id for row in some]
            made = await make_bound_links(tx, meeting.id, people, next_path=path_of(meeting.id), expires_at=until)
            await record(tx, "links.made", "meeting", meeting.id, count=len(some), sent=False)
        urls |= {person_id: services.settings.url + link.path for person_id, link in made.items()}
    return urls


async def _found(session: AsyncSession, *, print_id: int) -> tuple[LetterPrint, Text, Meeting, list[_Row]] | None:
    printed = await session.get(LetterPrint, print_id)
    meeting = await session.get(Meeting, printed.meeting_id) if printed is not None else None
    if printed is None or meeting is None:
        return None
    letter = await letter_of(session, meeting)
    text = Text(await occasion_of(session, meeting), letter.fields, letter.when)
    return printed, text, meeting, await _rows(session, meeting, printed.asked)


async def _rows(session: AsyncSession, meeting: Meeting, asked: dict[str, Any]) -> list[_Row]:
    """Whom letters are made for: branch by branch, then hall by hall in the lists' order."""
    statement = (
        select(
            Delegate.id,
            Delegate.person_id,
            Delegate.role,
            Person.full_name,
            Person.title,
            BridgePoint.name.label("point_name"),
            Unit.name.label("unit_name"),
            Unit.path,
        )
        .join(Person, Person.id == Delegate.person_id)
        .outerjoin(BridgePoint, BridgePoint.id == Delegate.point_id)
        .outerjoin(Unit, Unit.id == BridgePoint.unit_id)
        .where(Delegate.meeting_id == meeting.id, Delegate.removed_at.is_(None), Person.disabled_at.is_(None))
        .order_by(BridgePoint.position, Delegate.point_id, Delegate.position, Delegate.id)
    )
    if asked["points"] is not None:
        statement = statement.where(Delegate.point_id.in_(asked["points"]))
    if asked["point_id"] is not None:
        statement = statement.where(Delegate.point_id == asked["point_id"])
    if asked["without_email"]:
        statement = statement.where(Person.email.is_(None))
    if asked["delegate_ids"] is not None:
        statement = statement.where(Delegate.id.in_(asked["delegate_ids"]))
    rows = list(await session.execute(statement))
    units = {unit.id: unit for unit in await session.scalars(select(Unit).where(Unit.id.in_(_branches(rows))))}

    def branch(path: str | None) -> tuple[int, int, str]:
        if path is None:
            return (1, 0, ONLINE)
        unit = units[_branch(path)]
        return (0, unit.position, unit.name)

    placed = sorted(((branch(row.path), row) for row in rows), key=lambda each: each[0])
    return [
        _Row(
            row.id,
            row.person_id,
            at[2],
            Invited(row.full_name, row.title, row.role == "guest", place(row.point_name, row.unit_name)),
        )
        for at, row in placed
    ]


def _branch(path: str) -> int:
    """The unit right below the top that a unit belongs to; the top itself for its own."""
    ids = ids_of(path)
    return ids[1] if len(ids) > 1 else ids[0]


def _branches(rows: Sequence[Any]) -> set[int]:
    return {_branch(row.path) for row in rows if row.path is not None}


def _key(printed: LetterPrint, number: int) -> str:
    return f"{printed.folder}/{number}.pdf"


def _out(printed: LetterPrint) -> PrintOut:
    return PrintOut(
        id=printed.id,
        state=printed.state,
        letters=printed.letters,
        done=printed.done,
        volumes=[VolumeOut(number=number, **each) for number, each in enumerate(printed.volumes, start=1)],
        created_at=printed.created_at,
    )
