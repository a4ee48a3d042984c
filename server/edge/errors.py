"""Errors as responses: every one is {"code", "vi", "en", "details"}."""

from collections.abc import Callable
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from server.core.database import refusal_of
from server.core.errors import DomainError, Invalid, NotFound, TooMany
from server.edge.budgets import FIELD_ERRORS
from server.edge.validation_messages import sentence

log = structlog.get_logger(__name__)

_PLACE = 120
"""Characters."""


class MethodNotAllowed(DomainError):
    code = "method-not-allowed"
    status = 405
    vi = "Địa chỉ này không nhận cách gọi đó. Tải lại trang rồi thử lại."
    en = "This address does not take that method. Reload the page and try again."


class Unreadable(DomainError):
    code = "unreadable"
    status = 400
    vi = "Máy chủ không đọc được yêu cầu. Tải lại trang rồi thử lại."
    en = "The server could not read the request. Reload the page and try again."


_REFUSALS = frozenset({401, 403, 404, 410, 429})


def respond(error: DomainError) -> JSONResponse:
    headers = {}
    if isinstance(error, TooMany) or "retry_after" in error.details:
        headers["Retry-After"] = str(error.details.get("retry_after", 60))
    return JSONResponse(error.body(), error.status, headers)


def said_of(errors: list[Any]) -> dict[str, tuple[str, str]]:
    """The first of pydantic's errors as place -> (Vietnamese, English); a place is "title" or "agenda.0.minutes", cut
    short where the sender chose it. Repeats nothing else of what was sent."""
    return {
        (".".join(map(str, error["loc"][1:])) or str(error["loc"][0]))[:_PLACE]: sentence(error)
        for error in errors[:FIELD_ERRORS]
    }


def install(app: FastAPI, refused: Callable[[Request, str], None] = lambda _request, _code: None) -> None:
    """`refused(request, code)` hears of each request that was turned away."""

    async def domain_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, DomainError)  # noqa: S101  registered for this class alone
        if error.status in _REFUSALS:
            refused(request, error.code)
        return respond(error)

    async def invalid(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return respond(Invalid.fields(said_of(list(error.errors()))))

    async def http_error(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101
        response = respond({404: NotFound, 405: MethodNotAllowed}.get(error.status_code, Unreadable)())
        if error.headers:
            response.headers.update(error.headers)
        return response

    async def database_error(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, DBAPIError)  # noqa: S101
        refusal = refusal_of(error)
        if refusal is None:
            raise error
        log.warning("database-refused", code=refusal.code, error=str(error.orig)[:500])
        return respond(refusal)

    app.add_exception_handler(DomainError, domain_error)
    app.add_exception_handler(DBAPIError, database_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http_error)
