from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, func
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, validates

from server.core.database import Base
from server.core.errors import Conflict, DomainError, Invalid
from server.core.fields import folded
from server.core.revisions import Revised
from server.core.uniqueness import said_as


def login_taken() -> DomainError:
    return Invalid.fields({"login": ("Tên đăng nhập này đã có người dùng.", "This login is taken.")})


class RoleGiven(Conflict):
    code = "role-given"
    vi = "Người này vừa được giao vai trò ấy. Tải lại trang để xem."
    en = "This person has just been given that role. Reload the page to see."


class IdentityTaken(Conflict):
    code = "identity-taken"
    vi = "Tài khoản ấy vừa được gắn. Đăng nhập lại."
    en = "That account has just been linked. Sign in again."


SEARCHED = 200
"""Letters of a name or a position that are searched."""


def _title_folded(context: DefaultExecutionContext) -> str:
    values: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return folded(values.get("title") or "")[:SEARCHED]


class Person(Revised, Base):
    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    full_name: Mapped[str] = mapped_column(String(200))
    search_name: Mapped[str] = mapped_column(String(200), index=True)
    """`full_name` folded (`core.fields.folded`): people are found without typing diacritics."""
    title: Mapped[str] = mapped_column(String(200), default="")
    """Chức vụ: "Bí thư Huyện ủy". Of somebody with `Post` rows the main one of today, kept by `actions.posts`."""
    search_title: Mapped[str] = mapped_column(String(SEARCHED), default=_title_folded, server_default="")
    """`title` folded. Follows it here; who updates `title` by a statement sets it, too."""
    sex: Mapped[str | None] = mapped_column(String(6))
    """male, female: for "Ông" and "Bà". None: not known."""
    born_on: Mapped[date | None]
    """Tells namesakes apart; for administrators alone."""
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    login: Mapped[str | None] = mapped_column(String(64), unique=True, info=said_as(login_taken))
    """Lower case; None for people who never sign in with a password."""
    password_hash: Mapped[str | None] = mapped_column(String(255))
    disabled_at: Mapped[datetime | None]
    """Locked: no way in, and on no list to choose from."""
    anonymised_at: Mapped[datetime | None]
    signed_in_at: Mapped[datetime | None]
    """When last by password or link; None: never."""
    account_since: Mapped[datetime | None]
    """Of an account that was never used: since when it is known to be there (`dormancy`)."""
    dormancy_warned_at: Mapped[datetime | None]
    dormant_at: Mapped[datetime | None]
    """Closed as nobody has used it for long: no password and no provider opens it until an administrator does. The
    person stays on the lists to choose from, and links to meetings lead there."""

    @validates("full_name")
    def _name_searched(self, _key: str, full_name: str) -> str:
        self.search_name = folded(full_name)[:SEARCHED]
        return full_name

    @validates("title")
    def _title_searched(self, _key: str, title: str) -> str:
        self.search_title = folded(title)[:SEARCHED]
        return title


Index("ix_people_email_lower", func.lower(Person.email))


class Post(Base):
    """A position that somebody holds, held or will hold (chức vụ). Somebody without any has `Person.title` alone."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(default=0)
    """The main one first: of those held on a day the first is the one that is shown."""
    valid_from: Mapped[date | None]
    """First day; None: not known."""
    valid_until: Mapped[date | None]
    """Last day; None: open."""


class RoleGrant(Base):
    __tablename__ = "role_grants"
    __table_args__ = (UniqueConstraint("person_id", "role", "unit_id", info=said_as(RoleGiven)),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(32))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)


class SignInSession(Base):
    """A signed-in browser: of a person, or of a hall's device (`point_id`). The cookie's value is stored hashed."""

    __tablename__ = "sign_in_sessions"
    __table_args__ = (CheckConstraint("person_id IS NOT NULL OR point_id IS NOT NULL", name="has_owner"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    point_id: Mapped[int | None] = mapped_column(ForeignKey("bridge_points.id", ondelete="CASCADE"))
    scoped: Mapped[bool] = mapped_column(default=False)
    """Opened by links that are bound to meetings (`SessionLink`): nothing but those is reached with it, whatever roles
    the person has."""
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    address: Mapped[str] = mapped_column(String(45), default="")
    """From where it was opened."""
    second_factor: Mapped[bool] = mapped_column(default=False)
    """Signed in with a code of the person's app, or enrolled in it."""
    within: Mapped[str | None] = mapped_column(String(255))
    """Opened by a link that an administrator of the unit of this path made, see `Actor.within`."""
    provider_token: Mapped[str | None] = mapped_column(Text)
    """Signed in at the OpenID provider: its ID token, by which it knows whom to sign out there (RP-Initiated Logout
    1.0, section 2). Opens nothing here."""


class AccessLink(Base):
    """A personal link (`/join/<token>`) that signs a person or a hall's device in without a password. Stored hashed."""

    __tablename__ = "access_links"
    __table_args__ = (Index("ix_access_links_meeting_person", "meeting_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    point_id: Mapped[int | None] = mapped_column(ForeignKey("bridge_points.id", ondelete="CASCADE"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    """Bound to one meeting: a session that it opens reaches nothing else."""
    within: Mapped[str | None] = mapped_column(String(255))
    """Path of the unit whose administrator made it: it carries no more than that one could give."""
    next_path: Mapped[str] = mapped_column(String(300), default="/")
    """Where it leads, a path of this site."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    """First used."""
    revoked_at: Mapped[datetime | None]


class SessionLink(Base):
    """A meeting-bound link by which a scoped session was opened or widened. Revoking the link takes the meeting away
    from the session at once."""

    __tablename__ = "session_links"

    session_id: Mapped[int] = mapped_column(ForeignKey("sign_in_sessions.id", ondelete="CASCADE"), primary_key=True)
    link_id: Mapped[int] = mapped_column(
        ForeignKey("access_links.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    confirmed_at: Mapped[datetime | None]
    """Somebody who keeps the meeting's lists has confirmed that this device is the person's own: leads from then on."""


class Identity(Base):
    """A person's account of the OpenID provider: signs in here as this person."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject", info=said_as(IdentityTaken)),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(String(300))
    subject: Mapped[str] = mapped_column(String(255))
    """Its name there for good (OpenID Connect Core 1.0, section 8)."""
    created_at: Mapped[datetime]


class PasswordReset(Base):
    """A link, sent to the person's address, by which a password that was forgotten is set anew, once. Stored hashed."""

    __tablename__ = "password_resets"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class SecondFactor(Base):
    """A person's authenticator app."""

    __tablename__ = "second_factors"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    sealed_key: Mapped[str] = mapped_column(String(200))
    """Encrypted, see `second_factor.FactorKeys`."""
    last_step: Mapped[int]
    """Of time: no code of it or before is taken again."""
    confirmed_at: Mapped[datetime | None]
    """None: begun, not in use yet."""


class RecoveryCode(Base):
    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]
