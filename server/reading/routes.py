from typing import Annotated

from fastapi import APIRouter, Query

from server.accounts.dependencies import AppServices, CurrentActor, ReadSession
from server.reading.notes import queries as notes
from server.reading.notes.schemas import NotesAnswer, NoteSync
from server.reading.notes.sync import require_person, sync
from server.reading.search.queries import search
from server.reading.search.schemas import SearchAnswer, SearchQuery

router = APIRouter(prefix="/api", tags=["reading"])


@router.post("/notes/sync")
async def sync_notes(request: NoteSync, actor: CurrentActor, services: AppServices) -> NotesAnswer:
    """Own notes of one device with all others'. A device that has nothing to say waits for no writer."""
    require_person(actor)
    if request.changes:
        async with services.transactions(actor) as tx:
            return await sync(tx, request)
    async with services.database.read() as session:
        return await notes.since(session, actor, services.clock(), request.since)


@router.get("/search")
async def find(
    actor: CurrentActor,
    session: ReadSession,
    services: AppServices,
    asked: Annotated[SearchQuery, Query()],
) -> SearchAnswer:
    """Diacritics or not, numbers of documents, words in quotes as they stand; the last word may be unfinished."""
    return await search(session, actor, services.clock(), asked)
