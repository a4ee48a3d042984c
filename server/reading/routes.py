from fastapi import APIRouter

from server.accounts.dependencies import AppServices, CurrentActor
from server.reading.notes import queries as notes
from server.reading.notes.schemas import NotesAnswer, NoteSync
from server.reading.notes.sync import require_person, sync

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
