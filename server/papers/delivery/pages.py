"""How text and pictures of pages go out. A ready version never changes, so a browser may keep them, but asks each time:
the rights are checked before it is told that what it has is good, so that a recall works through its cache too."""

import asyncio
import gzip
import hashlib
from collections.abc import Mapping
from os import stat_result
from pathlib import Path

from fastapi import Request
from fastapi.responses import FileResponse, Response

from server.core.errors import NotFound
from server.core.storage import Storage
from server.papers.models import PaperVersion

_COMPRESS_FROM = 1024
"""Bytes; shorter answers gain nothing."""
_LEVEL = 3
"""Half a millisecond for 50 kB; more effort saves some per cent."""


def etag_of(version: PaperVersion) -> str:
    """Stands for the version's content, and tells nothing of where it is stored (128 random bits)."""
    return hashlib.sha256(f"etag {version.folder}".encode()).hexdigest()[:24]


def headers_of(etag: str) -> dict[str, str]:
    return {"ETag": etag, "Cache-Control": "private, max-age=0, must-revalidate"}


def unchanged(request: Request, etag: str) -> Response | None:
    """304, if the browser has this already. Ask only after the rights were checked."""
    given = request.headers.get("if-none-match", "")
    known = {each.strip().removeprefix("W/") for each in given.split(",")}
    if "*" in known or etag.removeprefix("W/") in known:
        return Response(status_code=304, headers=headers_of(etag))
    return None


def compressed_json(request: Request, text: str, headers: Mapping[str, str]) -> Response:
    """Compresses to a quarter and less: what counts on a weak line."""
    body = text.encode()
    sent = {**headers, "Vary": "Accept-Encoding"}
    if len(body) >= _COMPRESS_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, _LEVEL)
        sent["Content-Encoding"] = "gzip"
    return Response(body, media_type="application/json", headers=sent)


async def stored_file(storage: Storage, key: str, media_type: str, etag: str) -> Response:
    """NotFound if it is not there (any more)."""
    path = storage.local(key)
    if path is None:
        return Response(await storage.get(key), media_type=media_type, headers=headers_of(etag))
    found = await asyncio.to_thread(_stat, path)
    if found is None:
        raise NotFound()
    return FileResponse(path, media_type=media_type, headers=headers_of(etag), stat_result=found)


def _stat(path: Path) -> stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None
