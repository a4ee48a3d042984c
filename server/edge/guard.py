"""The outermost layer around the application: refuses what no page of ours sends, adds security headers, and turns an
unexpected exception into an answer with a number that stands in the log."""

import math
import re
import secrets
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.core.config import Settings
from server.core.errors import DomainError, TooLarge
from server.core.origin import is_own_host, is_same_origin
from server.edge import budgets
from server.edge.errors import respond
from server.edge.headers import SecurityHeaders
from server.edge.proxy_watch import ProxyWatch
from server.edge.requests import Requests, request_name

log = structlog.get_logger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
CSRF_HEADER = "x-nhipcau"
_BODIES = (
    (re.compile(r"/api/(?:session|setup|m|page-faults)(?:/.*)?", re.DOTALL), budgets.ENTRANCE_BODY),
    (re.compile(r"/api/meetings/[0-9]+/delegates/import"), budgets.IMPORT_BODY),
    (re.compile(r"/api/exchange/batches"), budgets.IMPORT_BODY),
    (re.compile(r"/api/uploads/[^/]+"), budgets.CHUNK_BODY),
)
"""Paths that take less than others, or files, or pieces of them, and how large."""


_TELL_EVERY = 10.0
"""Seconds."""


def largest_body(path: str) -> int:
    """Bytes that a request to this path may bring."""
    return next((limit for pattern, limit in _BODIES if pattern.fullmatch(path)), budgets.BODY)


class ForeignPage(DomainError):
    code = "foreign-page"
    status = 403
    vi = "Yêu cầu không đến từ trang của hệ thống. Mở lại địa chỉ chính thức rồi thử lại."
    en = "This request does not come from a page of this site. Open the official address and try again."


class UnknownHost(DomainError):
    """RFC 9110 section 15.5.20."""

    code = "unknown-host"
    status = 421
    vi = "Máy chủ không nhận tên miền này. Mở lại bằng địa chỉ chính thức của hệ thống."
    en = "This server does not go by that name. Open the official address."


class Broken(DomainError):
    code = "server-error"
    status = 500
    vi = "Máy chủ gặp lỗi. Thử lại; nếu vẫn lỗi, báo quản trị kèm mã số này."
    en = "The server failed. Try again; if it goes on, tell the administrator this number."


class Guard:
    def __init__(
        self, app: ASGIApp, settings: Settings, security: SecurityHeaders, proxies: ProxyWatch, requests: Requests
    ) -> None:
        self.requests = requests
        self._told_at = -math.inf
        self.app = app
        self.settings = settings
        self.security = security
        self.proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False
        began = time.perf_counter()
        self.proxies.saw(scope)
        asked = Headers(scope=scope)
        host = asked.get("host")
        own_name = request_name(asked.get("x-request-id"))
        bound = structlog.contextvars.bind_contextvars(request=own_name)

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self.requests.answered(message["status"], time.perf_counter() - began)
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = own_name
                kind = headers.get("content-type", "")
                for name, value in self.security.of(scope["path"], kind, host).items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            receive = await self._checked(scope, receive)
            await self.app(scope, receive, send_with_headers)
        except DomainError as refusal:
            await respond(refusal)(scope, receive, send_with_headers)
        except Exception:
            number = secrets.token_hex(4)
            self.requests.broken += 1
            log.exception("request-failed", number=number, method=scope["method"], path=scope["path"])
            if started:
                raise
            await respond(Broken(number=number))(scope, receive, send_with_headers)
        finally:
            structlog.contextvars.reset_contextvars(**bound)

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        headers = Headers(scope=scope)
        host = headers.get("host")
        if not is_own_host(host, self.settings) and (host is not None or scope["http_version"] != "1.0"):
            self._tell("unknown-host", host=host)
            raise UnknownHost()
        if scope["method"] in SAFE_METHODS:
            return receive
        own = is_same_origin(headers.get("origin"), host, self.settings)
        if not own:
            self._tell("foreign-origin", origin=headers.get("origin"), host=host)
        if not own or headers.get(CSRF_HEADER) != "1" or headers.get("sec-fetch-site") == "cross-site":
            raise ForeignPage()
        limit = largest_body(scope["path"])
        declared = headers.get("content-length")
        if declared is None:
            return await _read_ahead(receive, limit) if limit != budgets.CHUNK_BODY else _counted(receive, limit)
        if not declared.isdecimal() or int(declared) > limit:
            raise TooLarge()
        return receive

    def _tell(self, what: str, **about: str | None) -> None:
        """Whoever set up the proxy has to know; whoever tries it must not fill the log."""
        now = time.monotonic()
        if now - self._told_at >= _TELL_EVERY:
            self._told_at = now
            log.warning(what, **about, own=self.settings.url, more_by="NHIPCAU_EXTRA_ORIGINS")


def _counted(receive: Receive, limit: int) -> Receive:
    """Passes the body on as it comes, up to the limit."""
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise TooLarge()
        return message

    return counting


async def _read_ahead(receive: Receive, limit: int) -> Receive:
    """Reads a body of undeclared length, up to the limit, and gives it back as one message."""
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            raise TooLarge()
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
