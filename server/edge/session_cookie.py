"""The cookie that says who is signed in.

Where the public address has TLS it bears the prefix `__Host-` (RFC 6265bis, section 4.1.3.2): browsers take such a
cookie from this very host over TLS alone, so no neighbouring site and nobody on the way can plant one. Browsers that
signed in before are taken over: their old cookie counts as long as it holds a token of that time, and the next look at
who is signed in gives it the new name.
"""

from collections.abc import Mapping

from starlette.responses import Response

from server.core.config import Settings

COOKIE = "nhipcau_session"
"""Without TLS, which the prefix needs."""
HOST_COOKIE = f"__Host-{COOKIE}"
HOST_TOKEN = "host."  # noqa: S105
"""Begins the tokens that are for `HOST_COOKIE` alone. No older token has a full stop."""
COOKIE_AGE = 400 * 24 * 3600
"""The longest that browsers keep a cookie; the server ends sessions on its own account."""


def has_tls(settings: Settings) -> bool:
    return settings.url.startswith("https://")


def session_token(cookies: Mapping[str, str], settings: Settings) -> str | None:
    """The token that a request brings, or None."""
    if not has_tls(settings):
        return cookies.get(COOKIE)
    return cookies.get(HOST_COOKIE) or _old_token(cookies)


def set_session_cookie(response: Response, token: str, settings: Settings) -> None:
    name = HOST_COOKIE if has_tls(settings) else COOKIE
    response.set_cookie(
        name, token, max_age=COOKIE_AGE, path="/", httponly=True, samesite="lax", secure=has_tls(settings)
    )
    if has_tls(settings):
        response.delete_cookie(COOKIE, path="/")


def renamed(response: Response, cookies: Mapping[str, str], settings: Settings) -> None:
    """Gives a cookie of before its new name."""
    if has_tls(settings) and HOST_COOKIE not in cookies:
        old = _old_token(cookies)
        if old:
            set_session_cookie(response, old, settings)


def delete_session_cookie(response: Response, settings: Settings) -> None:
    response.delete_cookie(COOKIE, path="/")
    if has_tls(settings):  # browsers ignore what bears the prefix without it
        response.delete_cookie(HOST_COOKIE, path="/", secure=True, httponly=True, samesite="lax")


def _old_token(cookies: Mapping[str, str]) -> str | None:
    old = cookies.get(COOKIE)
    return None if old is None or old.startswith(HOST_TOKEN) else old
