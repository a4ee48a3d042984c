"""Signing in. The slow work (argon2) happens before any transaction opens, so that it never holds up other writers."""

import dataclasses
from dataclasses import dataclass
from datetime import timedelta

from argon2 import PasswordHasher

from server.accounts import password_reset, queries
from server.accounts.actions import links, people, second_factor, sessions
from server.accounts.actions.second_factor import SecondFactorNeeded, WrongCode
from server.accounts.attempts import Attempts, WrongPassword
from server.accounts.known_devices import KnownDevices
from server.accounts.models import AccessLink, Person, SignInSession
from server.accounts.openid import identities
from server.accounts.openid.provider import Vouched
from server.accounts.password_rules import require_strong
from server.accounts.passwords import Passwords
from server.accounts.second_factor import FactorKeys
from server.audit.log import AuditLog
from server.core.actor import Actor
from server.core.errors import Conflict, Invalid, NotAllowed
from server.core.services import Services
from server.core.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Browser:
    """Who is asking, before it is known who that is."""

    address: str
    user_agent: str
    token: str | None
    """Its present cookie, if any: that session ends when another owner signs in."""
    device: str | None = None
    """The cookie that says as whom it has signed in before (`known_devices`)."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    token: str
    """The new cookie's value."""
    device: str
    """What this browser is known by from now on."""


class SomebodyElse(Conflict):
    code = "somebody-else-signed-in"
    vi = "Thiết bị này đang đăng nhập bằng tên khác. Xác nhận nếu muốn chuyển sang người của liên kết này."
    en = "Somebody else is signed in on this device. Confirm to go on as the link's owner."


class AccountDormant(NotAllowed):
    code = "account-dormant"
    vi = "Tài khoản đã đóng vì lâu không dùng. Nhờ quản trị viên của đơn vị mở lại."
    en = "This account was closed as nobody had used it for long. Ask your unit's administrator to open it again."


class SignInAgain(NotAllowed):
    code = "sign-in-again"
    vi = "Đồng chí đăng nhập đã lâu. Đăng xuất, đăng nhập lại rồi làm việc này trong 15 phút."
    en = "You signed in some time ago. Sign out and in again, and do this within 15 minutes."


JUST_NOW = timedelta(minutes=15)


class SignIn:
    """One per process: it counts attempts and bounds password checks."""

    def __init__(self, services: Services, audit_log: AuditLog, hasher: PasswordHasher | None = None) -> None:
        self._services = services
        self._audit_log = audit_log
        self._devices = KnownDevices(services.settings)
        self._attempts = Attempts(services.settings.login_attempts)
        self.factor_keys = FactorKeys(services.settings)
        self.passwords = Passwords(services.settings.argon2_parallel, hasher)

    async def with_password(self, login: str, password: str, browser: Browser, code: str | None = None) -> SignedIn:
        """WrongPassword (also for an unknown login), TooMany, Busy; SecondFactorNeeded and WrongCode where the person
        has a second factor. The cookie is always a new one."""
        login = login.casefold()
        async with self._services.database.read() as session:
            person = await queries.active_person_by_login(session, login)
            factor = person is not None and await queries.has_factor(session, person.id)
        hashed = person.password_hash if person else None
        known = person and hashed and self._devices.is_known(browser.device, person.id, hashed)
        async with self._attempts.attempt(login, browser.address, known=browser.device if known else None):
            if not await self.passwords.verify(password, hashed) or person is None or hashed is None:
                self._audit_log.refused(Actor(address=browser.address), "wrong-password", f"session of {login[:64]}")
                raise WrongPassword()
            who = Actor(person_id=person.id, name=person.full_name, address=browser.address)
            if factor:
                await self._take_code(who, person.id, code)
        if person.dormant_at is not None:  # said to whoever knows the password alone
            raise AccountDormant()
        stronger = await self.passwords.hash(password) if self.passwords.needs_rehash(hashed) else None
        async with self._services.transactions(who) as tx:
            if stronger:
                await people.replace_hash(tx, person.id, hashed, stronger)
            token = await self._open(tx, browser, person_id=person.id, second_factor=factor)
        return SignedIn(token, self._devices.mark(person.id, stronger or hashed))

    async def with_link(self, token: str, browser: Browser, *, replace: bool = False) -> tuple[str, str]:
        """The cookie's value and where the link leads. `LinkEnded` if it is unknown, expired or revoked; SomebodyElse
        if the browser is signed in as another owner, whom only `replace` signs out."""
        async with self._services.database.read() as session:
            link, owner = await queries.owner_of_link(session, token, self._services.clock())
        async with self._services.transactions(dataclasses.replace(owner, address=browser.address)) as tx:
            if not replace:
                await self._ask_first(tx, browser, owner)
            await links.mark_opened(tx, link.id)
            cookie = await self._open(tx, browser, link, person_id=link.person_id, point_id=link.point_id)
        return cookie, link.next_path

    async def with_provider(
        self, person: Person, vouched: Vouched, browser: Browser, *, linked: bool, code: str | None = None
    ) -> str:
        """The cookie's value of whom the OpenID provider vouches for. SecondFactorNeeded, WrongCode and TooMany where
        the person has a second factor, unless the provider has seen one."""
        who = Actor(person_id=person.id, name=person.full_name, address=browser.address)
        if person.dormant_at is not None:
            raise AccountDormant()
        async with self._services.database.read() as session:
            factor = not vouched.strong and await queries.has_factor(session, person.id)
        if factor:
            async with self._attempts.attempt(f"person {person.id}", browser.address):
                await self._take_code(who, person.id, code)
        async with self._services.transactions(who) as tx:
            if not linked:
                await identities.link(tx, person.id, vouched)
            return await self._open(
                tx,
                browser,
                person_id=person.id,
                second_factor=factor or vouched.strong,
                provider_token=vouched.id_token,
            )

    async def as_hall(self, tx: Transaction, browser: Browser, hall: Actor, *, replace: bool) -> str:
        """Signs this browser in as the hall's device, always anew. Returns the cookie's value. SomebodyElse if it is
        signed in as another owner, whom only `replace` signs out. That it may be is decided before."""
        if not replace:
            await self._ask_first(tx, browser, hall)
        return await self._open(tx, browser, point_id=hall.point_id)

    async def _ask_first(self, tx: Transaction, browser: Browser, owner: Actor) -> None:
        """A link that somebody sent must not sign the operator or a hall out in mid-conference, nor let what they
        write go to its sender."""
        present = await queries.recognise(tx.session, browser.token, tx.now)
        if present is None or (present.actor.person_id, present.actor.point_id) == (owner.person_id, owner.point_id):
            return
        raise SomebodyElse(present=present.actor.name, owner=owner.name)

    async def _open(
        self,
        tx: Transaction,
        browser: Browser,
        link: AccessLink | None = None,
        *,
        person_id: int | None = None,
        point_id: int | None = None,
        second_factor: bool = False,
        provider_token: str | None = None,
    ) -> str:
        """Keeps the browser's session if a link comes of the same owner (one bound to a meeting widens a scoped one);
        ends it if it is somebody else's, if a scoped one is to become a full one, and whenever a password was given: a
        cookie from before must not be worth what the password is."""
        bound = link is not None and link.meeting_id is not None
        present = await queries.recognise(tx.session, browser.token, tx.now)
        if present is not None:
            same = (present.actor.person_id, present.actor.point_id) == (person_id, point_id)
            scoped = present.actor.only_meetings is not None
            if same and browser.token and link is not None and (bound or not scoped):
                if scoped:
                    await sessions.widen(tx, present.actor.session_id, link)
                return browser.token
            await sessions.end(tx, present.actor.session_id)
        return await sessions.open_session(
            tx,
            self._services.settings,
            person_id=person_id,
            point_id=point_id,
            user_agent=browser.user_agent,
            address=browser.address,
            link=link,
            second_factor=second_factor,
            provider_token=provider_token,
        )

    async def _take_code(self, who: Actor, person_id: int, code: str | None) -> None:
        if not code:
            raise SecondFactorNeeded()
        try:
            async with self._services.transactions(who) as tx:
                await second_factor.take(tx, self.factor_keys, person_id, code)
        except WrongCode:
            self._audit_log.refused(who, "wrong-code", "session")
            raise

    async def change_password(self, actor: Actor, current: str, new: str, browser: Browser) -> None:
        """Ends the person's other sessions. Raises what `prove_password` raises."""
        person = await self.prove_password(actor, current, browser)
        require_strong(new, person.login or "", person.full_name)
        hashed = await self.passwords.hash(new)
        async with self._services.transactions(actor) as tx:
            await people.change_own_password(tx, hashed)

    async def reset_password(self, token: str, password: str, browser: Browser) -> None:
        """By the link that was sent. LinkEnded, Invalid."""
        async with self._services.database.read() as session:
            _, person = await password_reset.owner(session, self._services, token)
        require_strong(password, person.login, person.full_name, field="password")
        hashed = await self.passwords.hash(password)
        who = Actor(person_id=person.id, name=person.full_name, address=browser.address)
        async with self._services.transactions(who) as tx:
            await password_reset.set_anew(tx, self._services, token, hashed)

    async def prove_presence(self, actor: Actor, password: str | None, browser: Browser) -> Person:
        """By the password; without it by having signed in at the provider just now (SignInAgain)."""
        if password is not None:
            return await self.prove_password(actor, password, browser)
        async with self._services.database.read() as session:
            found = await session.get(SignInSession, actor.session_id) if actor.session_id else None
            if found is None or found.provider_token is None or actor.person_id is None:
                raise Invalid.fields({"password": ("Nhập mật khẩu.", "Type your password.")})
            if self._services.clock() - found.created_at > JUST_NOW:
                raise SignInAgain()
            return await queries.person(session, actor.person_id)

    async def prove_password(self, actor: Actor, current: str, browser: Browser) -> Person:
        """The person again, at the keyboard. WrongPassword, TooMany; NotAllowed for halls, for people who sign in by
        link only, and for whoever came by a link this time."""
        if actor.person_id is None or actor.only_meetings is not None:
            raise NotAllowed()
        async with self._services.database.read() as session:
            person = await queries.person(session, actor.person_id)
        if person.login is None or person.password_hash is None:
            raise NotAllowed(
                "Tài khoản này đăng nhập bằng liên kết dự họp riêng, không dùng mật khẩu.",
                "This account signs in by its personal link and has no password.",
            )
        async with self._attempts.attempt(person.login, browser.address):
            if not await self.passwords.verify(current, person.password_hash):
                raise WrongPassword(
                    "Mật khẩu hiện tại chưa đúng. Nhập lại.", "The current password is wrong. Type it again."
                )
        return person
