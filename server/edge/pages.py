"""The web application's files: hashed assets cached for good, every other path answered by its one page."""

from mimetypes import guess_type
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from server.core.errors import NotFound

_FOR_GOOD = "public, max-age=31536000, immutable"
_PACKED = (("br", ".br"), ("gzip", ".gz"))
_NOT_BUILT = """<!doctype html><html lang="vi"><meta charset="utf-8"><title>Nhịp Cầu</title>
<h1>Chưa có giao diện web</h1><p>Máy chủ đang chạy, nhưng giao diện chưa được dựng: chạy <code>make web</code> rồi khởi
động lại.</p><p lang="en">The server is running, but the web application is not built: run <code>make web</code>, then
restart.</p></html>"""


class Pages(StaticFiles):
    def __init__(self, root: Path) -> None:
        super().__init__(directory=root, check_dir=False)
        self.root = root

    async def check_config(self) -> None:
        """Without the folder every page is answered by `_NOT_BUILT`, and assets by 404."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if path.split("/", maxsplit=1)[0] == "api" or "\0" in path:
            raise NotFound()
        if path != "." and "." in path.rsplit("/", 1)[-1]:
            return await self._file(path, scope)
        if not (self.root / "index.html").is_file():
            return HTMLResponse(_NOT_BUILT, 503)
        return await self._file("index.html", scope)

    async def _file(self, path: str, scope: Scope) -> Response:
        accepted = Headers(scope=scope).get("accept-encoding", "")
        for encoding, suffix in _PACKED:
            if encoding in accepted:
                try:
                    response = await super().get_response(path + suffix, scope)
                except HTTPException as error:
                    if error.status_code != 404:
                        raise
                    continue
                response.headers["Content-Encoding"] = encoding
                response.headers["Content-Type"] = guess_type(path)[0] or "application/octet-stream"
                break
        else:
            response = await super().get_response(path, scope)
        response.headers["Vary"] = "Accept-Encoding"
        if not path.startswith("_app/immutable/"):
            response.headers["Cache-Control"] = "no-cache"
            return response
        response.headers["Cache-Control"] = _FOR_GOOD
        for never_asked_for in ("ETag", "Last-Modified", "Accept-Ranges"):
            del response.headers[never_asked_for]
        return response
