"""What attendance hands to the live channel: collection `turnout`."""

from sqlalchemy.ext.asyncio import AsyncSession

from server.attendance.people import totals
from server.attendance.people.schemas import TurnoutEntity
from server.core.errors import NotFound
from server.live.feature import LiveFeature
from server.live.protocol import Wire
from server.live.viewer import Viewer
from server.meetings.models import Meeting


async def entities(session: AsyncSession, meeting_id: int) -> dict[str, dict[str, Wire]]:
    """Collection `turnout`. NotFound if there is no such meeting."""
    meeting = await session.get(Meeting, meeting_id)
    if meeting is None:
        raise NotFound()
    return {totals.COLLECTION: {**(await totals.load(session, meeting)).entities()}}


def visible(_collection: str, key: str, viewer: Viewer) -> bool:
    """Consoles see every hall and the total, a hall its own figures."""
    return viewer.audience == "console" or (viewer.point_id is not None and key == str(viewer.point_id))


live_feature = LiveFeature(
    name="attendance", collections={totals.COLLECTION: TurnoutEntity}, load=entities, visible=visible
)
