"""Papers of two records that are one person (`accounts.hooks`)."""

from sqlalchemy import String, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.transaction import Transaction
from server.papers.models import AccessPolicy, PaperVersion


async def person_uses(session: AsyncSession, person_id: int) -> dict[str, int]:
    """Versions of papers brought in."""
    counted = select(func.count()).select_from(PaperVersion).where(PaperVersion.created_by == person_id)
    return {"papers": await session.scalar(counted) or 0}


async def person_merging(tx: Transaction, gone: int, kept: int) -> None:
    """Who reads by name is named by the record that stays."""
    naming = cast(AccessPolicy.audience, String).like(f'%"id": {gone}%')
    policies = await tx.session.scalars(select(AccessPolicy).where(naming))
    for policy in policies.all():
        audience: list[dict[str, object]] = []
        for each in policy.audience:
            named = {**each, "id": kept} if each == {"kind": "person", "id": gone} else each
            if named not in audience:
                audience.append(named)
        if audience != policy.audience:
            policy.audience = audience
            policy.revision += 1
    await tx.session.flush()
