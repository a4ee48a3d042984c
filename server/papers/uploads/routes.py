"""The addresses of uploads: tus 1.0.0. `Nhipcau-Paper` and `Nhipcau-Version` tell what a finished file became."""

from collections.abc import AsyncIterator, Callable, Coroutine
from email.utils import formatdate
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi import Path as PathParameter
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from server.accounts.dependencies import AppServices, CurrentActor, Write
from server.core.config import Settings
from server.core.errors import DomainError, Invalid, NotFound
from server.core.fields import Id
from server.edge.errors import respond, said_of
from server.edge.idempotency import Once
from server.edge.routing import WriteRoute
from server.papers.uploads import receiving
from server.papers.uploads.chunks import CHECKSUMS

_VERSION = "1.0.0"
_EXTENSIONS = "creation,expiration,termination,checksum"
_CHUNK = "application/offset+octet-stream"
_LARGEST_NUMBER = 2**53


class VersionMismatch(DomainError):
    code = "tus-version"
    status = 412
    vi = "Trang này gửi tệp theo cách máy chủ không hiểu. Tải lại trang rồi gửi lại."
    en = "This page sends files in a way the server does not know. Reload it and send again."


class NotAChunk(DomainError):
    code = "not-a-chunk"
    status = 415
    vi = "Dữ liệu gửi lên không đúng dạng. Tải lại trang rồi gửi lại."
    en = f"The body must be {_CHUNK}. Reload the page and send again."


class TusRoute(WriteRoute):
    """Every answer, refusals too, says which tus it speaks; a request that speaks another gets no further."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_tus(request: Request) -> Response:
            try:
                if request.method != "OPTIONS" and request.headers.get("tus-resumable") != _VERSION:
                    raise VersionMismatch()
                response = await handle(request)
            except DomainError as error:
                response = respond(error)
            except RequestValidationError as error:
                response = respond(Invalid.fields(said_of(list(error.errors()))))
            response.headers["Tus-Resumable"] = _VERSION
            response.headers["Tus-Version"] = _VERSION
            return response

        return handle_tus


router = APIRouter(prefix="/api", tags=["uploads"], route_class=TusRoute)


@router.options("/meetings/{meeting_id}/uploads", status_code=204, response_class=Response)
async def abilities(meeting_id: Annotated[Id, PathParameter()], services: AppServices) -> Response:
    """What this server can do; the same for every meeting."""
    return Response(
        status_code=204,
        headers={
            "Tus-Extension": _EXTENSIONS,
            "Tus-Max-Size": str(_most(services.settings)),
            "Tus-Checksum-Algorithm": CHECKSUMS,
        },
    )


@router.post("/meetings/{meeting_id}/uploads", status_code=201, response_class=Response, dependencies=[Once])
async def create(
    meeting_id: Annotated[Id, PathParameter()],
    tx: Write,
    services: AppServices,
    upload_length: Annotated[str, Header()] = "",
    upload_metadata: Annotated[str, Header(max_length=8000)] = "",
) -> Response:
    """Begins an upload. Metadata: filename, and item_id, paper_id, note where they apply."""
    size = _number(upload_length, "Upload-Length")
    status = await receiving.create(tx, services.settings, meeting_id, size, receiving.parse_metadata(upload_metadata))
    return Response(
        status_code=201, headers={"Location": f"/api/uploads/{status.token}", **_headers(status, length=False)}
    )


@router.head("/uploads/{token}", status_code=200, response_class=Response)
async def stand(token: str, actor: CurrentActor, services: AppServices) -> Response:
    status = await receiving.stand(services, actor, _checked(token))
    return Response(status_code=200, headers={**_headers(status, length=True), "Cache-Control": "no-store"})


@router.patch("/uploads/{token}", status_code=204, response_class=Response)
async def append(
    token: str,
    request: Request,
    *,
    actor: CurrentActor,
    services: AppServices,
    upload_offset: Annotated[str, Header()] = "",
    upload_checksum: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Appends a chunk of up to 8 MiB (body: application/offset+octet-stream)."""
    if request.headers.get("content-type") != _CHUNK:
        raise NotAChunk()
    offset = _number(upload_offset, "Upload-Offset")
    status = await receiving.receive(services, actor, _checked(token), offset, _body(request), checksum=upload_checksum)
    return Response(status_code=204, headers=_headers(status, length=False))


@router.delete("/uploads/{token}", status_code=204, response_class=Response)
async def terminate(token: str, actor: CurrentActor, services: AppServices) -> Response:
    await receiving.terminate(services, actor, _checked(token))
    return Response(status_code=204)


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect as error:
        raise ConnectionError from error


def _headers(status: receiving.UploadStatus, *, length: bool) -> dict[str, str]:
    headers = {"Upload-Offset": str(status.offset)}
    if length:
        headers["Upload-Length"] = str(status.size)
    if status.version_id is None:
        headers["Upload-Expires"] = formatdate(status.expires_at, usegmt=True)
    else:
        headers |= {"Nhipcau-Paper": str(status.paper_id or ""), "Nhipcau-Version": str(status.version_id)}
    return headers


def _checked(token: str) -> str:
    """A token is part of a file's path; whatever cannot be one is not found."""
    if len(token) != 43 or not token.replace("-", "a").replace("_", "a").isalnum() or not token.isascii():
        raise NotFound()
    return token


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 16 or int(text) > _LARGEST_NUMBER:
        raise Invalid("Yêu cầu gửi tệp thiếu số liệu. Tải lại trang rồi gửi lại.", f"{name} must be a number.")
    return int(text)


def _most(settings: Settings) -> int:
    return settings.upload_max_mb * 1024 * 1024
