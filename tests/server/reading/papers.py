"""Papers as rows, as the workshop would have left them."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.core.fields import folded
from server.documents.models import AccessPolicy, Paper, PaperPage, PaperVersion
from server.meetings.models import Delegate, Meeting
from server.organisations.models import BridgePoint
from tests.builders import MORNING

LINE = [0.1, 0.1, 0.8, 0.02, [[0.1, 0.2, "dòng"], [0.35, 0.2, "chữ"]]]


async def paper(
    session: AsyncSession,
    of: Meeting,
    *pages: str,
    title: str = "Báo cáo",
    number: str = "",
    kind: str = "khac",
    audience: list[dict[str, object]] | None = None,
    hidden: bool = False,
    opens_at: datetime | None = None,
    position: int = 0,
) -> Paper:
    """With one ready version; a policy of its own if anything of it is said."""
    made = Paper(
        meeting_id=of.id,
        title=title,
        kind=kind,
        number=number,
        number_folded=folded(number),
        position=position,
        created_at=MORNING,
    )
    session.add(made)
    await session.flush()
    await version(session, made, *(pages or ("Trang một", "Trang hai", "Trang ba")))
    if audience or hidden or opens_at:
        session.add(
            AccessPolicy(meeting_id=of.id, paper_id=made.id, audience=audience or [], hidden=hidden, opens_at=opens_at)
        )
        await session.flush()
    return made


async def version(session: AsyncSession, of: Paper, *pages: str, number: int = 1) -> PaperVersion:
    """Ready, and the paper's newest."""
    made = PaperVersion(
        paper_id=of.id,
        number=number,
        state="ready",
        file_name="bao-cao.pdf",
        size=1,
        sha256="0" * 64,
        folder=f"test/{of.id}-{number}",
        page_count=len(pages),
        created_at=MORNING,
        ready_at=MORNING,
    )
    session.add(made)
    await session.flush()
    of.current_version_id = made.id
    session.add_all(
        PaperPage(version_id=made.id, number=i, width=595, height=842, text=text, folded=folded(text), lines=[LINE])
        for i, text in enumerate(pages, 1)
    )
    await session.flush()
    return made


async def listed(
    session: AsyncSession, of: Meeting, who: Person, at: BridgePoint | None = None, role: str = "delegate"
) -> Delegate:
    made = Delegate(
        meeting_id=of.id, person_id=who.id, point_id=at and at.id, role=role, source="people", added_at=MORNING
    )
    session.add(made)
    await session.flush()
    return made
