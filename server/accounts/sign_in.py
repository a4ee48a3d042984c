"""Signing in. The slow work (argon2) happens before any transaction opens, so that it never holds up other writers."""

from dataclasses import dataclass

from argon2 import PasswordHasher

from server.accounts import queries
from server.accounts.actions import links, people, sessions
from server.accounts.attempts import Attempts, WrongPassword
from server.accounts.models import AccessLink
from server.accounts.passwords import Passwords
from server.audit.actions import record
from server.core.actor import SYSTEM, Actor
from server.core.errors import NotAllowed
from server.core.services import Services
from server.core.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Browser:
    """Who is asking, before it is known who that is."""

    address: str
    user_agent: str
    token: str | None
    """Its present cookie, if any: that session ends when another owner signs in."""


class SignIn:
    """One per process: it counts attempts and bounds password checks."""

    def __init__(self, services: Services, hasher: PasswordHasher | None = None) -> None:
        self._services = services
        self._attempts = Attempts(services.settings.login_attempts)
        self.passwords = Passwords(services.settings.argon2_parallel, hasher)

    async def with_password(self, login: str, password: str, browser: Browser) -> str:
        """Returns the new cookie's value. WrongPassword (also for an unknown login), TooMany."""
        login = login.casefold()
        async with self._attempts.attempt(login, browser.address):
            async with self._services.database.read() as session:
                person = await queries.active_person_by_login(session, login)
            hashed = person.password_hash if person else None
            if not await self.passwords.verify(password, hashed) or person is None or hashed is None:
                async with self._services.transactions(SYSTEM) as tx:
                    await record(tx, "session.refused", "login", login[:64], address=browser.address)
                raise WrongPassword()
        stronger = await self.passwords.hash(password) if self.passwords.needs_rehash(hashed) else None
        async with self._services.transactions(Actor(person_id=person.id, name=person.full_name)) as tx:
            if stronger:
                await people.replace_hash(tx, person.id, hashed, stronger)
            return await self._open(tx, browser, person_id=person.id)

    async def with_link(self, token: str, browser: Browser) -> tuple[str, str]:
        """The cookie's value and where the link leads. `LinkEnded` if it is unknown, expired or revoked."""
        async with self._services.database.read() as session:
            link, owner = await queries.owner_of_link(session, token, self._services.clock())
        async with self._services.transactions(owner) as tx:
            await links.mark_opened(tx, link.id)
            cookie = await self._open(tx, browser, link, person_id=link.person_id, point_id=link.point_id)
        return cookie, link.next_path

    async def _open(
        self,
        tx: Transaction,
        browser: Browser,
        link: AccessLink | None = None,
        *,
        person_id: int | None = None,
        point_id: int | None = None,
    ) -> str:
        """Keeps the browser's session if it is the same owner's already (a link bound to a meeting widens a scoped
        one); ends it if it is somebody else's, or if a scoped one is to become a full one."""
        bound = link is not None and link.meeting_id is not None
        present = await queries.recognise(tx.session, browser.token, tx.now)
        if present is not None:
            same = (present.actor.person_id, present.actor.point_id) == (person_id, point_id)
            scoped = present.actor.only_meetings is not None
            if same and browser.token and (bound or not scoped):
                if scoped and link is not None:
                    await sessions.widen(tx, present.actor.session_id, link)
                return browser.token
            await sessions.end(tx, present.actor.session_id)
        return await sessions.open_session(
            tx,
            self._services.settings,
            person_id=person_id,
            point_id=point_id,
            user_agent=browser.user_agent,
            link=link if bound else None,
        )

    async def change_password(self, actor: Actor, current: str, new: str, browser: Browser) -> None:
        """Ends the person's other sessions. NotAllowed for halls, for people who sign in by link only, and for whoever
        came by a link this time."""
        if actor.person_id is None or actor.only_meetings is not None:
            raise NotAllowed()
        async with self._services.database.read() as session:
            person = await queries.person(session, actor.person_id)
        if person.login is None or person.password_hash is None:
            raise NotAllowed(
                "Tài khoản này đăng nhập bằng đường dẫn riêng, không dùng mật khẩu.",
                "This account signs in by its personal link and has no password.",
            )
        async with self._attempts.attempt(person.login, browser.address):
            if not await self.passwords.verify(current, person.password_hash):
                raise WrongPassword(
                    "Mật khẩu hiện tại chưa đúng. Nhập lại.", "The current password is wrong. Type it again."
                )
        hashed = await self.passwords.hash(new)
        async with self._services.transactions(actor) as tx:
            await people.change_own_password(tx, hashed)
