"""How text and pictures of pages go out. A ready version never changes, so a browser may keep them, but asks each time:
the rights are checked before it is told that what it has is good, so that a recall works through its cache too."""

import asyncio
import gzip
import json
from os import stat_result
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import FileResponse, Response

from server.core.errors import NotFound
from server.core.storage import Storage

_COMPRESS_FROM = 1024
"""Bytes; shorter answers gain nothing."""


def headers_of(etag: str) -> dict[str, str]:
    return {"ETag": etag, "Cache-Control": "private, max-age=0, must-revalidate"}


def unchanged(request: Request, etag: str) -> Response | None:
    """304, if the browser has this already. Ask only after the rights were checked."""
    given = request.headers.get("if-none-match", "")
    known = {each.strip().removeprefix("W/") for each in given.split(",")}
    if "*" in known or etag.removeprefix("W/") in known:
        return Response(status_code=304, headers=headers_of(etag))
    return None


async def compressed_json(request: Request, value: Any, etag: str) -> Response:
    """Text compresses to a quarter: what counts on a weak line."""
    headers = {**headers_of(etag), "Vary": "Accept-Encoding"}
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) >= _COMPRESS_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        body = await asyncio.to_thread(gzip.compress, body, 5)
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type="application/json", headers=headers)


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
