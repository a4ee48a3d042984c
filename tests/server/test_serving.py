"""What the server does before it listens."""

import pytest
from httpx2 import ASGITransport, AsyncClient

from server.core.config import Settings
from server.main import _routes, create_app
from server.serving import walk_the_routes

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def test_routes_are_made_before_the_first_who_come(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    _routes.cache_clear()  # of another test's application: here they are to be made
    app = create_app(settings)
    made: list[str] = []
    kind = type(app.router.routes[-1])
    make = kind._build_effective_context  # type: ignore[attr-defined]  # where FastAPI makes them, at the first look

    def noted(self: object, candidate: object, *rest: object, **more: object) -> object:
        made.append(repr(candidate))
        return make(self, candidate, *rest, **more)

    monkeypatch.setattr(kind, "_build_effective_context", noted)
    await walk_the_routes(app)
    assert len(made) > 100
    made.clear()
    async with AsyncClient(transport=ASGITransport(app), base_url=settings.url) as client:
        assert (await client.get("/api/session")).status_code in (200, 401)
        assert (await client.get("/api/audit")).status_code == 401
        assert (await client.get("/api/nothing")).status_code == 404
    assert not made
