"""Two records of one person become one. What refers to the one that goes refers to the one that stays; features above
first make one of what there would be twice (`hooks.AccountHooks`)."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.anonymise import OwnAccount
from server.accounts.actions.people import require_admin_of, require_weight_of
from server.accounts.actions.posts import replace
from server.accounts.actions.second_factor import keep_one
from server.accounts.actions.sessions import recheck
from server.accounts.hooks import AccountHooks
from server.accounts.main_post import show_main, today
from server.accounts.models import AccessLink, Person, RoleGrant, SignInSession
from server.accounts.queries import person_full, posts_of
from server.accounts.schemas import MergePreview, PersonUses, PostWrite
from server.audit.actions import record
from server.core.actor import Actor
from server.core.components import Components
from server.core.errors import Conflict
from server.core.fields import spelling
from server.core.references import stand_in
from server.core.transaction import Transaction

_FILLED = ("email", "phone", "sex", "born_on")


class NotTwo(Conflict):
    code = "not-two-people"
    vi = "Chọn hai hồ sơ khác nhau, chưa ẩn danh, để gộp làm một."
    en = "Choose two different records, neither of them anonymised, to make one of."


async def preview(
    session: AsyncSession, actor: Actor, components: Components, kept_id: int, gone_id: int
) -> MergePreview:
    """Both, and what would move. For administrators over both."""
    kept = await require_admin_of(session, actor, kept_id)
    gone = await require_admin_of(session, actor, gone_id)
    counted: dict[str, int] = {}
    for count in components[AccountHooks].person_uses:
        counted |= await count(session, gone_id)
    return MergePreview(
        kept=await person_full(session, actor, kept_id),
        gone=await person_full(session, actor, gone_id),
        moves=PersonUses(**counted),
        same_name=spelling(kept.full_name) == spelling(gone.full_name),
    )


async def merge(tx: Transaction, kept_id: int, gone_id: int) -> Person:
    """The record `gone_id` ends in `kept_id`, which keeps what it has and takes what it has not: address, telephone,
    login, second factor, positions, roles. For administrators over all that both may do. What signed the one in that
    goes ends, but for links to meetings: they are printed on letters."""
    kept = await require_weight_of(tx, kept_id)
    gone = await require_weight_of(tx, gone_id)
    if kept_id == gone_id or kept.anonymised_at is not None or gone.anonymised_at is not None:
        raise NotTwo()
    if gone_id == tx.actor.person_id:
        raise OwnAccount(
            "Không gộp tài khoản của mình vào hồ sơ khác được. Giữ hồ sơ của mình, hoặc nhờ quản trị viên khác.",
            "You cannot merge your own account into another record. Keep your own, or ask another administrator.",
        )
    hooks = tx.components[AccountHooks]
    facts = {name: getattr(gone, name) for name in ("full_name", "title", "unit_id", "login")}
    positions = await _positions(tx, kept, gone)
    for prepare in hooks.merging:
        await prepare(tx, gone_id, kept_id)
    await _end_ways_in(tx, gone_id)
    await keep_one(tx, kept_id, gone_id)
    taken = {name: getattr(gone, name) for name in _FILLED if getattr(kept, name) is None}
    login = (gone.login, gone.password_hash) if kept.login is None and gone.login is not None else None
    signed_in = max((at for at in (kept.signed_in_at, gone.signed_in_at) if at is not None), default=None)
    gone.login = None
    await tx.session.flush()
    await stand_in(tx.session, Person.__tablename__, gone_id, kept_id)
    await tx.session.execute(delete(Person).where(Person.id == gone_id).execution_options(synchronize_session=False))
    tx.session.expunge(gone)
    await tx.session.refresh(kept)
    for name, value in taken.items():
        setattr(kept, name, value)
    if login is not None:
        kept.login, kept.password_hash = login
    kept.signed_in_at = signed_in
    kept.revision += 1
    if positions is not None:
        await replace(tx, kept_id, positions)
        await show_main(tx.session, kept, today(tx))
    await tx.session.flush()
    for follow in hooks.merged:
        await follow(tx, kept_id)
    recheck(tx, [kept_id, gone_id])
    await record(tx, "person.merged", "person", kept_id, gone_id=gone_id, gone=facts, taken=sorted(taken))
    return kept


async def _positions(tx: Transaction, kept: Person, gone: Person) -> Sequence[PostWrite] | None:
    """Those of both, without one that both have; None: the one that goes brings nothing."""
    ours = [_written(post) for post in await posts_of(tx.session, kept)]
    theirs = [_written(post) for post in await posts_of(tx.session, gone)]
    known = {(post.unit_id, post.title) for post in ours}
    new = [post for post in theirs if (post.unit_id, post.title) not in known]
    return [*ours, *new] if new else None


def _written(post: object) -> PostWrite:
    return PostWrite.model_validate(post, from_attributes=True)


async def _end_ways_in(tx: Transaction, person_id: int) -> None:
    """Sessions and links that open all a person may do: of the one who stays, none is opened by them."""
    sessions = update(SignInSession).where(SignInSession.person_id == person_id, SignInSession.scoped.is_(False))
    links = update(AccessLink).where(AccessLink.person_id == person_id, AccessLink.meeting_id.is_(None))
    for rows in (
        sessions.where(SignInSession.revoked_at.is_(None)).values(revoked_at=tx.now),
        links.where(AccessLink.revoked_at.is_(None)).values(revoked_at=tx.now),
    ):
        await tx.session.execute(rows.execution_options(synchronize_session=False))


async def person_uses(session: AsyncSession, person_id: int) -> dict[str, int]:
    """Roles."""
    counted = select(func.count()).select_from(RoleGrant).where(RoleGrant.person_id == person_id)
    return {"roles": await session.scalar(counted) or 0}
