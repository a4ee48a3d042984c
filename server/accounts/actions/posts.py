"""What positions a person holds, held and will hold."""

from collections.abc import Sequence

from sqlalchemy import delete

from server.accounts.actions.people import as_json, require_admin_at, require_admin_of
from server.accounts.main_post import posts_of, show_main, today
from server.accounts.models import Person, Post
from server.accounts.schemas import PostWrite
from server.audit.actions import record
from server.audit.revisions import next_revision
from server.core.transaction import Transaction


async def set_posts(tx: Transaction, person_id: int, posts: Sequence[PostWrite], seen: int | None = None) -> Person:
    """Replaces the person's positions, the main one first. A new one has to be in a unit that the actor administers."""
    person = await require_admin_of(tx.session, tx.actor, person_id)
    await next_revision(tx, person, seen, "person.posts-set", lambda: as_json(tx, person))
    known = {post.unit_id for post in await posts_of(tx.session, person_id)} | {person.unit_id}
    for unit_id in {post.unit_id for post in posts} - known:
        await require_admin_at(tx.session, tx.actor, unit_id)
    await replace(tx, person_id, posts)
    before = person.title
    await show_main(tx.session, person, today(tx))
    await record(
        tx,
        "person.posts-set",
        "person",
        person_id,
        posts=[post.model_dump(mode="json") for post in posts],
        title=person.title if person.title != before else None,
    )
    return person


async def replace(tx: Transaction, person_id: int, posts: Sequence[PostWrite]) -> None:
    """Writes these positions in place of all that there are."""
    await tx.session.execute(
        delete(Post).where(Post.person_id == person_id).execution_options(synchronize_session=False)
    )
    tx.session.add_all(
        Post(person_id=person_id, position=position, **post.model_dump()) for position, post in enumerate(posts)
    )
    await tx.session.flush()
