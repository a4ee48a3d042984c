"""The one place that decides who sees which paper. Everything not granted here is denied; whatever brings a paper's
content to somebody (a page, a text, a file, a search hit, a pack) asks here first, every time."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.core.actor import Actor
from server.core.errors import DomainError, NotFound
from server.meetings.models import AgendaItem, Delegate, Meeting
from server.papers.access.policies import PaperFacts, Policy, named_in, policies_in, policy_of
from server.papers.access.reader_profile import (
    Reader,
    ReaderProfile,
    hall_profiles,
    profiles_of,
    reader_profiles,
    readers_by_name,
)
from server.papers.models import AccessPolicy, Paper, PaperVersion


class Locked(DomainError):
    code = "locked"
    status = 403
    vi = "Tài liệu này chưa đến giờ mở. Đến giờ, tài liệu tự mở; đồng chí không cần thao tác."
    en = "This paper is not open yet. It opens by itself when its time comes; nothing to do."


class Recalled(DomainError):
    code = "recalled"
    status = 410
    vi = "Tài liệu này đã được thu hồi. Liên hệ ban tổ chức nếu cần."
    en = "This paper has been recalled. Ask the organiser if you need it."


@dataclass(frozen=True, slots=True)
class PaperRights:
    listed: bool = False
    """Its title stands in the library."""
    read: bool = False
    download: bool = False
    manage: bool = False
    """Edit, replace, recall, say who reads: who organises or conducts the meeting; presenters of its item."""
    locked_until: datetime | None = None
    """Listed, and opens then."""
    marked: bool = False
    """What is downloaded has the reader's name burnt into its pages."""


@dataclass(frozen=True, slots=True)
class ReadableVersion:
    version_id: int
    paper_id: int
    meeting_id: int
    number: int
    page_count: int
    rights: PaperRights


NONE = PaperRights()


def decide(paper: PaperFacts, policy: Policy, profile: ReaderProfile | None, now: datetime) -> PaperRights:
    """`profile`: what the reader is in the paper's meeting; None: does not even see the meeting."""
    if profile is None or paper.deleted_at is not None:
        return NONE
    if profile.manages_papers_of(paper.item_id):
        return PaperRights(listed=True, read=True, download=True, manage=True)
    if paper.current_version_id is None or not admits(policy, profile):
        return NONE
    if paper.recalled_at is not None:
        return PaperRights(listed=True)
    if policy.opens_at is not None and policy.opens_at > now:
        return PaperRights(listed=True, locked_until=policy.opens_at)
    return PaperRights(listed=True, read=True, download=policy.download, marked=policy.marked)


def admits(policy: Policy, profile: ReaderProfile) -> bool:
    """Whether the policy names the reader, whatever the hour."""
    if not profile.member or policy.hidden:
        return False
    return profile.reads_all or not policy.audience or profile.is_one_of(policy.audience)


async def library_rights(session: AsyncSession, meeting_id: int, actor: Actor, now: datetime) -> dict[int, PaperRights]:
    """By paper id; only papers that are listed to the actor. None are, for who may not see the meeting."""
    meeting = await session.get(Meeting, meeting_id)
    profile = (await reader_profiles(session, [meeting], actor)).get(meeting_id) if meeting is not None else None
    if profile is None:
        return {}
    policies = await policies_in(session, [meeting_id])
    papers = await session.scalars(select(Paper).where(Paper.meeting_id == meeting_id, Paper.deleted_at.is_(None)))
    decided = {paper.id: decide(paper, policies.of(paper), profile, now) for paper in papers}
    return {paper_id: rights for paper_id, rights in decided.items() if rights.listed}


async def paper_with_rights(
    session: AsyncSession, paper_id: int, actor: Actor, now: datetime
) -> tuple[Paper, Meeting, PaperRights]:
    """NotFound unless it is listed to the actor."""
    row = (await session.execute(_placed(Paper).where(Paper.id == paper_id))).one_or_none()
    if row is None:
        raise NotFound()
    return await _listed(session, row, actor, now)


async def readable_version(
    session: AsyncSession, version_id: int, actor: Actor, now: datetime
) -> tuple[PaperVersion, Paper, PaperRights]:
    """A ready version, newest or older. NotFound both for what is not there and for what is not for the actor, so that
    ids tell nothing; Locked, Recalled for a paper that is listed to the actor but not open. Three queries for a
    delegate."""
    version, placed = await _version(session, version_id)
    paper, _meeting, rights = await _listed(session, placed, actor, now)
    _require(version, paper, rights)
    return version, paper, rights


async def version_for_each(
    session: AsyncSession, version_id: int, actors: Sequence[Actor], now: datetime
) -> tuple[PaperVersion, list[DomainError | None]]:
    """The same version for many actors, in a fixed number of queries for any number of delegates: what is to be
    answered to each of them, in their order, None for who may read it. NotFound if there is none."""
    version, placed = await _version(session, version_id)
    _, paper, meeting, own, inherited = placed
    policy = policy_of(own, inherited)
    answers: list[DomainError | None] = []
    for profile in await profiles_of(session, meeting, actors):
        answers.append(None)
        try:
            rights = decide(paper, policy, profile, now)
            _require(version, paper, rights)
        except DomainError as refusal:
            answers[-1] = refusal
    return version, answers


async def _version(session: AsyncSession, version_id: int) -> tuple[PaperVersion, Any]:
    """With what `_placed` says of its paper."""
    placed = _placed(PaperVersion).join(PaperVersion, PaperVersion.paper_id == Paper.id)
    row = (await session.execute(placed.where(PaperVersion.id == version_id))).one_or_none()
    if row is None:
        raise NotFound()
    return row[0], row


def _require(version: PaperVersion, paper: Paper, rights: PaperRights) -> None:
    if not rights.listed or version.state != "ready":
        raise NotFound()
    require_read(paper, rights)


_own, _inherited = aliased(AccessPolicy), aliased(AccessPolicy)


def _placed(what: type[Paper] | type[PaperVersion]) -> Any:
    """`what`, with all that rights in its paper are decided from."""
    return (
        select(what, Paper, Meeting, _own, _inherited)
        .select_from(Paper)
        .join(Meeting, Meeting.id == Paper.meeting_id)
        .outerjoin(_own, _own.paper_id == Paper.id)
        .outerjoin(_inherited, _inherited.item_id == Paper.item_id)
    )


async def _listed(
    session: AsyncSession, placed: Any, actor: Actor, now: datetime
) -> tuple[Paper, Meeting, PaperRights]:
    _, paper, meeting, own, inherited = placed
    profile = (await reader_profiles(session, [meeting], actor)).get(meeting.id)
    rights = decide(paper, policy_of(own, inherited), profile, now)
    if not rights.listed:
        raise NotFound()
    return paper, meeting, rights


def require_read(paper: Paper, rights: PaperRights) -> None:
    if rights.read:
        return
    if rights.locked_until is not None:
        raise Locked(opens_at=rights.locked_until.isoformat())
    if rights.listed and paper.recalled_at is not None:
        raise Recalled(reason=paper.recall_reason)
    raise NotFound()


async def readable_versions(
    session: AsyncSession, actor: Actor, now: datetime, meeting_ids: Collection[int] | None = None
) -> dict[int, ReadableVersion]:
    """The newest ready version of every paper the actor may read now, by version id: in these meetings, or in all."""
    meetings = list(await session.scalars(_with_papers(actor, meeting_ids)))
    profile = await reader_profiles(session, meetings, actor)
    policies = await policies_in(session, profile)
    rows = await session.execute(
        select(
            Paper.meeting_id,
            PaperVersion.number,
            PaperVersion.page_count,
            Paper.id,
            Paper.item_id,
            PaperVersion.id,
            Paper.recalled_at,
        )
        .join(PaperVersion, PaperVersion.id == Paper.current_version_id)
        .where(Paper.meeting_id.in_(profile), Paper.deleted_at.is_(None))
        .order_by(Paper.meeting_id, Paper.position, Paper.id)
    )
    found = {}
    for meeting_id, number, page_count, paper_id, item_id, version_id, recalled_at in rows:
        paper = _Facts(paper_id, item_id, version_id, recalled_at)
        rights = decide(paper, policies.of(paper), profile[meeting_id], now)
        if rights.read:
            found[version_id] = ReadableVersion(version_id, paper_id, meeting_id, number, page_count, rights)
    return found


class _Facts(NamedTuple):
    """Not the whole row: in a search there are thousands."""

    id: int
    item_id: int | None
    current_version_id: int
    recalled_at: datetime | None
    deleted_at: None = None


def _with_papers(actor: Actor, meeting_ids: Collection[int] | None) -> Any:
    """Meetings that have papers and that the actor may have a part in: rights are decided after."""
    statement = select(Meeting).where(Meeting.id.in_(select(Paper.meeting_id).where(Paper.deleted_at.is_(None))))
    if meeting_ids is not None:
        statement = statement.where(Meeting.id.in_(meeting_ids))
    if actor.only_meetings is not None:
        statement = statement.where(Meeting.id.in_(actor.only_meetings))
    if actor.person_id is not None and not actor.grants:
        person = actor.person_id
        statement = statement.where(
            or_(
                Meeting.chair_id == person,
                Meeting.secretary_id == person,
                Meeting.id.in_(select(AgendaItem.meeting_id).where(AgendaItem.presenter_id == person)),
                Meeting.id.in_(select(Delegate.meeting_id).where(Delegate.person_id == person)),
            )
        )
    return statement


async def reading_points(session: AsyncSession, paper_id: int, now: datetime) -> frozenset[int] | None:
    """The member points whose hall devices may see the paper; None: all."""
    paper = await session.get(Paper, paper_id)
    if paper is None:
        return frozenset()
    policy = (await policies_in(session, [paper.meeting_id])).of(paper)
    if not policy.audience:
        return None if decide(paper, policy, ReaderProfile(member=True), now).read else frozenset()
    halls = await hall_profiles(session, paper.meeting_id)
    return frozenset(point_id for point_id, profile in halls.items() if decide(paper, policy, profile, now).read)


async def is_shut(session: AsyncSession, paper: Paper, now: datetime) -> bool:
    """Whether nobody reads it but those who manage it: recalled or deleted, hidden, or locked for now."""
    if paper.recalled_at is not None or paper.deleted_at is not None:
        return True
    policy = (await policies_in(session, [paper.meeting_id])).of(paper)
    return policy.hidden or (policy.opens_at is not None and policy.opens_at > now)


async def expected_readers(session: AsyncSession, meeting: Meeting, now: datetime) -> dict[int, frozenset[int]]:
    """Who on the list of delegates may read each paper now: paper id -> `delegates.id`. Papers without a ready version
    and recalled ones are left out. Four queries, whatever the size of the list."""
    policies = await policies_in(session, [meeting.id])
    papers = await session.scalars(
        select(Paper).where(
            Paper.meeting_id == meeting.id,
            Paper.deleted_at.is_(None),
            Paper.recalled_at.is_(None),
            Paper.current_version_id.is_not(None),
        )
    )
    decided = {paper: policies.of(paper) for paper in papers}
    people = await readers_by_name(session, meeting, named_in(decided.values()))
    return {
        paper.id: frozenset(
            each.delegate_id for each in readers_among(people, paper, policy, now) if each.delegate_id is not None
        )
        for paper, policy in decided.items()
    }


async def open_to(
    session: AsyncSession, meeting: Meeting, person_ids: Collection[int], now: datetime
) -> dict[int, frozenset[int]]:
    """What is open, or was until it was recalled, to each of these people who take part by name: person id -> paper
    ids. Of a meeting that is no draft. Four queries for any number of people."""
    policies = await policies_in(session, [meeting.id])
    papers = await session.scalars(select(Paper).where(Paper.meeting_id == meeting.id, Paper.deleted_at.is_(None)))
    decided = {paper: policies.of(paper) for paper in papers}
    people = await readers_by_name(session, meeting, named_in(decided.values()), person_ids)
    papers_of: dict[ReaderProfile, frozenset[int]] = {}
    for profile in {each.profile for each in people}:
        rights = {paper.id: decide(paper, policy, profile, now) for paper, policy in decided.items()}
        papers_of[profile] = frozenset(
            paper_id for paper_id, right in rights.items() if right.listed and right.locked_until is None
        )
    return {each.person_id: papers_of[each.profile] for each in people}


def readers_among(people: Sequence[Reader], paper: Paper, policy: Policy, now: datetime) -> Iterator[Reader]:
    may = {profile: decide(paper, policy, profile, now).read for profile in {each.profile for each in people}}
    return (each for each in people if may[each.profile])
