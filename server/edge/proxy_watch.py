"""Notices a proxy that is not in `NHIPCAU_TRUSTED_PROXIES`: everybody behind it counts as one address then, shares one
allowance of failed sign-ins and sockets, and stands in the audit log under the proxy's name."""

import math
import time
from collections import Counter

import structlog
from starlette.types import Scope

log = structlog.get_logger(__name__)

SAMPLE = 200
"""Requests that are looked at together: one client that makes the header up is no proxy."""
SHARE = 0.9
"""Of them that came by one address, with the header, before it counts as a proxy."""
TELL_EVERY = 3600.0
"""Seconds."""
_HEADERS = frozenset({b"x-forwarded-for", b"forwarded"})


class ProxyWatch:
    """One per process."""

    def __init__(self) -> None:
        self.untrusted: str | None = None
        """Address of the proxy that the last sample came by."""
        self._seen = 0
        self._by_address: Counter[str] = Counter()
        self._told_at = -math.inf

    def saw(self, scope: Scope) -> None:
        """A request came. Of a proxy that is believed the client's address is the one in the header by now."""
        self._seen += 1
        client = scope.get("client")
        said = [value.decode("latin-1") for name, value in scope["headers"] if name in _HEADERS]
        if said and client is not None and not any(client[0] in value for value in said):
            self._by_address[client[0]] += 1
        if self._seen >= SAMPLE:
            self._judge()

    def _judge(self) -> None:
        most = self._by_address.most_common(1)
        self.untrusted = most[0][0] if most and most[0][1] >= SHARE * self._seen else None
        self._seen = 0
        self._by_address.clear()
        now = time.monotonic()
        if self.untrusted is not None and now - self._told_at >= TELL_EVERY:
            self._told_at = now
            log.warning("untrusted-proxy", address=self.untrusted, add_it_to="NHIPCAU_TRUSTED_PROXIES")
