"""A running conference with one paper, its organiser and one of its delegates."""

from collections.abc import Sequence
from dataclasses import dataclass

import httpx2
import pytest
from sqlalchemy import select

from server.audit.models import AuditEntry
from server.core.actor import SYSTEM
from server.core.services import Services
from server.live.models import MeetingEvent
from server.meetings.models import AgendaItem, Meeting
from server.papers.live import LibraryEntity
from server.papers.live import entities as library_entities
from server.papers.models import Paper
from tests import builders, library
from tests.builders import Province
from tests.conftest import Browsers


@dataclass
class Place:
    services: Services
    province: Province
    meeting: Meeting
    items: list[AgendaItem]
    paper: Paper
    organiser: httpx2.AsyncClient
    delegate: httpx2.AsyncClient

    @property
    def path(self) -> str:
        return f"/api/papers/{self.paper.id}"

    @property
    def list_path(self) -> str:
        return f"/api/meetings/{self.meeting.id}/papers"

    async def state(self) -> tuple[LibraryEntity, Sequence[MeetingEvent], Sequence[AuditEntry]]:
        """The live entity, all events, and all audit entries."""
        async with self.services.database.read() as session:
            entity = (await library_entities(session, self.meeting.id))["library"][""]
            assert isinstance(entity, LibraryEntity)
            events = await session.scalars(select(MeetingEvent).order_by(MeetingEvent.seq))
            entries = await session.scalars(select(AuditEntry).order_by(AuditEntry.id))
            return entity, list(events), list(entries)

    async def revision(self) -> int:
        return (await self.state())[0].revision


@pytest.fixture
async def place(services: Services, province: Province, browser: Browsers) -> Place:
    meeting = await builders.conference(services, province, "running")
    async with services.transactions(SYSTEM) as tx:
        await library.delegate(tx.session, meeting, province.delegate, province.da_sar_hall)
        items = await library.items(tx.session, meeting)
        paper = await library.paper(tx.session, meeting, item=items[0])
    organiser, delegate = await browser(province.organiser), await browser(province.delegate)
    return Place(services, province, meeting, items, paper, organiser, delegate)
