"""There and back. Browsers are led by addresses here, so refusals are told by the sign-in page."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from server.accounts.actions.second_factor import SecondFactorNeeded
from server.accounts.dependencies import AppServices, AskingBrowser, SignInDesk, Write, welcome
from server.accounts.openid import identities
from server.accounts.openid.provider import Provider, ProviderRefused
from server.accounts.openid.underway import LONGEST, Underway
from server.accounts.routes import RowId
from server.accounts.schemas import FactorCode, Me, NextPath, SignInWays
from server.audit.log import AuditLog
from server.core.actor import Actor
from server.core.config import Settings
from server.core.errors import DomainError
from server.edge.dependencies import component
from server.edge.routing import WriteRoute
from server.edge.session_cookie import has_tls, set_session_cookie

router = APIRouter(prefix="/api", tags=["accounts"], route_class=WriteRoute)

COOKIE = "nhipcau_oidc"
_PATH = "/api/session/oidc"

OpenIdProvider = Annotated[Provider, Depends(component(Provider))]
OnTheWay = Annotated[Underway, Depends(component(Underway))]
Word = Annotated[str | None, Query(max_length=4000)]


@router.get("/session/ways")
async def ways(provider: OpenIdProvider, services: AppServices) -> SignInWays:
    """For everybody: what the sign-in page offers."""
    return SignInWays(provider=provider.name, reset=services.settings.smtp_url is not None)


@router.get("/session/oidc", response_class=RedirectResponse, status_code=303)
async def go_there(
    request: Request, provider: OpenIdProvider, underway: OnTheWay, services: AppServices, next: NextPath = "/"
) -> Response:
    """Leads the browser to the provider."""
    if request.headers.get("sec-fetch-site") == "cross-site":  # nobody is signed in by somebody else's page
        return _to_sign_in(next)
    try:
        way = await provider.way_there()
    except DomainError as refusal:
        return _to_sign_in(next, refused=refusal.code)
    response = RedirectResponse(way.address, status_code=303)
    _set_cookie(response, underway.gone(way, next), services.settings)
    return response


@router.get("/session/oidc/return", response_class=RedirectResponse, status_code=303)
async def come_back(
    *,
    request: Request,
    provider: OpenIdProvider,
    underway: OnTheWay,
    desk: SignInDesk,
    browser: AskingBrowser,
    services: AppServices,
    code: Word = None,
    state: Word = None,
    iss: Word = None,
) -> Response:
    """The provider leads back here."""
    gone = underway.back(request.cookies.get(COOKIE))
    next_path = gone.next_path if gone is not None else "/"
    try:
        if gone is None or code is None or state != gone.way.state:
            raise ProviderRefused()
        vouched = await provider.vouch(code, gone.way, iss)
        async with services.database.read() as session:
            person, linked = await identities.owner_of(session, vouched)
        try:
            token = await desk.with_provider(person, vouched, browser, linked=linked)
        except SecondFactorNeeded:
            response = _to_sign_in(next_path, step="code")
            _set_cookie(response, underway.wait(person.id, vouched), services.settings)
            return response
    except DomainError as refusal:
        services.components[AuditLog].refused(Actor(address=browser.address), refusal.code, "session of the provider")
        response = _to_sign_in(next_path, refused=refusal.code)
        _forget_cookie(response, services.settings)
        return response
    response = RedirectResponse(next_path, status_code=303)
    set_session_cookie(response, token, services.settings)
    _forget_cookie(response, services.settings)
    return response


@router.post("/session/oidc")
async def type_code(
    *,
    write: FactorCode,
    request: Request,
    response: Response,
    underway: OnTheWay,
    desk: SignInDesk,
    browser: AskingBrowser,
    services: AppServices,
) -> Me:
    """The second factor of somebody whom the provider vouches for."""
    cookie = request.cookies.get(COOKIE)
    waiting = underway.waiting(cookie)
    if waiting is None:
        raise ProviderRefused()
    async with services.database.read() as session:
        person, linked = await identities.owner_of(session, waiting.vouched)
    token = await desk.with_provider(person, waiting.vouched, browser, linked=linked, code=write.code)
    underway.done(cookie)
    _forget_cookie(response, services.settings)
    return await welcome(services, response, token)


@router.delete("/people/{person_id}/identity", status_code=204)
async def unlink(person_id: RowId, tx: Write) -> None:
    """The person's accounts of the provider sign in no more."""
    await identities.unlink(tx, person_id)


def _to_sign_in(next_path: str, **said: str) -> RedirectResponse:
    asked = {**said, **({"next": next_path} if next_path != "/" else {})}
    return RedirectResponse(f"/sign-in?{urlencode(asked)}" if asked else "/sign-in", status_code=303)


def _set_cookie(response: Response, value: str, settings: Settings) -> None:
    """Lax: the way back is a page that another site leads to."""
    response.set_cookie(
        COOKIE, value, max_age=LONGEST, path=_PATH, httponly=True, samesite="lax", secure=has_tls(settings)
    )


def _forget_cookie(response: Response, settings: Settings) -> None:
    response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="lax", secure=has_tls(settings))
