"""The secret that media nodes show when they dial in."""

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
