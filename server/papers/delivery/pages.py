"""How text and pictures of pages go out. A ready version never changes, so a browser may keep them, but asks each time:
the rights are checked before it is told that what it has is good, so that a recall works through its cache too."""

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import Response

from server.core.storage import Storage
from server.papers.models import PaperVersion

_COMPRESS_FROM = 1024
"""Bytes; shorter answers gain nothing."""
_LEVEL = 3
"""Half a millisecond for 50 kB; more effort saves some per cent."""

PICTURES_KEPT = 64 * 1024 * 1024
"""Bytes: some hundred pages, as many as all meetings of a day show at once."""


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


class Pictures:
    """Pictures of pages that were asked for lately, so that a page that is turned for thousands is read once. One per
    application. A key's content never changes; ask only after the rights were checked."""

    def __init__(self, storage: Storage, most: int = PICTURES_KEPT) -> None:
        self._storage = storage
        self._most = most
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._reading: dict[str, asyncio.Task[bytes]] = {}

    async def get(self, key: str) -> bytes:
        """NotFound if it is not there (any more)."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        reading = self._reading.get(key)
        if reading is None:
            reading = self._reading[key] = asyncio.create_task(self._read(key))
        # Shielded: of two who ask, the second must not fall with the first.
        return await asyncio.shield(reading)

    async def _read(self, key: str) -> bytes:
        try:
            content = await self._storage.get(key)
        finally:
            del self._reading[key]
        self._kept[key] = content
        self._size += len(content)
        while self._size > self._most:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest)
        return content


async def picture(pictures: Pictures, key: str, media_type: str, etag: str) -> Response:
    return Response(await pictures.get(key), media_type=media_type, headers=headers_of(etag))
