"""Rows and files of papers for tests, as the conversion would have left them: no conversion needed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person
from server.core.fields import folded
from server.core.services import Services
from server.meetings.models import AgendaItem, Delegate, Meeting
from server.organisations.models import BridgePoint
from server.papers.live import bump
from server.papers.models import AccessPolicy, Paper, PaperPage, PaperVersion
from server.pdf.messages import PLAN, STAMPABLE, Plan
from tests.builders import MORNING


async def items(session: AsyncSession, meeting: Meeting) -> list[AgendaItem]:
    found = await session.scalars(
        select(AgendaItem).where(AgendaItem.meeting_id == meeting.id).order_by(AgendaItem.position)
    )
    return list(found)


async def delegate(
    session: AsyncSession,
    meeting: Meeting,
    who: Person,
    hall: BridgePoint | None = None,
    role: str = "delegate",
) -> Delegate:
    made = Delegate(meeting_id=meeting.id, person_id=who.id, point_id=hall and hall.id, role=role, added_at=MORNING)
    session.add(made)
    await session.flush()
    return made


async def paper(
    session: AsyncSession,
    meeting: Meeting,
    title: str = "Báo cáo kinh tế - xã hội",
    *,
    item: AgendaItem | None = None,
    position: int = 0,
    text: str | None = "Kính thưa hội nghị",
    pages: int = 2,
    **facts: Any,
) -> Paper:
    """With one ready version that has `text` on every page; `text=None`: without any."""
    made = Paper(
        meeting_id=meeting.id,
        item_id=item and item.id,
        position=position,
        title=title,
        created_at=MORNING - timedelta(days=3),
        **facts,
    )
    session.add(made)
    await session.flush()
    await bump(session, meeting.id)
    if text is not None:
        await version(session, made, text, pages=pages)
    return made


async def version(
    session: AsyncSession, of: Paper, text: str, *, pages: int = 2, state: str = "ready", **facts: Any
) -> PaperVersion:
    """The paper's next version; a ready one is what readers get from now on."""
    numbers = await session.scalars(select(PaperVersion.number).where(PaperVersion.paper_id == of.id))
    ready = state == "ready"
    values: dict[str, Any] = {
        "file_name": f"{text[:200]}.pdf",
        "mime": "application/pdf",
        "size": 1000,
        "sha256": "0" * 64,
        "folder": uuid4().hex,
        "page_count": pages if ready else 0,
        "pdf_size": 900,
        "picture_bytes": {"900": 10 * pages, "1800": 20 * pages},
        "text_quality": "text",
        "outline": [{"title": text, "page": 1, "level": 1}],
        "guess": {"title": text},
        "created_at": MORNING - timedelta(days=2),
        "created_by_name": "Văn phòng",
        "note": f"ghi chú {text[:200]}",
        "ready_at": MORNING - timedelta(days=2) if ready else None,
        **facts,
    }
    made = PaperVersion(paper_id=of.id, number=max(numbers, default=0) + 1, state=state, **values)
    session.add(made)
    await session.flush()
    if ready:
        of.current_version_id = made.id
        line = [0.1, 0.1, 0.8, 0.02, [[0.1, 0.8, text]]]
        session.add_all(
            PaperPage(version_id=made.id, number=n, width=595, height=842, text=text, folded=folded(text), lines=[line])
            for n in range(1, pages + 1)
        )
        await bump(session, of.meeting_id)
    return made


async def policy(
    session: AsyncSession,
    meeting: Meeting,
    at: Paper | AgendaItem,
    *,
    hidden: bool = False,
    opens_at: datetime | None = None,
    download: bool = False,
    marked: bool = False,
    audience: Sequence[Mapping[str, Any]] = (),
) -> None:
    session.add(
        AccessPolicy(
            meeting_id=meeting.id,
            paper_id=at.id if isinstance(at, Paper) else None,
            item_id=at.id if isinstance(at, AgendaItem) else None,
            hidden=hidden,
            opens_at=opens_at,
            download=download,
            marked=marked,
            audience=[dict(entry) for entry in audience],
        )
    )
    await bump(session, meeting.id)


async def store(services: Services, of: PaperVersion, text: str) -> None:
    """Its files, with `text` in each of them."""
    content = text.encode()
    for name in ("original", "reading.pdf"):
        await services.storage.put(f"{of.folder}/{name}", content)
    for number in range(1, of.page_count + 1):
        for width in (900, 1800):
            await services.storage.put(f"{of.folder}/pages/{number}-{width}.webp", b"RIFF" + content)


async def store_stampable(services: Services, of: PaperVersion, text: str) -> None:
    """As the press would have left it, but not a PDF."""
    plan = Plan(
        size=len(text.encode()),
        previous=0,
        objects=9,
        root=1,
        info=None,
        identity="00" * 16,
        mark=2,
        foot=3,
        font=4,
        faint=5,
        pages=of.page_count,
    )
    await services.storage.put(f"{of.folder}/{STAMPABLE}", text.encode())
    await services.storage.put(f"{of.folder}/{PLAN}", plan.model_dump_json().encode())
