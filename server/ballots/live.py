"""What votes hand to the live channel: collections `ballots`, `ballots-planned`, `ballot-progress`."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.ballots import entities
from server.ballots.models import Ballot
from server.ballots.schemas import BallotEntity, ProgressEntity
from server.live.feature import LiveFeature
from server.live.protocol import Wire
from server.live.viewer import Viewer


async def load(session: AsyncSession, meeting_id: int) -> dict[str, dict[str, Wire]]:
    ballots = list(await session.scalars(select(Ballot).where(Ballot.meeting_id == meeting_id).order_by(Ballot.id)))
    progress = [
        each for ballot in ballots if ballot.state == "open" for each in await entities.progress(session, ballot.id)
    ]
    return {
        entities.PUT: {str(each.id): entities.entity(each) for each in ballots if each.state != "created"},
        entities.PLANNED: {str(each.id): entities.entity(each) for each in ballots if each.state == "created"},
        entities.PROGRESS: {entities.progress_key(each): each for each in progress},
    }


def visible(collection: str, key: str, viewer: Viewer) -> bool:
    """Everybody sees what is put to the vote; a hall how many of its own have voted."""
    if collection == entities.PUT or viewer.audience == "console":
        return True
    return (
        collection == entities.PROGRESS
        and viewer.point_id is not None
        and key.split(":", maxsplit=1)[1] == str(viewer.point_id)
    )


live_feature = LiveFeature(
    name="ballots",
    collections={
        entities.PUT: BallotEntity,
        entities.PLANNED: BallotEntity,
        entities.PROGRESS: ProgressEntity,
    },
    load=load,
    visible=visible,
)
