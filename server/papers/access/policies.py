"""Who may read, as set at a paper, or at its agenda item for all papers without a policy of their own."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.papers.models import AccessPolicy


@dataclass(frozen=True, slots=True)
class Policy:
    hidden: bool = False
    opens_at: datetime | None = None
    download: bool = False
    audience: tuple[Mapping[str, Any], ...] = ()
    """As in `models.AccessPolicy`; empty: all members."""
    marked: bool = False


OPEN = Policy()
"""Where nothing is set: every member of the meeting reads, nobody downloads."""


def policy_of(own: AccessPolicy | None, inherited: AccessPolicy | None) -> Policy:
    """The one that counts: the paper's own, or else its item's."""
    row = own or inherited
    if row is None:
        return OPEN
    return Policy(row.hidden, row.opens_at, row.download, tuple(row.audience), row.marked)


def named_in(policies: Iterable[Policy]) -> frozenset[int]:
    """People who are named as readers."""
    return frozenset(entry["id"] for policy in policies for entry in policy.audience if entry["kind"] == "person")


class PaperFacts(Protocol):
    """What rights in a paper are decided from: a `Paper`, or as much of one as a search over thousands reads."""

    @property
    def id(self) -> int: ...
    @property
    def item_id(self) -> int | None: ...
    @property
    def current_version_id(self) -> int | None: ...
    @property
    def recalled_at(self) -> datetime | None: ...
    @property
    def deleted_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Policies:
    """All of some meetings."""

    by_paper: Mapping[int, AccessPolicy]
    by_item: Mapping[int, AccessPolicy]

    def of(self, paper: PaperFacts) -> Policy:
        inherited = self.by_item.get(paper.item_id) if paper.item_id is not None else None
        return policy_of(self.by_paper.get(paper.id), inherited)


async def policies_in(session: AsyncSession, meeting_ids: Collection[int]) -> Policies:
    rows = list(await session.scalars(select(AccessPolicy).where(AccessPolicy.meeting_id.in_(meeting_ids))))
    return Policies(
        by_paper={row.paper_id: row for row in rows if row.paper_id is not None},
        by_item={row.item_id: row for row in rows if row.item_id is not None},
    )
