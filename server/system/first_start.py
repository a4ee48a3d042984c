"""The first start: an empty system opens for whoever holds the link that `nhipcau serve` prints, once."""

import dataclasses
import hmac

from sqlalchemy import select, update

from server.accounts.actions import people
from server.accounts.password_rules import require_strong
from server.accounts.schemas import PersonWrite, RoleWrite
from server.accounts.sign_in import SignIn
from server.accounts.tokens import new_token, token_hash
from server.audit.actions import record
from server.core.actor import SYSTEM, Role
from server.core.errors import Conflict, NotAllowed
from server.core.services import Services
from server.core.transaction import Transaction
from server.organisations.actions.units import create_root
from server.organisations.models import Unit
from server.organisations.queries import is_empty
from server.system.models import ONLY, Installation
from server.system.schemas import FirstStart, SetupWrite
from server.system.settings import Fixed, apply

_KINDS = ("Tỉnh ủy ", "Tỉnh ", "Thành ủy ", "Thành phố ", "Huyện ủy ", "Huyện ", "Đảng ủy ", "Xã ", "Phường ")
_LONGEST_SHORT = 60


class SetupRefused(NotAllowed):
    code = "setup-refused"
    vi = (
        "Liên kết thiết lập này không đúng hoặc đã được thay bằng liên kết mới. Mở liên kết mà máy chủ in ra lần khởi"
        " động gần nhất."
    )
    en = "This set-up link is wrong or has been replaced. Open the one the server printed when it last started."


class AlreadySetUp(Conflict):
    code = "already-set-up"
    vi = "Hệ thống đã có đơn vị và quản trị viên. Đăng nhập để thêm người."
    en = "The system already has units and an administrator. Sign in to add people."


async def new_link(services: Services) -> str | None:
    """Path of a fresh link to the set-up page; the one before ends. None if the system has been set up. The token
    stands behind the `#`: browsers send it to nobody, and no proxy writes it down."""
    token = new_token()
    async with services.transactions(SYSTEM) as tx:
        if not await is_empty(tx.session):
            return None
        await tx.session.execute(
            update(Installation).where(Installation.id == ONLY).values(setup_token_hash=token_hash(token))
        )
    return f"/setup#{token}"


async def set_up(services: Services, write: SetupWrite, address: str) -> str:
    """The root unit and its administrator, by whoever holds the link. Returns the system's address.

    SetupRefused, AlreadySetUp; Invalid for a weak password."""
    async with services.database.read() as session:
        _require_token(await session.get(Installation, ONLY), write.token)
    require_strong(write.password, write.login, write.full_name, field="password")
    hashed = await services.components[SignIn].passwords.hash(write.password)
    fixed = services.components[Fixed]
    async with services.transactions(dataclasses.replace(SYSTEM, address=address)) as tx:
        # Two who set up at the same time wait for each other here; the second finds the link used up.
        row = await tx.session.get(Installation, ONLY, with_for_update=True, populate_existing=True)
        _require_token(row, write.token)
        await begin(tx, write, hashed)
    apply(services.settings, fixed, await _row(services))
    return services.settings.url


async def begin(tx: Transaction, write: FirstStart, password_hash: str) -> Unit:
    """Writes it all. AlreadySetUp if there are units."""
    row = await tx.session.get(Installation, ONLY, with_for_update=True)
    if row is None or not await is_empty(tx.session):
        raise AlreadySetUp()
    short = write.unit_short_name or short_name(write.unit_name)
    root = await create_root(tx, write.unit_name, short, write.unit_level, write.unit_code, body=write.unit_body)
    person = PersonWrite(unit_id=root.id, full_name=write.full_name, login=write.login)
    admin = await people.create_person(tx, person, password_hash)
    await people.set_roles(
        tx, admin.id, [RoleWrite(role=role, unit_id=root.id) for role in (Role.ADMIN, Role.ORGANISER)]
    )
    row.setup_token_hash = None
    row.set_up_at = tx.now
    row.public_url = write.public_url
    row.time_zone = write.time_zone
    await tx.session.flush()
    await record(tx, "system.set-up", "unit", root.id, public_url=write.public_url, time_zone=write.time_zone)
    return root


def short_name(name: str) -> str:
    """ "Tỉnh Lâm Đồng" -> "Lâm Đồng"."""
    return next((name.removeprefix(kind) for kind in _KINDS if name.startswith(kind)), name)[:_LONGEST_SHORT].strip()


async def _row(services: Services) -> Installation:
    async with services.database.read() as session:
        return (await session.scalars(select(Installation).where(Installation.id == ONLY))).one()


def _require_token(row: Installation | None, token: str) -> None:
    if row is None or row.set_up_at is not None:
        raise AlreadySetUp()
    if row.setup_token_hash is None or not hmac.compare_digest(row.setup_token_hash, token_hash(token)):
        raise SetupRefused()
