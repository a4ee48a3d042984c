import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from server.accounts.dependencies import COOKIE
from server.core.config import Settings
from server.core.services import Services
from server.edge.budgets import BODY as MAX_BODY
from server.edge.dependencies import Recognise
from server.edge.headers import inline_script_hashes
from server.edge.proxy_watch import SAMPLE
from server.main import create_app
from tests.builders import Province
from tests.conftest import Browsers


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Nhipcau": "0"},
        {"X-Nhipcau": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "https://hop.test"},
        {"Origin": "http://hop.test:8080"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_foreign_pages_change_nothing(browser: Browsers, province: Province, headers: dict[str, str]) -> None:
    client = await browser(province.organiser)
    client.headers.update(headers)
    if headers.get("Origin") == "https://hop.test":
        # Another scheme is another site only where the public address says so; the host decides here.
        assert (await client.delete("/api/session")).status_code == 200
        return
    answer = await client.delete("/api/session")
    assert answer.status_code == 403
    assert answer.json()["code"] == "foreign-page"
    assert (await client.get("/api/session")).status_code == 200


async def test_without_the_header_even_sign_in_is_refused(browser: Browsers) -> None:
    client = await browser()
    del client.headers["X-Nhipcau"]
    answer = await client.post("/api/session", json={"login": "a", "password": "b"})
    assert answer.json()["code"] == "foreign-page"


async def test_the_public_address_is_an_own_origin(app: FastAPI, services: Services, browser: Browsers) -> None:
    client = await browser()
    client.headers["Origin"] = services.settings.url
    assert (await client.post("/api/session", json={"login": "a", "password": "b"})).status_code == 401


async def test_bodies_too_large_are_refused(browser: Browsers, province: Province) -> None:
    client = await browser(province.organiser)
    declared = await client.post("/api/meetings", content=b"x" * (MAX_BODY + 1))
    assert declared.status_code == 413
    assert declared.json()["code"] == "too-large"

    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 20 * MAX_BODY:
            sent += 65536
            yield b"x" * 65536

    undeclared = await client.post("/api/meetings", content=endless())
    assert undeclared.status_code == 413


async def test_an_undeclared_body_within_the_limit_is_read(browser: Browsers, province: Province) -> None:
    client = await browser(province.admin)
    text = json.dumps({"unit_id": province.lat.id, "full_name": "Từng Phần"}).encode()

    async def parts() -> AsyncIterator[bytes]:
        for index in range(0, len(text), 7):
            yield text[index : index + 7]

    answer = await client.post("/api/people", content=parts(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'{"title": "\\ud800"}',
        b'{"version": 1e999}',
        b'{"version": NaN}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"1" * 10_000,
    ],
)
async def test_no_body_breaks_the_server(browser: Browsers, province: Province, body: bytes) -> None:
    client = await browser(province.organiser)
    for method, path in (("POST", "/api/meetings"), ("PATCH", "/api/meetings/1"), ("PUT", "/api/people/1/roles")):
        answer = await client.request(method, path, content=body, headers={"Content-Type": "application/json"})
        assert 400 <= answer.status_code < 500, (method, answer.text)
        assert set(answer.json()) == {"code", "vi", "en", "details"}


@pytest.mark.parametrize("meeting_id", ["0", "-1", "x", "99999999999999999999999", "1.5", "%00", "1%2F2"])
async def test_no_id_breaks_the_server(browser: Browsers, province: Province, meeting_id: str) -> None:
    client = await browser(province.organiser)
    answer = await client.get(f"/api/meetings/{meeting_id}")
    assert answer.status_code in (404, 422)
    assert set(answer.json()) == {"code", "vi", "en", "details"}


async def test_what_is_not_there_is_json_below_api(browser: Browsers) -> None:
    client = await browser()
    missing = await client.get("/api/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
    wrong = await client.put("/api/meetings", json={})
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method-not-allowed")
    assert "allow" in wrong.headers


async def test_a_failure_inside_is_a_numbered_answer(
    app: FastAPI, browser: Browsers, province: Province, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Recognise):
        async def __call__(self, services: Services, token: str | None) -> None:
            raise RuntimeError("the secret detail")

    app.state.services.components.put(Broken())
    client = await browser()
    client.cookies.set(COOKIE, "x")
    answer = await client.get("/api/session")
    assert answer.status_code == 500
    assert answer.json()["code"] == "server-error"
    assert len(answer.json()["details"]["number"]) == 8
    assert "secret" not in answer.text
    assert "x-content-type-options" in answer.headers


async def test_every_answer_has_the_security_headers(browser: Browsers, province: Province) -> None:
    client = await browser(province.organiser)
    for path in ("/api/session", "/api/nothing", "/", "/api/health"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "'unsafe-inline'" not in policy.replace("style-src-attr 'unsafe-inline'", "")
        assert ("script-src 'self'" if path == "/" else "default-src 'none'") in policy
    assert (await client.get("/api/session")).headers["cache-control"] == "no-store"


async def test_health(browser: Browsers) -> None:
    health = (await (await browser()).get("/api/health")).json()
    assert health == {"ok": True, "node": False, "version": "0.1.0", "problems": []}


PAGE = """<!doctype html><html><head><script type="module" src="/_app/x.js"></script></head><body>
<script>
  start({ a: 1 });
</script></body></html>"""


@pytest.fixture
async def site(services: Services, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an application with a built web folder."""
    web = tmp_path / "web"
    (web / "_app" / "immutable").mkdir(parents=True)
    (web / "index.html").write_text(PAGE, encoding="utf-8")
    (web / "_app" / "immutable" / "x.js").write_text("plain", encoding="utf-8")
    (web / "_app" / "immutable" / "x.js.br").write_text("packed", encoding="utf-8")
    (web / "robots.txt").write_text("User-agent: *", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    app = create_app(services.settings.model_copy(update={"web": web}))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://hop.test") as client:
        yield client
    await app.state.services.stop()


async def test_every_page_is_the_one_page(site: httpx2.AsyncClient) -> None:
    for path in ("/", "/sign-in", "/meetings/12/console", "/join/abc_def-123"):
        answer = await site.get(path)
        assert (answer.status_code, answer.text) == (200, PAGE)
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["content-type"].startswith("text/html")


async def test_its_inline_script_is_allowed_by_hash(site: httpx2.AsyncClient) -> None:
    (script,) = inline_script_hashes(PAGE)
    # openssl dgst -sha256 -binary | base64 of the text between the tags
    assert script == "'sha256-9fUU02iS0eJtnGhv8DajsfPEqqCqg3M5S80J6m4WdP8='"
    assert f"script-src 'self' {script};" in (await site.get("/")).headers["content-security-policy"]


async def test_whatever_can_be_opened_or_run_by_itself_bears_the_policy(
    site: httpx2.AsyncClient, tmp_path: Path
) -> None:
    (tmp_path / "web" / "service-worker.js").write_text("self", encoding="utf-8")
    (tmp_path / "web" / "_app" / "immutable" / "drawn.svg").write_text("<svg/>", encoding="utf-8")
    (tmp_path / "web" / "_app" / "immutable" / "odd.html").write_text("<p>", encoding="utf-8")
    for path in ("/service-worker.js", "/_app/immutable/drawn.svg", "/_app/immutable/odd.html"):
        assert "script-src 'self'" in (await site.get(path)).headers["content-security-policy"]


async def test_the_opening_style_bears_no_policy_of_documents(site: httpx2.AsyncClient, tmp_path: Path) -> None:
    """A kilobyte of a first load that binds nothing: a style sheet is not a document."""
    (tmp_path / "web" / "opening.css").write_text("p {}", encoding="utf-8")
    headers = (await site.get("/opening.css")).headers
    assert "content-security-policy" not in headers
    assert headers["x-content-type-options"] == "nosniff"


async def test_a_page_built_anew_runs_without_a_restart(site: httpx2.AsyncClient, tmp_path: Path) -> None:
    (before,) = inline_script_hashes(PAGE)
    assert before in (await site.get("/")).headers["content-security-policy"]

    rebuilt = PAGE.replace("a: 1", "a: 22")
    (tmp_path / "web" / "index.html").write_text(rebuilt, encoding="utf-8")
    answer = await site.get("/")
    assert answer.text == rebuilt
    (after,) = inline_script_hashes(rebuilt)
    assert f"script-src 'self' {after};" in answer.headers["content-security-policy"]

    (tmp_path / "web" / "index.html").unlink()
    assert "script-src 'self';" in (await site.get("/")).headers["content-security-policy"]


async def test_assets_are_cached_for_good_and_packed(site: httpx2.AsyncClient) -> None:
    packed = await site.get("/_app/immutable/x.js", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "br"
    assert packed.headers["content-type"].startswith("text/javascript")
    assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    # A first load has many of them, and the policy of the page is for its document: half a kilobyte each.
    assert packed.headers["x-content-type-options"] == "nosniff"
    assert sum(len(name) + len(value) + 4 for name, value in packed.headers.items()) < 350
    plain = await site.get("/_app/immutable/x.js", headers={"Accept-Encoding": "identity"})
    assert plain.text == "plain"
    assert plain.headers["vary"] == "Accept-Encoding"
    again = await site.get("/robots.txt", headers={"If-None-Match": (await site.get("/robots.txt")).headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["/_app/immutable/gone.js", "/../secret.txt", "/%2e%2e/secret.txt", "/a%00.txt", "/" + "x" * 5000 + ".js"]
)
async def test_only_the_folders_files_are_served(site: httpx2.AsyncClient, path: str) -> None:
    answer = await site.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


async def test_a_page_of_one_person_does_not_act_as_another(browser: Browsers, province: Province) -> None:
    client = await browser(province.organiser)
    for name, own in (("X-Nhipcau-As", f"person-{province.organiser.id}"), ("X-Other", "1")):
        assert (await client.get("/api/session", headers={name: own})).status_code == 200
    for stranger in (f"person-{province.chair.id}", f"point-{province.organiser.id}", "", "person-0"):
        said = {"X-Nhipcau-As": stranger}
        for answer in (
            await client.get("/api/session", headers=said),
            await client.delete("/api/session", headers=said),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "other-person")
    # Whoever signs in anew is asked for no more than that.
    wrong = {"login": "ai-do", "password": "không đúng đâu"}
    answer = await client.post("/api/session", json=wrong, headers={"X-Nhipcau-As": "person-0"})
    assert answer.json()["code"] != "other-person"
    hall = await browser(province.main)
    assert (await hall.get("/api/session", headers={"X-Nhipcau-As": f"point-{province.main.id}"})).status_code == 200


async def test_unknown_names_lead_nowhere(settings: Settings, services: Services) -> None:
    """A stranger's name that leads here is refused. Older Safari needs the live channel's address in the policy."""
    named = create_app(
        settings.model_copy(update={"public_url": "https://hop.example", "extra_origins": "http://cau.lan"})
    )
    transport = httpx2.ASGITransport(named)
    async with httpx2.AsyncClient(transport=transport, base_url="https://evil.example") as client:
        answer = await client.get("/")
        assert (answer.status_code, answer.json()["code"]) == (421, "unknown-host")
    for base in ("https://hop.example", "http://cau.lan", "http://127.0.0.1:8000"):
        async with httpx2.AsyncClient(transport=transport, base_url=base) as client:
            policy = (await client.get("/")).headers["content-security-policy"]
            assert "connect-src 'self' " in policy
            assert " wss://hop.example" in policy
            assert " ws://cau.lan" in policy
    assert "ws://127.0.0.1:8000" in policy
    await named.state.services.stop()


async def test_the_documentation_of_the_api_is_not_served(browser: Browsers) -> None:
    answer = await (await browser()).get("/api/openapi.json")
    assert answer.status_code == 404


async def test_a_proxy_that_is_not_trusted_is_told_of(settings: Settings) -> None:
    """Everybody behind it would share one allowance. One client that makes the header up is no proxy."""
    app = create_app(settings)
    transport = httpx2.ASGITransport(app, client=("10.9.8.7", 40000))
    proxy = httpx2.AsyncClient(transport=transport, base_url="http://hop.test", headers={"X-Forwarded-For": "10.1.2.3"})
    alone = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://hop.test")
    trusted = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app, client=("10.1.2.3", 0)),
        base_url="http://hop.test",
        headers={"X-Forwarded-For": "10.1.2.3"},
    )

    async def problems(*, by_proxy: int, directly: int, by_trusted: int = 0) -> list[str]:
        for client, times in ((proxy, by_proxy), (alone, directly), (trusted, by_trusted)):
            for _ in range(times):
                await client.get("/api/session")
        found: list[str] = (await alone.get("/api/health")).json()["problems"]
        return found

    with capture_logs() as logs:
        assert await problems(by_proxy=SAMPLE // 2, directly=SAMPLE // 2) == []
        assert await problems(by_proxy=0, directly=0, by_trusted=SAMPLE) == []
        assert await problems(by_proxy=2 * SAMPLE, directly=0) == ["untrusted-proxy"]
        assert await problems(by_proxy=SAMPLE, directly=0) == ["untrusted-proxy"]
    assert [each["address"] for each in logs if each["event"] == "untrusted-proxy"] == ["10.9.8.7"]
    assert await problems(by_proxy=0, directly=2 * SAMPLE) == []
    await app.state.services.stop()


async def test_pages_may_ask_for_little_and_be_framed_by_nobody(browser: Browsers) -> None:
    headers = (await (await browser()).get("/")).headers
    allowed = dict(each.strip().split("=", 1) for each in headers["permissions-policy"].split(","))
    assert allowed["camera"] == allowed["microphone"] == allowed["display-capture"] == "(self)"
    assert allowed["geolocation"] == allowed["usb"] == allowed["serial"] == "()"
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"
