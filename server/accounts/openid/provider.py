"""The provider: what it says of itself (OpenID Connect Discovery 1.0), the way there and back (RFC 6749 with PKCE,
RFC 7636), what it vouches for (OpenID Connect Core 1.0), and the way out (RP-Initiated Logout 1.0)."""

import time
from dataclasses import dataclass
from typing import Any

import httpx2
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import is_secure_transport
from authlib.integrations.base_client import BaseApp
from authlib.integrations.base_client.async_app import AsyncOAuth2Mixin
from authlib.integrations.base_client.async_openid import AsyncOpenIDMixin
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.errors import JoseError

from server.core.config import Settings
from server.core.errors import DomainError, NotFound

log = structlog.get_logger(__name__)

RETURN = "/api/session/oidc/return"
"""Path of this site to which the provider leads back."""
_RENEW = 3600.0
"""Seconds after which the provider is asked anew what it says of itself."""
_PATIENCE = 8.0
"""Seconds for each of its answers."""
_SIGNED = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""With the provider's own key: neither unsigned, nor with what the client knows, too."""
_WRONG = (httpx2.HTTPError, AuthlibBaseError, JoseError, ValueError, KeyError, RuntimeError, TypeError)
"""What comes of an answer that is none."""


class ProviderAway(DomainError):
    code = "provider-away"
    status = 503
    vi = "Hệ thống đăng nhập bên ngoài không trả lời. Thử lại sau ít phút, hoặc đăng nhập bằng mật khẩu."
    en = "The other sign-in service does not answer. Try again in some minutes, or sign in with your password."


class ProviderRefused(DomainError):
    """What came back is not what was asked for, or says no."""

    code = "provider-refused"
    status = 401
    vi = "Hệ thống đăng nhập bên ngoài không xác nhận được đồng chí. Thử lại từ đầu."
    en = "The other sign-in service did not confirm who you are. Begin again."


@dataclass(frozen=True, slots=True)
class Way:
    """There, with what the answer has to match."""

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom the provider vouches for."""

    issuer: str
    subject: str
    email: str | None
    """As far as it is verified that it is theirs."""
    strong: bool
    """Signed in there with more than a password, as the settings say that it looks."""
    id_token: str


class _Client(AsyncOAuth2Mixin, AsyncOpenIDMixin, BaseApp):  # type: ignore[misc]
    client_cls = AsyncOAuth2Client


class Provider:
    """One per application; its settings do not change while that runs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: _Client | None = None
        self._asked_at = 0.0

    @property
    def name(self) -> str | None:
        """As it stands on the button; None: nobody signs in elsewhere."""
        settings = self._settings
        if settings.oidc_issuer is None or settings.oidc_client_id is None:
            return None
        return settings.oidc_name or settings.oidc_issuer.split("://", 1)[1].split("/", 1)[0]

    async def look(self) -> str:
        """Asks it anew what it says of itself; "" if that is in order, else what is wrong. NotFound."""
        before, self._client = self._client, None
        try:
            await self._known()
        except ProviderAway as away:
            self._client = before
            return str(away.__context__ or "") or type(away.__context__).__name__
        return ""

    async def way_there(self) -> Way:
        """NotFound where there is no provider, ProviderAway."""
        client = await self._known()
        try:
            made = await client.create_authorization_url(f"{self._settings.url}{RETURN}")
        except _WRONG as error:
            raise _away(error) from None
        return Way(made["url"], made["state"], made["nonce"], made["code_verifier"])

    async def vouch(self, code: str, way: Way, issuer: str | None) -> Vouched:
        """Takes the code that the provider led back with. `issuer`: as the way back says (RFC 9207). ProviderRefused,
        ProviderAway."""
        client = await self._known()
        if issuer is not None and issuer != client.server_metadata["issuer"]:
            raise ProviderRefused()
        try:
            token = await client.fetch_access_token(
                f"{self._settings.url}{RETURN}", code=code, code_verifier=way.verifier
            )
            claims = dict(await client.parse_id_token(token, way.nonce, self._expected(client)) or {})
            if "email" not in claims and "userinfo_endpoint" in client.server_metadata:
                said = await client.userinfo(token=token)
                if said["sub"] != claims["sub"]:  # Core 5.3.2
                    raise ProviderRefused()
                claims = {**said, **claims}
            return self._vouched(client, claims, token["id_token"])
        except httpx2.TransportError as error:
            raise _away(error) from None
        except _WRONG as error:
            log.warning("provider-refused", error=repr(error))
            raise ProviderRefused() from None

    async def way_out(self, id_token: str) -> str | None:
        """Where one signs out there, too; None if it has no such page, or does not answer now."""
        try:
            client = await self._known()
            if "end_session_endpoint" not in client.server_metadata:
                return None
            made = await client.create_logout_url(
                f"{self._settings.url}/sign-in", id_token, client_id=self._settings.oidc_client_id
            )
        except (DomainError, *_WRONG):
            return None
        return str(made["url"])

    async def _known(self) -> _Client:
        """The client, knowing what the provider says of itself."""
        issuer = self._settings.oidc_issuer
        if issuer is None or self.name is None:
            raise NotFound()
        if self._client is not None and time.monotonic() - self._asked_at < _RENEW:
            return self._client
        client = _Client(
            None,
            client_id=self._settings.oidc_client_id,
            client_secret=self._settings.oidc_client_secret,
            server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid email profile",
                "code_challenge_method": "S256",
                "timeout": _PATIENCE,
            },
        )
        try:
            said = await client.load_server_metadata()
            if said["issuer"].rstrip("/") != issuer.rstrip("/"):  # Discovery 4.3
                raise ValueError(f"it calls itself {said['issuer']}")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not is_secure_transport(said[name]):
                    raise ValueError(f"{name} without TLS")
        except _WRONG as error:
            if self._client is not None:  # what it said an hour ago holds, as a rule
                return self._client
            raise _away(error) from None
        algorithms = said.get("id_token_signing_alg_values_supported") or ["RS256"]
        said["id_token_signing_alg_values_supported"] = [each for each in algorithms if each in _SIGNED]
        self._client, self._asked_at = client, time.monotonic()
        return client

    def _expected(self, client: _Client) -> dict[str, Any]:
        return {
            "iss": {"essential": True, "values": [client.server_metadata["issuer"]]},
            "aud": {"essential": True, "value": self._settings.oidc_client_id},
        }

    def _vouched(self, client: _Client, claims: dict[str, Any], id_token: str) -> Vouched:
        email = claims.get("email")
        verified = claims.get("email_verified", self._settings.oidc_email_trusted)
        strong = set(filter(None, (each.strip() for each in self._settings.oidc_second_factor.split(","))))
        shown = {claims.get("acr"), *(claims.get("amr") or ())}
        return Vouched(
            issuer=client.server_metadata["issuer"][:300],
            subject=str(claims["sub"])[:255],  # Core, section 8: no longer
            # Some write the truth in quotation marks.
            email=email if isinstance(email, str) and str(verified).lower() == "true" else None,
            strong=not strong.isdisjoint(shown),
            id_token=id_token,
        )


def _away(error: Exception) -> ProviderAway:
    log.warning("provider-away", error=repr(error))
    return ProviderAway()
