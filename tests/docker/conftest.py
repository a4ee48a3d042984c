"""The application on a real port, as the server's own tests have it."""

from tests.server.conftest import server

__all__ = ["server"]
