"""Enrolling an authenticator app, its codes at sign-in, and its end."""

from sqlalchemy import delete, func, select, update

from server.accounts.actions.people import require_weight_of
from server.accounts.actions.sessions import revoke_all_of
from server.accounts.attempts import WrongPassword
from server.accounts.models import Person, RecoveryCode, SecondFactor, SignInSession
from server.accounts.second_factor import (
    RECOVERY_CODES,
    FactorKeys,
    matching_step,
    new_key,
    new_recovery_code,
    plain,
    recovery_hash,
)
from server.audit.actions import record
from server.core.errors import Conflict, DomainError, NotAllowed, NotFound
from server.core.transaction import Transaction


class SecondFactorNeeded(DomainError):
    code = "second-factor-needed"
    status = 401
    vi = "Nhập mã sáu số trong ứng dụng xác thực trên điện thoại của đồng chí, hoặc một mã dự phòng."
    en = "Type the six digits that your authenticator app shows, or a recovery code."


class WrongCode(WrongPassword):
    code = "wrong-code"
    vi = "Mã xác thực chưa đúng hoặc đã dùng rồi. Đợi mã mới hiện trong ứng dụng rồi nhập lại."
    en = "That code is wrong or was used already. Wait for the next one in the app, then type it."


class AlreadyEnrolled(Conflict):
    code = "second-factor-enrolled"
    vi = "Xác thực hai bước đã bật. Tắt đi rồi mới bật lại bằng điện thoại khác."
    en = "The second factor is on. Turn it off before enrolling another phone."


async def begin(tx: Transaction, keys: FactorKeys) -> bytes:
    """A new key for the actor's app; it counts once a code of it was typed (`confirm`)."""
    person_id = _person(tx)
    factor = await tx.session.get(SecondFactor, person_id)
    if factor is not None and factor.confirmed_at is not None:
        raise AlreadyEnrolled()
    key = new_key()
    if factor is None:
        tx.session.add(SecondFactor(person_id=person_id, sealed_key=keys.seal(key), last_step=0, confirmed_at=None))
    else:
        factor.sealed_key, factor.last_step = keys.seal(key), 0
    await tx.session.flush()
    return key


async def confirm(tx: Transaction, keys: FactorKeys, code: str) -> list[str]:
    """Turns it on. Returns the recovery codes, which are kept hashed: shown once. The session that enrolled counts as
    signed in with it."""
    person_id = _person(tx)
    factor = await tx.session.get(SecondFactor, person_id, with_for_update=True)
    if factor is None:
        raise NotFound()
    if factor.confirmed_at is not None:
        raise AlreadyEnrolled()
    step = matching_step(keys.open(factor.sealed_key), plain(code), tx.now)
    if step is None:
        raise WrongCode()
    factor.confirmed_at, factor.last_step = tx.now, step
    codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
    tx.session.add_all(RecoveryCode(person_id=person_id, code_hash=recovery_hash(each)) for each in codes)
    await tx.session.execute(
        update(SignInSession).where(SignInSession.id == tx.actor.session_id).values(second_factor=True)
    )
    await revoke_all_of(tx, person_id, keep=tx.actor.session_id)
    await record(tx, "second-factor.enrolled", "person", person_id)
    return codes


async def take(tx: Transaction, keys: FactorKeys, person_id: int, code: str) -> None:
    """Uses a code up, of the app or for recovery. WrongCode, also for one that was used before (RFC 6238, 5.2)."""
    typed = plain(code)
    factor = await tx.session.get_one(SecondFactor, person_id, with_for_update=True)
    step = matching_step(keys.open(factor.sealed_key), typed, tx.now)
    if step is not None and step > factor.last_step:
        factor.last_step = step
        return
    used = await tx.session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person_id,
            RecoveryCode.code_hash == recovery_hash(typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=tx.now)
        .returning(RecoveryCode.id)
    )
    if used is None:
        raise WrongCode()
    left = await tx.session.scalar(
        select(func.count()).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    )
    await record(tx, "second-factor.recovered", "person", person_id, left=left)


async def turn_off(tx: Transaction) -> None:
    person_id = _person(tx)
    await _forget(tx, person_id)
    await record(tx, "second-factor.turned-off", "person", person_id)


async def reset(tx: Transaction, person_id: int) -> None:
    """By an administrator, for whoever lost telephone and recovery codes; ends the person's sessions."""
    await require_weight_of(tx, person_id)
    await _forget(tx, person_id)
    await revoke_all_of(tx, person_id, keep=tx.actor.session_id)
    await record(tx, "second-factor.reset", "person", person_id)


async def bring_person_back(tx: Transaction, person_id: int, password_hash: str | None) -> None:
    """At the machine itself, where whoever may do this could write the database as well: it stands in the log."""
    person = await tx.session.get_one(Person, person_id, with_for_update=True)
    for rows in (
        delete(SecondFactor).where(SecondFactor.person_id == person_id),
        delete(RecoveryCode).where(RecoveryCode.person_id == person_id),
    ):
        await tx.session.execute(rows.execution_options(synchronize_session=False))
    person.disabled_at = person.dormant_at = person.dormancy_warned_at = None
    person.account_since = tx.now
    if password_hash is not None:
        person.password_hash = password_hash
    await revoke_all_of(tx, person_id)
    await record(tx, "account.brought-back", "person", person_id, password=password_hash is not None)


async def keep_one(tx: Transaction, kept_id: int, gone_id: int) -> None:
    """Of two records that become one: that of the one who stays, if it is in use; else the other's is left to move."""
    kept = await tx.session.get(SecondFactor, kept_id, with_for_update=True)
    loser = gone_id if kept is not None and kept.confirmed_at is not None else kept_id
    for rows in (
        delete(RecoveryCode).where(RecoveryCode.person_id == loser),
        delete(SecondFactor).where(SecondFactor.person_id == loser),
    ):
        await tx.session.execute(rows.execution_options(synchronize_session=False))


async def _forget(tx: Transaction, person_id: int) -> None:
    gone = await tx.session.scalar(
        delete(SecondFactor).where(SecondFactor.person_id == person_id).returning(SecondFactor.person_id)
    )
    if gone is None:
        raise NotFound()
    await tx.session.execute(
        update(SignInSession).where(SignInSession.person_id == person_id).values(second_factor=False)
    )
    await tx.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))


def _person(tx: Transaction) -> int:
    if tx.actor.person_id is None or tx.actor.only_meetings is not None or tx.actor.within is not None:
        raise NotAllowed(
            "Bật xác thực hai bước khi đăng nhập bằng mật khẩu, không phải bằng liên kết.",
            "Sign in with your password, not by a link, to set a second factor.",
        )
    return tx.actor.person_id
