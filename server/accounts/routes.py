from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter
from pydantic import Field

from server.accounts import directory, duplicates, password_reset, queries
from server.accounts.actions import links, merging, people, posts, second_factor, sessions
from server.accounts.actions.anonymise import anonymise
from server.accounts.dependencies import (
    AppServices,
    AskingBrowser,
    CurrentActor,
    ReadSession,
    SignInDesk,
    Write,
    welcome,
)
from server.accounts.known_devices import set_device_cookie
from server.accounts.models import SignInSession
from server.accounts.openid.provider import Provider
from server.accounts.password_rules import require_strong
from server.accounts.schemas import (
    AnonymiseWrite,
    DirectoryPage,
    DirectoryQuery,
    DuplicatesPage,
    DuplicatesQuery,
    FactorBegun,
    FactorCode,
    FactorState,
    LinkOut,
    LinkSignedIn,
    LinkSignIn,
    LinkWrite,
    Me,
    MergePreview,
    MergeWrite,
    PasswordChange,
    PeopleQuery,
    PersonFull,
    PersonOut,
    PersonPatch,
    PersonWrite,
    PostWrite,
    PresenceProof,
    RecoveryCodes,
    ResetAsked,
    ResetOwner,
    ResetToken,
    ResetWrite,
    RoleWrite,
    SessionOut,
    SignedOut,
    SignInWrite,
)
from server.accounts.second_factor import provisioning_uri, typed_key
from server.accounts.sign_in import SignIn
from server.core.actor import Actor
from server.core.errors import Invalid, NotAllowed, NotFound
from server.core.fields import Id
from server.core.qr import svg
from server.edge.dependencies import SeenRevision
from server.edge.idempotency import Once
from server.edge.routing import WriteRoute
from server.edge.session_cookie import delete_session_cookie, renamed

router = APIRouter(prefix="/api", tags=["accounts"], route_class=WriteRoute)

RowId = Annotated[Id, PathParameter()]


@router.post("/session")
async def sign_in(
    write: SignInWrite, desk: SignInDesk, browser: AskingBrowser, services: AppServices, response: Response
) -> Me:
    signed_in = await desk.with_password(write.login.strip(), write.password, browser, write.code)
    me = await welcome(services, response, signed_in.token)
    set_device_cookie(response, signed_in.device, services.settings)
    return me


@router.post("/session/link")
async def sign_in_by_link(
    write: LinkSignIn, desk: SignInDesk, browser: AskingBrowser, services: AppServices, response: Response
) -> LinkSignedIn:
    token, next_path = await desk.with_link(write.token, browser, replace=write.replace)
    return LinkSignedIn(me=await welcome(services, response, token), next=next_path)


@router.post("/session/password-reset", status_code=202)
async def forgot_password(write: ResetAsked, browser: AskingBrowser, services: AppServices) -> None:
    """A link goes to the person's address, if there is such a person. Who asks does not learn that."""
    if services.settings.smtp_url is None:
        raise NotFound()
    await password_reset.ask(services, write.who, browser.address)


@router.post("/session/password-reset/owner")
async def owner_of_reset(write: ResetToken, session: ReadSession, services: AppServices) -> ResetOwner:
    """Whose password the link sets anew."""
    _, person = await password_reset.owner(session, services, write.token)
    return ResetOwner(login=person.login or "", name=person.full_name)


@router.put("/session/password-reset", status_code=204)
async def reset_password(write: ResetWrite, desk: SignInDesk, browser: AskingBrowser, services: AppServices) -> None:
    await desk.reset_password(write.token, write.password, browser)


@router.get("/session")
async def who_am_i(
    actor: CurrentActor, session: ReadSession, request: Request, response: Response, services: AppServices
) -> Me:
    renamed(response, request.cookies, services.settings)
    return await queries.me(session, actor, services.settings)


@router.delete("/session")
async def sign_out(actor: CurrentActor, response: Response, services: AppServices) -> SignedOut:
    async with services.transactions(actor) as tx:
        token = await sessions.end(tx, actor.session_id)
    delete_session_cookie(response, services.settings)
    # W3C Clear Site Data: pages of papers that were read lie in the cache, also of a tablet that the next takes over.
    response.headers["Clear-Site-Data"] = '"cache"'
    return SignedOut(provider=await services.components[Provider].way_out(token) if token else None)


@router.get("/sessions")
async def own_sessions(actor: CurrentActor, session: ReadSession, services: AppServices) -> list[SessionOut]:
    return [_session_out(found, actor) for found in await queries.own_sessions(session, actor, services.clock())]


@router.delete("/sessions", status_code=204)
async def end_other_sessions(tx: Write) -> None:
    """All of one's own but the one that asks."""
    await sessions.end_others(tx)


@router.delete("/sessions/{session_id}", status_code=204)
async def revoke_session(session_id: RowId, tx: Write) -> None:
    await sessions.revoke(tx, session_id)


@router.put("/session/password", status_code=204)
async def change_password(
    change: PasswordChange, actor: CurrentActor, desk: SignInDesk, browser: AskingBrowser
) -> None:
    await desk.change_password(actor, change.current, change.new, browser)


@router.get("/session/second-factor")
async def own_second_factor(actor: CurrentActor, session: ReadSession, services: AppServices) -> FactorState:
    return await queries.factor_state(session, actor, required=services.settings.second_factor_required)


@router.post("/session/second-factor")
async def begin_second_factor(
    proof: PresenceProof, actor: CurrentActor, desk: SignInDesk, browser: AskingBrowser, services: AppServices
) -> FactorBegun:
    """The key for the person's app. It counts once one of its codes was typed."""
    person = await desk.prove_presence(actor, proof.password, browser)
    async with services.transactions(actor) as tx:
        key = await second_factor.begin(tx, desk.factor_keys)
    return FactorBegun(key=typed_key(key), qr=svg(provisioning_uri(key, person.login or person.full_name)))


@router.put("/session/second-factor")
async def confirm_second_factor(write: FactorCode, tx: Write, desk: SignInDesk) -> RecoveryCodes:
    return RecoveryCodes(codes=await second_factor.confirm(tx, desk.factor_keys, write.code))


@router.post("/session/second-factor/off", status_code=204)
async def turn_second_factor_off(
    proof: PresenceProof, actor: CurrentActor, desk: SignInDesk, browser: AskingBrowser, services: AppServices
) -> None:
    await desk.prove_presence(actor, proof.password, browser)
    async with services.transactions(actor) as tx:
        await second_factor.turn_off(tx)


@router.delete("/people/{person_id}/second-factor", status_code=204)
async def reset_second_factor(person_id: RowId, tx: Write) -> None:
    await second_factor.reset(tx, person_id)


@router.get("/people/{person_id}/sessions")
async def sessions_of_person(
    person_id: RowId, actor: CurrentActor, session: ReadSession, services: AppServices
) -> list[SessionOut]:
    await people.require_admin_of(session, actor, person_id)
    found = await queries.sessions_of(session, services.clock(), person_id)
    return [_session_out(each, actor) for each in found]


@router.delete("/people/{person_id}/sessions/{session_id}", status_code=204)
async def end_session_of_person(person_id: RowId, session_id: RowId, tx: Write) -> None:
    await people.require_admin_of(tx.session, tx.actor, person_id)
    await sessions.revoke_of(tx, session_id, person_id)


@router.delete("/people/{person_id}/sessions", status_code=204)
async def end_sessions_of_person(person_id: RowId, tx: Write) -> None:
    await people.require_admin_of(tx.session, tx.actor, person_id)
    await sessions.revoke_all_of(tx, person_id)


@router.get("/people")
async def find_people(
    actor: CurrentActor, services: AppServices, asked: Annotated[PeopleQuery, Query()]
) -> list[PersonOut]:
    """To choose from: who is probably meant comes first."""
    return await services.database.beside(lambda session: directory.find_people(session, actor, asked))


@router.get("/people/directory")
async def people_directory(
    actor: CurrentActor, services: AppServices, asked: Annotated[DirectoryQuery, Query()]
) -> DirectoryPage:
    """The people whom one administers, page by page."""
    return await services.database.beside(lambda session: directory.directory(session, actor, asked))


@router.get("/people/duplicates")
async def people_twice(
    actor: CurrentActor, services: AppServices, asked: Annotated[DuplicatesQuery, Query()]
) -> DuplicatesPage:
    """Pairs of records that may be of one person, of the branches that one administers."""
    return await services.database.beside(lambda session: duplicates.duplicates(session, actor, asked))


@router.get("/people/{person_id}")
async def person(person_id: RowId, actor: CurrentActor, session: ReadSession) -> PersonFull:
    return await queries.person_full(session, actor, person_id)


@router.post("/people", status_code=201, dependencies=[Once])
async def create_person(write: PersonWrite, actor: CurrentActor, desk: SignInDesk, services: AppServices) -> PersonFull:
    hashed = await _hashed(write.password, actor, desk, write.login, write.full_name)
    async with services.transactions(actor) as tx:
        made = await people.create_person(tx, write, hashed)
        return await queries.person_full(tx.session, actor, made.id)


@router.patch("/people/{person_id}")
async def edit_person(
    *,
    person_id: RowId,
    patch: PersonPatch,
    actor: CurrentActor,
    desk: SignInDesk,
    services: AppServices,
    seen: SeenRevision = None,
) -> PersonFull:
    known = None
    if patch.password and people.may_administer(actor):
        async with services.database.read() as session:
            known = await queries.person(session, person_id)
    own = (known.login, known.full_name) if known is not None else ()
    hashed = await _hashed(patch.password, actor, desk, patch.login, patch.full_name, *own)
    async with services.transactions(actor) as tx:
        await people.edit_person(tx, person_id, patch, hashed, seen)
        return await queries.person_full(tx.session, actor, person_id)


@router.put("/people/{person_id}/roles")
async def set_roles(person_id: RowId, roles: list[RoleWrite], tx: Write, seen: SeenRevision = None) -> PersonFull:
    if len(roles) > 100:
        raise Invalid()
    await people.set_roles(tx, person_id, roles, seen)
    return await queries.person_full(tx.session, tx.actor, person_id)


@router.put("/people/{person_id}/posts")
async def set_posts(
    person_id: RowId,
    write: Annotated[list[PostWrite], Field(max_length=50)],
    tx: Write,
    seen: SeenRevision = None,
) -> PersonFull:
    """All positions of a person, the main one first."""
    await posts.set_posts(tx, person_id, write, seen)
    return await queries.person_full(tx.session, tx.actor, person_id)


@router.get("/people/{person_id}/alike")
async def people_alike(person_id: RowId, actor: CurrentActor, session: ReadSession) -> list[PersonOut]:
    """Other records that may be of the same person: the same name, spelled alike, with the same unit, day of birth or
    telephone."""
    return await directory.alike(session, actor, await people.require_admin_of(session, actor, person_id))


@router.get("/people/{person_id}/merge/{gone_id}")
async def merge_preview(
    person_id: RowId, gone_id: RowId, actor: CurrentActor, session: ReadSession, services: AppServices
) -> MergePreview:
    """What would become of `gone_id`, if it ended in this record."""
    return await merging.preview(session, actor, services.components, person_id, gone_id)


@router.post("/people/{person_id}/merge")
async def merge_people(person_id: RowId, write: MergeWrite, tx: Write) -> PersonFull:
    """Another record of the same person ends in this one, which takes over all there is of it."""
    await merging.merge(tx, person_id, write.gone_id)
    return await queries.person_full(tx.session, tx.actor, person_id)


@router.post("/people/{person_id}/anonymise")
async def anonymise_person(person_id: RowId, write: AnonymiseWrite, tx: Write) -> PersonFull:
    """For whoever must be forgotten by law: name, addresses and sign-in go for good, the meetings' record stays."""
    await anonymise(tx, person_id, write.full_name)
    return await queries.person_full(tx.session, tx.actor, person_id)


@router.post("/links", status_code=201, dependencies=[Once])
async def create_link(write: LinkWrite, tx: Write, services: AppServices) -> LinkOut:
    if (write.person_id is None) == (write.point_id is None):
        raise Invalid.fields(
            {"person_id": ("Chọn một người hoặc một điểm cầu.", "Choose one person or one bridge point.")}
        )
    link, expires_at = await links.create_link(
        tx,
        person_id=write.person_id,
        point_id=write.point_id,
        next_path=write.next,
        days=write.days,
        replace=write.replace,
    )
    address = f"{services.settings.url}{link}"
    return LinkOut(link=link, address=address, qr=svg(address), expires_at=expires_at)


def _session_out(found: SignInSession, actor: Actor) -> SessionOut:
    return SessionOut(
        id=found.id,
        created_at=found.created_at,
        last_seen_at=found.last_seen_at,
        user_agent=found.user_agent,
        address=found.address,
        current=found.id == actor.session_id,
    )


async def _hashed(password: str | None, actor: Actor, desk: SignIn, *own: str | None) -> str | None:
    """Before the transaction opens; not for people without any administrator's role, whom it would only cost time.
    `own`: what others know of the person."""
    if not people.may_administer(actor):
        raise NotAllowed()
    if not password:
        return None
    require_strong(password, *own, field="password")
    return await desk.passwords.hash(password)
