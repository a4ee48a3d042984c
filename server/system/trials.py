"""Trying out what papers need: a real document through LibreOffice, its picture through the recogniser, both shut in as
papers are; and the audit log, entry by entry. Takes up to a minute, so it goes on beside whoever asked, and what came
out is kept until the server ends."""

import asyncio
import contextlib
import io
import shutil
import subprocess
import time
import unicodedata
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import structlog
from PIL import Image

from server.accounts.openid.provider import Provider
from server.audit.anchors import read_heads
from server.audit.queries import first_broken
from server.conversion import sandbox
from server.conversion.isolation import NotIsolated
from server.conversion.messages import ORIGINAL, PAGES, RESULT, WIDTHS, MadePage, Order
from server.core.services import Services

log = structlog.get_logger(__name__)

SENTENCE = "Nhịp Cầu thử chuyển đổi tài liệu"
_LINES = (
    SENTENCE,
    "Trang này do máy chủ tự soạn để thử việc mở tệp Word",
    "và nhận dạng chữ tiếng Việt trên ảnh quét.",
    "Đọc lại được câu đầu tiên là cả hai việc đều dùng được.",
)
"""A page of one line alone does not count as text."""
_OFFICE = ("soffice", "--version")
_RECOGNISER = ("tesseract", "--version")
_VERSION_SECONDS = 20.0
_SECONDS = 120.0

Kind = Literal["papers", "audit", "provider"]
Problem = Literal["not-isolated", "not-installed", "failed", "altered", "cut"]


@dataclass(frozen=True, slots=True)
class Outcome:
    at: datetime
    seconds: float
    problem: Problem | None = None
    detail: str = ""
    """The program's own words, or the entry's number."""
    office: str = ""
    """"LibreOffice 7.4.7.2"."""
    recogniser: str = ""


class Trials:
    """One per process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._under_way: dict[Kind, asyncio.Task[None]] = {}
        self._outcomes: dict[Kind, Outcome] = {}
        self._ways: dict[Kind, Callable[[], Awaitable[Outcome]]] = {
            "papers": self._papers,
            "audit": self._audit,
            "provider": self._provider,
        }

    def outcome(self, kind: Kind) -> Outcome | None:
        return self._outcomes.get(kind)

    def runs(self, kind: Kind) -> bool:
        return kind in self._under_way

    def start(self, kind: Kind) -> None:
        """Nothing, while it goes on already."""
        if kind not in self._under_way:
            task = self._under_way[kind] = asyncio.create_task(self._run(kind), name=f"trial {kind}")
            task.add_done_callback(lambda _: self._under_way.pop(kind, None))

    async def now(self, kind: Kind) -> Outcome:
        """Tried, and waited for."""
        self.start(kind)
        await self._under_way[kind]
        return self._outcomes[kind]

    async def stop(self) -> None:
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, kind: Kind) -> None:
        try:
            self._outcomes[kind] = await self._ways[kind]()
        except Exception as error:
            log.exception("trial-failed", trial=kind)
            self._outcomes[kind] = Outcome(self._services.clock(), 0.0, "failed", str(error)[:300])

    async def _audit(self) -> Outcome:
        began = time.monotonic()
        key = self._services.transactions.audit_key
        heads = await asyncio.to_thread(read_heads, self._services.settings, key)
        broken = await self._services.database.beside(lambda session: first_broken(session, key, heads))
        problem: Problem | None = None if broken is None else "cut" if broken.missing else "altered"
        return Outcome(
            self._services.clock(), time.monotonic() - began, problem, "" if broken is None else str(broken.entry)
        )

    async def _provider(self) -> Outcome:
        began = time.monotonic()
        wrong = await self._services.components[Provider].look()
        return Outcome(
            self._services.clock(), time.monotonic() - began, "failed" if wrong else None, " ".join(wrong.split())[:300]
        )

    async def _papers(self) -> Outcome:
        began = time.monotonic()
        office, recogniser = await asyncio.gather(_version(_OFFICE), _version(_RECOGNISER))
        problem: Problem | None = None
        detail = ""
        try:
            async with self._folder() as folder:
                detail = await self._convert(folder)
        except NotIsolated as error:
            problem, detail = "not-isolated", str(error)
        except sandbox.ConversionFailed as error:
            problem, detail = "not-installed" if "NotInstalled" in str(error) else "failed", str(error)
        else:
            problem = "failed" if detail else None
        return Outcome(
            self._services.clock(), time.monotonic() - began, problem, detail[-300:], office[:80], recogniser[:80]
        )

    async def _convert(self, folder: Path) -> str:
        """What is wrong; empty if both ways give back the sentence."""
        first, second = folder / "office", folder / "scan"
        first.mkdir()
        await asyncio.to_thread((first / ORIGINAL).write_bytes, _document())
        said = await self._through(first, "thu.docx")
        if said:
            return said
        second.mkdir()
        await asyncio.to_thread(_as_scan, first, second / ORIGINAL)
        return await self._through(second, "thu.png")

    async def _through(self, folder: Path, name: str) -> str:
        settings = self._services.settings
        order = Order(file_name=name, memory_mb=settings.conversion_memory_mb, seconds=settings.conversion_seconds)
        isolation = settings.conversion_isolation
        async with aclosing(sandbox.steps(folder, order, _SECONDS, isolation=isolation)) as steps:
            async for step in steps:
                if step.problem is not None:
                    return step.problem.vi
        text = MadePage.model_validate_json((folder / PAGES).read_text(encoding="utf-8").splitlines()[0]).text
        found = unicodedata.normalize("NFC", " ".join(text.split()))
        return "" if SENTENCE in found else f"{name}: “{found[:100]}”"

    @asynccontextmanager
    async def _folder(self) -> AsyncIterator[Path]:
        folder = (self._services.settings.var / "conversion" / "trial").resolve()
        await asyncio.to_thread(sandbox.clear, folder)
        folder.mkdir(parents=True, mode=0o700)
        try:
            yield folder
        finally:
            await asyncio.to_thread(sandbox.clear, folder)


@asynccontextmanager
async def running(services: Services) -> AsyncIterator[None]:
    """For `wiring.BESIDE`."""
    try:
        yield
    finally:
        await services.components[Trials].stop()


async def _version(command: tuple[str, ...]) -> str:
    """The first line of what the program says of itself; empty where it is not installed."""

    def ask() -> str:
        if shutil.which(command[0]) is None:
            return ""
        with contextlib.suppress(subprocess.SubprocessError):
            said = subprocess.run(command, capture_output=True, timeout=_VERSION_SECONDS, check=False)
            return (said.stdout or said.stderr).decode(errors="replace").strip().partition("\n")[0]
        return ""

    return await asyncio.to_thread(ask)


def _document() -> bytes:
    """The smallest Word document (ECMA-376 part 2) with the sentence, large enough to be read from its picture."""
    space = "http://schemas.openxmlformats.org"
    lines = "".join(f'<w:p><w:r><w:rPr><w:sz w:val="32"/></w:rPr><w:t>{line}</w:t></w:r></w:p>' for line in _LINES)
    body = f'<w:document xmlns:w="{space}/wordprocessingml/2006/main"><w:body>{lines}</w:body></w:document>'
    types = (
        f'<Types xmlns="{space}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    relations = (
        f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{space}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>'
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in (
            ("[Content_Types].xml", types),
            ("_rels/.rels", relations),
            ("word/document.xml", body),
        ):
            package.writestr(name, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{text}')
    return made.getvalue()


def _as_scan(converted: Path, target: Path) -> None:
    with Image.open(converted / RESULT / "pages" / f"1-{WIDTHS[-1]}.webp") as picture:
        picture.convert("L").save(target, "PNG", dpi=(218, 218))  # 1800 pixels across A4
