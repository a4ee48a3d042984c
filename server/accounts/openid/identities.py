"""Whose account of the provider is which person's."""

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.people import require_weight_of
from server.accounts.actions.sessions import revoke_all_of
from server.accounts.models import Identity, Person
from server.accounts.openid.provider import Vouched
from server.audit.actions import record
from server.core.errors import NotAllowed, NotFound
from server.core.transaction import Transaction


class NobodyKnown(NotAllowed):
    code = "identity-unknown"
    vi = (
        "Tài khoản ấy chưa gắn với ai trong hệ thống này. Nhờ quản trị viên của đơn vị ghi đúng thư điện tử của đồng"
        " chí rồi đăng nhập lại."
    )
    en = (
        "That account belongs to nobody here. Ask your unit's administrator to enter your e-mail address, then sign in."
    )


async def owner_of(session: AsyncSession, vouched: Vouched) -> tuple[Person, bool]:
    """The person whom this account signs in, and whether it is linked already. The first time it is who has the e-mail
    address that the provider has verified, if that is exactly one; from then on the account itself, whatever address
    either has. NobodyKnown, also for somebody who is locked."""
    found = await session.scalar(
        select(Person)
        .join(Identity, Identity.person_id == Person.id)
        .where(Identity.issuer == vouched.issuer, Identity.subject == vouched.subject)
    )
    linked = found is not None
    if found is None and vouched.email is not None:
        # Of several none: it is not ours to choose.
        same = await session.scalars(
            select(Person).where(func.lower(Person.email) == vouched.email.lower()).order_by(Person.id).limit(2)
        )
        people = same.all()
        found = people[0] if len(people) == 1 else None
    if found is None or found.disabled_at is not None:
        raise NobodyKnown()
    return found, linked


async def link(tx: Transaction, person_id: int, vouched: Vouched) -> None:
    tx.session.add(Identity(person_id=person_id, issuer=vouched.issuer, subject=vouched.subject, created_at=tx.now))
    await tx.session.flush()
    await record(tx, "identity.linked", "person", person_id, email=vouched.email, issuer=vouched.issuer)


async def unlink(tx: Transaction, person_id: int) -> None:
    """By an administrator: the next time it is looked for by its e-mail address again. Ends the person's sessions."""
    await require_weight_of(tx, person_id)
    gone = await tx.session.scalars(delete(Identity).where(Identity.person_id == person_id).returning(Identity.id))
    if not gone.all():
        raise NotFound()
    await revoke_all_of(tx, person_id, keep=tx.actor.session_id)
    await record(tx, "identity.unlinked", "person", person_id)
