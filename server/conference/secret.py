"""What media nodes show when they dial in.

The node on this very machine reads the installation's secret from its file. Every other one has a token of its own,
made from the secret and the node's name: one that leaks speaks for that node alone, and ends with its name in
`NHIPCAU_MEDIA_REVOKED`. A node answers browsers' offers, so whoever passes for one hears the meeting.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from pathlib import Path

from server.core.config import Settings
from server.core.secrets import kept_secret, write_private


def secret_file(settings: Settings) -> Path:
    """The file that nodes on this machine read the secret from; readable by its owner alone."""
    return settings.var / "media.secret"


@dataclass(frozen=True)
class NodeSecret:
    settings: Settings

    def value(self) -> str:
        """The configured secret, or the one in the file, which is made when it is missing. The file always holds it."""
        path = secret_file(self.settings)
        given = self.settings.media_secret
        if not given:
            return kept_secret(path)
        if not path.exists() or path.read_text().strip() != given:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_private(path, given + "\n")
        return given

    def token(self, node: str) -> str:
        """For the secret file of another machine's node: "name:token"."""
        digest = hmac.digest(self.value().encode(), f"media node {node}".encode(), hashlib.sha256)
        return f"{node}:{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"

    def named(self, bearer: str, *, here: bool) -> str | None:
        """As which node somebody dials in: "" is any, for who has the secret itself and is on this machine (`here`).
        None: as none."""
        node, colon, _ = bearer.partition(":")
        if not colon:
            return "" if here and hmac.compare_digest(bearer.encode(), self.value().encode()) else None
        if not hmac.compare_digest(bearer.encode(), self.token(node).encode()):
            return None
        return None if node in self.settings.media_revoked.split(",") else node


NODE_NAME = re.compile(r"[A-Za-z0-9._-]{1,63}")
