"""A list of delegates from an Excel file: looked at first, then applied. Rows that are not right are named and left
out; the others can be added meanwhile."""

import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.core.database import in_parts
from server.core.services import Services
from server.core.spreadsheets.reading import Sheet, read
from server.invitations.list_writer import Line, carry_out, plan
from server.invitations.rights import ListRights, MeetingOver, list_for_write, list_rights
from server.invitations.schemas import BadRow, DoubledRow, ImportNote, ImportOut, ReadyRow
from server.invitations.sheets.halls import Hall, Halls
from server.invitations.sheets.rows import Meant, meaning
from server.invitations.sheets.template import RefusedRow, template
from server.meetings.models import Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit
from server.organisations.queries import ids_of

AT_ONCE = 50
"""Rows of one transaction."""
MOST_BAD = 1000
"""Wrong cells that are spelled out."""


async def import_list(services: Services, actor: Actor, meeting_id: int, content: bytes, *, apply: bool) -> ImportOut:
    """Adds the good rows if `apply`. NotASheet, SheetTooLarge, StrayCell, NoHeader."""
    async with services.database.read() as session:
        await list_rights(session, meeting_id, actor)
    sheets = await read(content)
    meant, lines = await services.database.beside(lambda session: _look(session, meeting_id, actor, sheets))
    known, doubled = _known(lines), _doubled(meant, lines)
    added = 0
    if apply:
        # In parts, so that others write in between. A row that somebody else has added meanwhile is left alone, and who
        # applies a file again after a broken line adds what is missing.
        entries = [line.entry for line in lines if not line.listed]
        for some in in_parts(entries, AT_ONCE):
            async with services.transactions(actor) as tx:
                _, rights = await list_for_write(tx, meeting_id)
                for entry in some:
                    rights.require(entry.point_id)
                added += len(await carry_out(tx, meeting_id, await plan(tx.session, meeting_id, some), "import"))
    return _told(meant, lines, known, doubled, added)


async def refused_of(services: Services, actor: Actor, meeting_id: int, content: bytes) -> bytes:
    """XLSX of the rows that `import_list` leaves out, as the template has them and with the reason. The same errors."""
    async with services.database.read() as session:
        await list_rights(session, meeting_id, actor)
    sheets = await read(content)
    meant, _ = await services.database.beside(lambda session: _look(session, meeting_id, actor, sheets))
    async with services.database.read() as session:
        meeting, rights = await list_rights(session, meeting_id, actor)
        halls = await halls_of(session, meeting, rights)
    return await asyncio.to_thread(template, meeting.title, halls, _refused(meant))


def _refused(meant: Meant) -> list[RefusedRow]:
    reasons: dict[int, list[str]] = {}
    for wrong in meant.wrong:
        reasons.setdefault(wrong.row, []).append(f"{wrong.column}: {wrong.vi}")
    return [RefusedRow(row.cells, f"Dòng {row.number}. " + " ".join(reasons[row.number])) for row in meant.refused]


async def _look(session: AsyncSession, meeting_id: int, actor: Actor, sheets: list[Sheet]) -> tuple[Meant, list[Line]]:
    meeting, rights = await list_rights(session, meeting_id, actor)
    if meeting.state == "ended" and not rights.everything:
        raise MeetingOver()
    return await _understood(session, meeting, rights, sheets)


async def template_of(services: Services, meeting_id: int, actor: Actor) -> bytes:
    """XLSX with the halls whose lists the actor keeps."""
    async with services.database.read() as session:
        meeting, rights = await list_rights(session, meeting_id, actor)
        halls = await halls_of(session, meeting, rights)
    return await asyncio.to_thread(template, meeting.title, halls)


async def halls_of(session: AsyncSession, meeting: Meeting, rights: ListRights) -> list[Hall]:
    """The member points whose lists the actor keeps, in the meeting's order."""
    rows = (
        await session.execute(
            select(
                BridgePoint.id, Unit.id, BridgePoint.name, BridgePoint.short_name, Unit.name, Unit.short_name, Unit.path
            )
            .join(MemberPoint, MemberPoint.point_id == BridgePoint.id)
            .join(Unit, Unit.id == BridgePoint.unit_id)
            .where(MemberPoint.meeting_id == meeting.id)
            .order_by(MemberPoint.id)
        )
    ).all()
    ancestors = {unit_id for *_, path in rows for unit_id in ids_of(path)[:-1]}
    named = await session.execute(select(Unit.id, Unit.name, Unit.short_name).where(Unit.id.in_(ancestors)))
    names = {unit_id: (name, short_name) for unit_id, name, short_name in named}
    return [
        Hall(
            row.id,
            row[1],
            *row[2:6],
            tuple(name for unit_id in reversed(ids_of(row.path)[:-1]) for name in names[unit_id]),
        )
        for row in rows
        if rights.covers(row.id)
    ]


async def _understood(
    session: AsyncSession, meeting: Meeting, rights: ListRights, sheets: list[Sheet]
) -> tuple[Meant, list[Line]]:
    halls = Halls(await halls_of(session, meeting, rights))
    meant = await asyncio.to_thread(meaning, sheets, halls, meeting.unit_id if rights.everything else None)
    return meant, await plan(session, meeting.id, [good.entry for good in meant.good])


def _known(lines: list[Line]) -> list[bool]:
    """Read before new people get their ids."""
    return [line.person.id != 0 for line in lines]


def _doubled(meant: Meant, lines: list[Line]) -> list[DoubledRow]:
    """The rows that say again what another row of the sheet says, with that one's number."""
    return [
        DoubledRow(
            row=good.row,
            full_name=good.typed.full_name,
            point_name=good.point_name,
            first=meant.good[line.doubles].row,
            first_point_name=meant.good[line.doubles].point_name,
        )
        for good, line in zip(meant.good, lines, strict=True)
        if line.doubles is not None
    ]


def _told(meant: Meant, lines: list[Line], known: list[bool], doubled: list[DoubledRow], added: int) -> ImportOut:
    ready = [
        ReadyRow(
            row=good.row,
            full_name=good.typed.full_name,
            title=good.typed.title,
            point_id=good.entry.point_id,
            point_name=good.point_name,
            role=good.entry.role,
            email=good.typed.email,
            phone=good.typed.phone,
            known=is_known,
        )
        for good, line, is_known in zip(meant.good, lines, known, strict=True)
        if not line.listed
    ]
    return ImportOut(
        rows=meant.rows,
        ready=ready,
        bad=[
            BadRow(row=wrong.row, column=wrong.column, value=wrong.value, vi=wrong.vi, en=wrong.en)
            for wrong in meant.wrong[:MOST_BAD]
        ],
        notes=[ImportNote(vi=vi, en=en) for vi, en in meant.notes],
        doubled=doubled,
        already=sum(line.listed and line.doubles is None for line in lines),
        added=added,
    )
