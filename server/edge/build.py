"""Which build of the web application this server hands out."""

import json
from pathlib import Path


class Build:
    """The number that the build wrote beside its files (SvelteKit's `version.json`); read again when it is renewed."""

    def __init__(self, web: Path) -> None:
        self._file = web / "_app" / "version.json"
        self._written: int | None = None
        self._number = ""

    def number(self) -> str:
        """Empty where the application is not built."""
        try:
            written = self._file.stat().st_mtime_ns
            if written != self._written:
                self._number = str(json.loads(self._file.read_bytes())["version"])
                self._written = written
        except (OSError, ValueError, KeyError, TypeError):  # absent, or a build replaces it just now
            return self._number
        return self._number
