from datetime import timedelta

from sqlalchemy import update

from server.accounts.tokens import new_token, token_hash
from server.audit.actions import record
from server.core.errors import NotAllowed
from server.core.transaction import Transaction
from server.meetings.feeds.models import CalendarFeed
from server.meetings.feeds.schemas import FeedMade

NOTED_EVERY = timedelta(minutes=15)
"""That a calendar looked is written down no oftener."""


def path_of(token: str) -> str:
    return f"/api/calendar/{token}.ics"


def _own(tx: Transaction) -> int:
    """Of a person who signed in, not by a personal link: that one may have been passed on."""
    if tx.actor.person_id is None or tx.actor.only_meetings is not None:
        raise NotAllowed()
    return tx.actor.person_id


async def make(tx: Transaction) -> FeedMade:
    """A new address; the one before answers no more."""
    person_id = _own(tx)
    token = new_token()
    feed = await tx.session.get(CalendarFeed, person_id, with_for_update=True)
    if feed is None:
        feed = CalendarFeed(person_id=person_id)
        tx.session.add(feed)
    feed.token_hash, feed.made_at, feed.read_at = token_hash(token), tx.now, None
    await tx.session.flush()
    await record(tx, "calendar.made", "person", person_id)
    return FeedMade(made_at=tx.now, read_at=None, path=path_of(token))


async def end(tx: Transaction) -> None:
    person_id = _own(tx)
    feed = await tx.session.get(CalendarFeed, person_id, with_for_update=True)
    if feed is not None:
        await tx.session.delete(feed)
        await record(tx, "calendar.ended", "person", person_id)


async def note_read(tx: Transaction, person_id: int) -> None:
    await tx.session.execute(
        update(CalendarFeed)
        .where(CalendarFeed.person_id == person_id)
        .values(read_at=tx.now)
        .execution_options(synchronize_session=False)
    )
