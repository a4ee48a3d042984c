"""Schemathesis over the OpenAPI document: whatever is sent, by whoever it is, the server never breaks, and answers what
the document says."""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.accounts.dependencies import COOKIE
from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.services import Services
from server.main import create_app
from server.papers.models import PaperVersion
from tests import builders, library
from tests.conftest import signed_in

EXAMPLES = 12
"""For each operation and database: enough to find what a plain schema violation breaks, in a few seconds."""
BROWSER = {"X-Nhipcau": "1", "Origin": "http://hop.test"}


@schemathesis.serializer("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def workbook(_context: Any, value: Any) -> bytes:
    """Whatever was drawn: no workbook, which the server has to find out."""
    return value if isinstance(value, bytes) else str(value).encode()


class Subject:
    """The application in an event loop of its own, as hypothesis calls from outside of any."""

    def __init__(self, runner: asyncio.Runner, app: FastAPI, cookies: list[str]) -> None:
        self._runner = runner
        self.app = app
        self.cookies = cookies
        self._client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://hop.test", headers=BROWSER
        )

    def send(self, case: schemathesis.Case, cookie: str) -> httpx2.Response:
        sent: dict[str, Any] = case.as_transport_kwargs(base_url="http://hop.test")
        headers = {**BROWSER, **{name: value for name, value in (sent.get("headers") or {}).items() if value}}
        body = {"json": sent["json"]} if "json" in sent else {"content": sent.get("data")}
        request = self._client.build_request(
            sent["method"],
            sent["url"],
            params=sent.get("params"),
            headers={**headers, **BROWSER, "Cookie": f"{COOKIE}={cookie}"},
            **body,
        )
        return self._runner.run(self._client.send(request))


@pytest.fixture
def subject(settings: Settings) -> Iterator[Subject]:
    with asyncio.Runner() as runner:
        app = create_app(settings.model_copy(update={"login_attempts": "10000/second"}))
        services: Services = app.state.services

        async def prepare() -> list[str]:
            province = await builders.province(services)
            for state in ("draft", "running"):
                meeting = await builders.conference(services, province, state)
                async with services.transactions(SYSTEM) as tx:
                    paper = await library.paper(tx.session, meeting)
                    version = await tx.session.get_one(PaperVersion, paper.current_version_id)
                await library.store(services, version, "nội dung")
            people = (province.admin, province.organiser, province.operator, province.da_sar_hall)
            return [await signed_in(services, who) for who in people]

        yield Subject(runner, app, runner.run(prepare()))
        runner.run(services.stop())


def operations(app: FastAPI) -> list[Any]:
    schema = schemathesis.openapi.from_dict(app.openapi())
    return [found.ok() for found in schema.get_all_operations()]


def test_no_input_breaks_the_server(subject: Subject) -> None:
    tried = set()
    for operation in operations(subject.app):
        if (operation.method.upper(), operation.path) == ("DELETE", "/api/session"):
            continue  # would sign the others' requests out; it takes no input

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        )
        @given(case=operation.as_strategy(), cookie=st.sampled_from(subject.cookies))
        def attempt(case: schemathesis.Case, cookie: str) -> None:
            answer = subject.send(case, cookie)
            said = f"{case.method} {urlsplit(str(answer.url)).path}: {answer.status_code} {answer.text[:300]}"
            assert answer.status_code < 500, said
            if answer.status_code >= 400 and case.method == "HEAD":
                assert not answer.content, said
            elif answer.status_code >= 400:
                assert set(answer.json()) == {"code", "vi", "en", "details"}, said
            else:
                case.operation.validate_response(_as_schemathesis(answer), case=case)

        attempt()
        tried.add((operation.method, operation.path))
    assert len(tried) > 20


def _as_schemathesis(answer: httpx2.Response) -> Any:
    return schemathesis.Response(
        status_code=answer.status_code,
        headers={name: [value] for name, value in answer.headers.items()},
        content=answer.content,
        request=None,
        elapsed=0.0,
        verify=False,
    )
