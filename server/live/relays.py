"""Relays (TURN, RFC 8656) for browsers that reach the media node neither by UDP nor on its TCP port: a server of its
own (coturn) on 443, told to browsers with credentials that end by themselves (draft-uberti-behave-turn-rest-00)."""

import base64
import hashlib
import hmac
from datetime import datetime

from server.core.config import Settings
from server.live.protocol import Relay

LIFETIME = 24 * 3600
"""Seconds in which a connection has to begin; one that stands goes on. Every snapshot brings fresh ones."""


def relays(settings: Settings, name: str, now: datetime) -> list[Relay]:
    """What this client's `RTCPeerConnection` is given; empty without relays. `name` stands in the relay's log."""
    if not settings.turn_urls or settings.turn_secret is None:
        return []
    username = f"{int(now.timestamp()) + LIFETIME}:{name}"
    digest = hmac.new(settings.turn_secret.encode(), username.encode(), hashlib.sha1)
    credential = base64.b64encode(digest.digest()).decode()
    return [Relay(urls=list(settings.turn_urls), username=username, credential=credential)]
