"""All reads of papers for the interface. Each asks `rights` first."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from server.accounts.models import Person
from server.core.actor import Actor
from server.core.errors import NotAllowed
from server.meetings.list_figures import figures_of
from server.meetings.models import AgendaItem, Delegate, Meeting
from server.organisations.models import BridgePoint, Unit
from server.papers.access.lookup import item_of, library_of
from server.papers.access.policies import Policies, Policy, named_in, policies_in, policy_of
from server.papers.access.reader_profile import ReaderProfile, hall_profiles, readers_by_name
from server.papers.access.rights import PaperRights, admits, decide, paper_with_rights, readable_version
from server.papers.live import spread_seconds
from server.papers.models import AccessPolicy, LibraryState, Paper, PaperPage, PaperVersion
from server.papers.schemas import (
    AudienceOut,
    GuessOut,
    Library,
    OlderOut,
    OutlineEntry,
    PaperMy,
    PaperOut,
    PaperState,
    PolicyOut,
    ReadersOut,
    ReadersPoint,
    UploadTo,
    VersionFull,
    VersionOut,
)


async def library(session: AsyncSession, meeting_id: int, actor: Actor, now: datetime) -> Library:
    """What of the meeting's papers the actor may see. NotFound for a meeting that the actor may not."""
    # Before the papers: who is told an old number asks again, who is told a new one with old papers would not.
    state = await session.get(LibraryState, meeting_id)
    meeting, profile = await library_of(session, meeting_id, actor)
    policies = await policies_in(session, [meeting_id])
    decided = [
        (paper, rights)
        for paper in await papers_of(session, meeting_id)
        if (rights := decide(paper, policies.of(paper), profile, now)).listed
    ]
    return Library(
        meeting_id=meeting_id,
        revision=state.revision if state else 0,
        conversion=state.conversion if state else 0,
        now=now,
        spread_seconds=await spread_seconds(session, meeting_id),
        can_manage=profile.manages or bool(profile.presents),
        upload_to=await _upload_to(session, meeting, profile),
        papers=await _papers_out(session, decided, policies, now),
    )


async def paper(session: AsyncSession, paper_id: int, actor: Actor, now: datetime) -> PaperOut:
    """NotFound unless it is listed to the actor."""
    found, meeting, rights = await paper_with_rights(session, paper_id, actor, now)
    policies = await policies_in(session, [meeting.id])
    [out] = await _papers_out(session, [(found, rights)], policies, now)
    return out


async def version(session: AsyncSession, version_id: int, actor: Actor, now: datetime) -> VersionFull:
    """A ready version with what a reader needs before the first page. Raises as `rights.readable_version`."""
    found, of, rights = await readable_version(session, version_id, actor, now)
    policies = await policies_in(session, [of.meeting_id])
    [out] = await _papers_out(session, [(of, rights)], policies, now)
    sizes = await session.execute(
        select(PaperPage.width, PaperPage.height).where(PaperPage.version_id == version_id).order_by(PaperPage.number)
    )
    return VersionFull(
        version=_version_out(found, bool(found.outline), rights),
        paper=out,
        outline=[OutlineEntry.model_validate(entry) for entry in found.outline],
        page_labels=found.page_labels,
        pages=[(width, height) for width, height in sizes],
    )


async def text(session: AsyncSession, version_id: int, first: int, last: int) -> str:
    """`schemas.VersionText` as JSON, straight from the rows. Only after `rights.readable_version`."""
    rows = await session.execute(
        select(PaperPage.number, PaperPage.lines)
        .where(PaperPage.version_id == version_id, PaperPage.number.between(first, last))
        .order_by(PaperPage.number)
    )
    pages = [{"number": number, "lines": lines} for number, lines in rows]
    return json.dumps({"pages": pages}, ensure_ascii=False, separators=(",", ":"))


async def item_policy(session: AsyncSession, item_id: int, actor: Actor) -> PolicyOut | None:
    """What is set at the item; None: nothing is. NotAllowed for who does not manage its papers."""
    item = await item_of(session, item_id)
    _meeting, profile = await library_of(session, item.meeting_id, actor)
    if not profile.manages_papers_of(item_id):
        raise NotAllowed()
    row = await session.scalar(select(AccessPolicy).where(AccessPolicy.item_id == item_id))
    return await own_policy(session, row)


async def own_policy(session: AsyncSession, row: AccessPolicy | None) -> PolicyOut | None:
    """What is set at one place; None: nothing is."""
    if row is None:
        return None
    policy = policy_of(row, None)
    return _policy_out(policy, await _names(session, [policy]), own=row)


async def readers_of_paper(session: AsyncSession, paper_id: int, actor: Actor, now: datetime) -> ReadersOut:
    """Who may read it as things are set (whatever the hour). NotAllowed for who does not manage it."""
    found, meeting, rights = await paper_with_rights(session, paper_id, actor, now)
    if not rights.manage:
        raise NotAllowed()
    policy = (await policies_in(session, [meeting.id])).of(found)
    return await _readers(session, meeting, policy, found.item_id)


async def readers_with(session: AsyncSession, meeting_id: int, policy: Policy, actor: Actor) -> ReadersOut:
    """Who could read with a policy that is not saved yet. NotAllowed for who manages no papers of the meeting."""
    meeting, profile = await library_of(session, meeting_id, actor)
    if not profile.manages and not profile.presents:
        raise NotAllowed()
    return await _readers(session, meeting, policy, None)


async def _readers(session: AsyncSession, meeting: Meeting, policy: Policy, item_id: int | None) -> ReadersOut:
    people = await readers_by_name(session, meeting, named_in([policy]))
    halls = await hall_profiles(session, meeting.id)
    open_halls = {point_id for point_id, profile in halls.items() if admits(policy, profile)}
    stands_in = select(Delegate.id).where(Delegate.meeting_id == meeting.id, Delegate.substitutes_id.is_not(None))
    substitutes = set(await session.scalars(stands_in))
    counts: dict[int | None, int] = dict.fromkeys(open_halls, 0)
    for each in people:
        may = admits(policy, each.profile) or each.profile.manages_papers_of(item_id)
        if each.delegate_id is not None and each.delegate_id not in substitutes and may:
            counts[each.point_id] = counts.get(each.point_id, 0) + 1
    names = await _column(session, BridgePoint.id, BridgePoint.name, {each for each in counts if each is not None})
    points = [
        ReadersPoint(point_id=each, name=names.get(each, "") if each is not None else "", count=count)
        for each, count in counts.items()
    ]
    return ReadersOut(
        lists=figures_of(halls.keys(), counts),
        points=sorted(points, key=lambda each: each.name),
        halls=len(open_halls),
    )


async def papers_of(session: AsyncSession, meeting_id: int) -> list[Paper]:
    """By agenda item, those of the whole meeting first."""
    rows = await session.execute(
        select(Paper, AgendaItem.position)
        .outerjoin(AgendaItem, AgendaItem.id == Paper.item_id)
        .where(Paper.meeting_id == meeting_id, Paper.deleted_at.is_(None))
        .order_by(Paper.position, Paper.id)
    )
    return [found for found, _ in sorted(rows, key=lambda row: -1 if row[1] is None else row[1])]


async def _upload_to(session: AsyncSession, meeting: Meeting, profile: ReaderProfile) -> UploadTo:
    if not profile.manages:
        return UploadTo(meeting=False, items=sorted(profile.presents))
    items = await session.scalars(
        select(AgendaItem.id).where(AgendaItem.meeting_id == meeting.id).order_by(AgendaItem.position)
    )
    return UploadTo(meeting=True, items=list(items))


# -- papers as the actor may see them


@dataclass(frozen=True, slots=True)
class Versions:
    current: VersionOut | None = None
    pending: VersionOut | None = None
    older: Sequence[OlderOut] = ()


async def _papers_out(
    session: AsyncSession,
    decided: Sequence[tuple[Paper, PaperRights]],
    policies: Policies,
    now: datetime,
) -> list[PaperOut]:
    versions = await versions_of(session, decided)
    managed = [policies.of(found) for found, rights in decided if rights.manage]
    names = await _names(session, managed)
    return [
        paper_out(found, rights, policies, versions=versions.get(found.id, Versions()), names=names, now=now)
        for found, rights in decided
    ]


def paper_out(
    found: Paper,
    rights: PaperRights,
    policies: Policies,
    *,
    versions: Versions,
    names: Mapping[tuple[str, int], str],
    now: datetime,
) -> PaperOut:
    policy = policies.of(found)
    # A paper that is not open shows what kind of paper it is, and its title: nothing else of it.
    shown = {"number": found.number, "issued_on": found.issued_on, "issuer": found.issuer}
    shut = {"number": "", "issued_on": None, "issuer": ""}
    return PaperOut.model_validate(
        {
            "id": found.id,
            "revision": found.revision,
            "meeting_id": found.meeting_id,
            "item_id": found.item_id,
            "position": found.position,
            "title": found.title,
            "kind": found.kind,
            **(shown if rights.read else shut),
            "urgency": found.urgency,
            "signed_as": found.signed_as,
            "state": _state(found, policy, rights, versions.pending, now),
            "opens_at": policy.opens_at if rights.manage else rights.locked_until,
            "recalled_at": found.recalled_at,
            "recall_reason": found.recall_reason,
            "version": versions.current,
            "pending": versions.pending,
            "older": versions.older,
            "my": PaperMy(read=rights.read, download=rights.download, manage=rights.manage),
            "policy": _policy_out(policy, names, own=policies.by_paper.get(found.id)) if rights.manage else None,
        }
    )


def _state(found: Paper, policy: Policy, rights: PaperRights, pending: VersionOut | None, now: datetime) -> PaperState:
    if found.recalled_at is not None:
        return "recalled"
    if found.current_version_id is None:
        ended = pending.state if pending is not None else "working"
        return "refused" if ended == "refused" else "failed" if ended == "failed" else "working"
    if policy.hidden:
        return "hidden"
    if rights.locked_until is not None or (policy.opens_at is not None and policy.opens_at > now):
        return "locked"
    return "ready"


async def versions_of(session: AsyncSession, decided: Sequence[tuple[Paper, PaperRights]]) -> dict[int, Versions]:
    """Of the papers that may be read, by paper id."""
    readable = {found.id: (found, rights) for found, rights in decided if rights.read}
    if not readable:
        return {}
    rows = await session.execute(
        select(PaperVersion, (cast(PaperVersion.outline, Text) != "[]").label("has_outline"))
        .options(defer(PaperVersion.outline))
        .where(PaperVersion.paper_id.in_(readable))
        .order_by(PaperVersion.number.desc())
    )
    by_paper: dict[int, list[tuple[PaperVersion, bool]]] = {}
    for each, has_outline in rows:
        by_paper.setdefault(each.paper_id, []).append((each, has_outline))
    return {
        paper_id: _sorted_out(found, rights, by_paper.get(paper_id, ()))
        for paper_id, (found, rights) in readable.items()
    }


def _sorted_out(found: Paper, rights: PaperRights, rows: Iterable[tuple[PaperVersion, bool]]) -> Versions:
    """`rows`: all its versions, the newest first."""
    current = pending = None
    older = []
    for each, has_outline in rows:
        if each.id == found.current_version_id:
            current = _version_out(each, has_outline, rights)
        elif each.state == "ready":
            older.append(
                OlderOut(
                    id=each.id,
                    number=each.number,
                    created_at=each.created_at,
                    by=each.created_by_name,
                    note=each.note,
                    page_count=each.page_count,
                )
            )
        elif current is None and pending is None and rights.manage:
            pending = _version_out(each, has_outline, rights)
    return Versions(current, pending, older)


def _version_out(found: PaperVersion, has_outline: bool, rights: PaperRights) -> VersionOut:
    values = {name: getattr(found, name) for name in VersionOut.model_fields if name in _OF_VERSION}
    return VersionOut.model_validate(
        {
            **values,
            "has_outline": has_outline,
            "guess": GuessOut.model_validate(found.guess) if rights.manage and found.guess else None,
            "by": found.created_by_name,
        }
    )


_OF_VERSION = frozenset(VersionOut.model_fields) - {"has_outline", "guess", "by"}


def _policy_out(policy: Policy, names: Mapping[tuple[str, int], str], *, own: AccessPolicy | None) -> PolicyOut:
    return PolicyOut(
        revision=own.revision if own is not None else 0,
        own=own is not None,
        hidden=policy.hidden,
        opens_at=policy.opens_at,
        download=policy.download,
        marked=policy.marked,
        audience=[
            AudienceOut.model_validate({**entry, "name": names.get((entry["kind"], entry.get("id", 0)), "")})
            for entry in policy.audience
        ],
    )


async def _names(session: AsyncSession, policies: Iterable[Policy]) -> dict[tuple[str, int], str]:
    """Of the units, points and people in these audiences: (kind, id) -> name."""
    wanted: dict[str, set[int]] = {}
    for policy in policies:
        for entry in policy.audience:
            wanted.setdefault(entry["kind"], set()).add(entry.get("id", 0))
    columns = {
        "unit": (Unit.id, Unit.name),
        "point": (BridgePoint.id, BridgePoint.name),
        "person": (Person.id, Person.full_name),
    }
    return {
        (kind, found_id): name
        for kind, (key, column) in columns.items()
        if kind in wanted
        for found_id, name in (await _column(session, key, column, wanted[kind])).items()
    }


async def _column(session: AsyncSession, key: Any, column: Any, ids: Collection[int]) -> dict[int, str]:
    rows = await session.execute(select(key, column).where(key.in_(ids)))
    return dict(rows.all())
