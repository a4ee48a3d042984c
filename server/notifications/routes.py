from fastapi import APIRouter

from server.edge.dependencies import CurrentActor, ReadSession, Write
from server.edge.routing import WriteRoute
from server.notifications import actions, queries
from server.notifications.schemas import Notices, NoticesRead

router = APIRouter(prefix="/api/notices", tags=["notifications"], route_class=WriteRoute)


@router.get("")
async def notices(actor: CurrentActor, session: ReadSession) -> Notices:
    return await queries.notices(session, actor)


@router.post("/read")
async def read(which: NoticesRead, tx: Write) -> Notices:
    await actions.mark_read(tx, which.ids)
    return await queries.notices(tx.session, tx.actor)
