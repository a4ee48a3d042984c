from typing import Annotated

from fastapi import APIRouter, Path

from server.accounts.dependencies import AppServices, CurrentActor
from server.core.fields import Id
from server.edge.idempotency import Once
from server.edge.routing import WriteRoute
from server.invitations.sms import actions, queries
from server.invitations.sms.schemas import SmsPreview, SmsQueued, SmsWrite, TextsOut

router = APIRouter(prefix="/api", tags=["sms"], route_class=WriteRoute)

RowId = Annotated[Id, Path()]


@router.post("/meetings/{meeting_id}/sms/preview")
async def preview(meeting_id: RowId, write: SmsWrite, actor: CurrentActor, services: AppServices) -> SmsPreview:
    """What would be sent, counted. Nothing is."""
    return await actions.preview(services, actor, meeting_id, write)


@router.post("/meetings/{meeting_id}/sms", status_code=202, dependencies=[Once])
async def send(meeting_id: RowId, write: SmsWrite, actor: CurrentActor, services: AppServices) -> SmsQueued:
    return await actions.send(services, actor, meeting_id, write)


@router.get("/meetings/{meeting_id}/sms")
async def texts(meeting_id: RowId, actor: CurrentActor, services: AppServices) -> TextsOut:
    return await services.database.beside(lambda session: queries.texts_of(session, meeting_id, actor))
