"""The position that somebody is shown with everywhere, `Person.title`: the first of those held today. Whoever has to
change it does so here."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.models import Person, Post
from server.core.clock import VIETNAM
from server.core.transaction import Transaction


async def retitle(tx: Transaction, person: Person, title: str) -> None:
    """Another name for the main position of today; none for an empty one, which is over then."""
    person.title = title
    posts = await posts_of(tx.session, person.id)
    if not posts:
        return
    main = _main(posts, today(tx))
    if title and main is not None:
        main.title = title
    elif title:
        tx.session.add(Post(person_id=person.id, unit_id=person.unit_id, title=title, position=0, valid_from=today(tx)))
    elif main is not None:
        yesterday = today(tx) - timedelta(days=1)
        if main.valid_from is not None and main.valid_from > yesterday:
            await tx.session.delete(main)
        else:
            main.valid_until = yesterday
    await tx.session.flush()
    await show_main(tx.session, person, today(tx))


async def show_main(session: AsyncSession, person: Person, day: date) -> bool:
    """Whether another position than before is shown now."""
    main = _main(await posts_of(session, person.id), day)
    title = main.title if main is not None else ""
    if title == person.title:
        return False
    person.title = title
    return True


def today(tx: Transaction) -> date:
    return tx.now.astimezone(VIETNAM).date()


async def posts_of(session: AsyncSession, person_id: int) -> list[Post]:
    found = await session.scalars(select(Post).where(Post.person_id == person_id).order_by(Post.position, Post.id))
    return list(found)


def _main(posts: Sequence[Post], day: date) -> Post | None:
    held = (
        post
        for post in posts
        if (post.valid_from is None or post.valid_from <= day) and (post.valid_until is None or day <= post.valid_until)
    )
    return next(held, None)
