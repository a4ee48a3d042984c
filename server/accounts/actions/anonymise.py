"""Taking a person out of everything that can be taken out of: name, addresses, sign-in, roles, what they wrote for
themselves. What they did stays, under a name that says nothing: attendance and papers are the meetings' record.

The audit log keeps the name as it was written: evidence that must not be altered, kept by duty of law, and read by
administrators of the root unit alone.
"""

from sqlalchemy import delete

from server.accounts.actions.people import require_weight_of
from server.accounts.actions.sessions import recheck
from server.accounts.hooks import AccountHooks
from server.accounts.models import (
    AccessLink,
    Identity,
    PasswordReset,
    Person,
    Post,
    RecoveryCode,
    RoleGrant,
    SecondFactor,
    SignInSession,
)
from server.audit.actions import record
from server.core.errors import Conflict, Invalid
from server.core.fields import folded
from server.core.transaction import Transaction
from server.notifications.models import Mail, Notice

NAMELESS = "Người đã ẩn danh"


class OwnAccount(Conflict):
    vi = "Không tự ẩn danh tài khoản của mình được. Nhờ quản trị viên khác."
    en = "You cannot anonymise your own account. Ask another administrator."


async def anonymise(tx: Transaction, person_id: int, full_name: str) -> Person:
    """Cannot be undone, so `full_name` has to be the person's. For administrators over all that the person may do;
    Conflict while the person has a part in a meeting that has not ended."""
    person = await require_weight_of(tx, person_id)
    if person.id == tx.actor.person_id:
        raise OwnAccount()
    if folded(full_name) != person.search_name:
        raise Invalid.fields(
            {"full_name": ("Gõ đúng họ tên của người này để xác nhận.", "Type this person's name to confirm.")}
        )
    for forget in tx.components[AccountHooks].anonymised:
        await forget(tx, person.id, NAMELESS)
    for rows in (
        delete(Post).where(Post.person_id == person.id),
        delete(RoleGrant).where(RoleGrant.person_id == person.id),
        delete(SignInSession).where(SignInSession.person_id == person.id),
        delete(AccessLink).where(AccessLink.person_id == person.id),
        delete(PasswordReset).where(PasswordReset.person_id == person.id),
        delete(Identity).where(Identity.person_id == person.id),
        delete(SecondFactor).where(SecondFactor.person_id == person.id),
        delete(RecoveryCode).where(RecoveryCode.person_id == person.id),
        delete(Notice).where(Notice.person_id == person.id),
        delete(Mail).where(Mail.person_id == person.id),
    ):
        await tx.session.execute(rows.execution_options(synchronize_session=False))
    person.full_name, person.title = NAMELESS, ""
    person.email = person.phone = person.login = person.password_hash = None
    person.sex = person.born_on = None
    person.disabled_at = person.disabled_at or tx.now
    person.anonymised_at = tx.now
    await tx.session.flush()
    recheck(tx, [person.id])
    await record(tx, "person.anonymised", "person", person.id)
    return person
