"""Which names this site has, and whether a browser's request comes from a page of this very site.

The site's own names are the public address and `NHIPCAU_EXTRA_ORIGINS`. Addresses in digits and "localhost" are taken
beside them: a page of somebody else's that leads a browser here by a name of its own (DNS rebinding) has no such
address. Without a public address, any name is the site's: nothing is known of it then.
"""

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from server.core.config import Settings

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")


class Site(NamedTuple):
    """An origin (RFC 6454) in one spelling: lower case, and with its port."""

    scheme: str
    host: str
    port: int


def site_of(origin: str) -> Site | None:
    """None for what is no http(s) origin."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        return None
    return Site(parts.scheme, parts.hostname.rstrip("."), port or _PORTS[parts.scheme])


def own_sites(settings: Settings) -> frozenset[Site]:
    return _own_sites(settings.url, settings.extra_origins)


@lru_cache(8)
def _own_sites(url: str, extra: str) -> frozenset[Site]:
    return frozenset(site for each in (url, *extra.split(",")) if (site := site_of(each.strip())) is not None)


def is_own_host(host: str | None, settings: Settings) -> bool:
    """Whether a request's Host header names this site."""
    name = host_name(host)
    if name is None:
        return False
    if settings.public_url is None or name == "localhost" or any(site.host == name for site in own_sites(settings)):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def host_name(host: str | None) -> str | None:
    """Without port, brackets and case; None for what is no host."""
    if not host:
        return None
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not colon:
        name = host
    elif not port.isdecimal():
        return None
    if _HOST.fullmatch(name) is None:
        return None
    return name.strip("[]").rstrip(".").lower()


def is_same_origin(origin: str | None, host: str | None, settings: Settings) -> bool:
    """`origin`: the header; None (not a browser, or a plain same-site GET) passes. `host`: the request's Host header.

    Accepted: the site's own origins, and the host that the request was sent to, unless it is one of these by another
    scheme."""
    if origin is None:
        return True
    site = site_of(origin)
    if site is None:
        return False
    own = own_sites(settings)
    if site in own:
        return True
    asked = site_of(f"{site.scheme}://{host or ''}")
    if asked != site or not is_own_host(host, settings):
        return False
    return settings.public_url is None or not any(_by_another_scheme(each, site) for each in own)


def _by_another_scheme(one: Site, other: Site) -> bool:
    """A page that came without TLS is not the same site's that has it: anybody on the way may have written it."""
    if one.host != other.host or one.scheme == other.scheme:
        return False
    return one.port == other.port or (one.port == _PORTS[one.scheme] and other.port == _PORTS[other.scheme])
