"""A gateway for text messages: an HTTP server of its own that keeps what it is posted, and answers as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any


@dataclass
class SmsGateway:
    taken: list[dict[str, Any]] = field(default_factory=list)
    """Bodies that were answered 202."""
    asked: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    """Heads (lower case) and bodies of all requests."""
    answers: dict[str, list[tuple[int, dict[str, Any], dict[str, str]]]] = field(default_factory=dict)
    """Number, or "" for any -> status, body and heads of the next answers."""
    url: str = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.splitlines()
        heads = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = json.loads(await reader.readexactly(int(heads["content-length"])))
        assert first.startswith("POST /send?unit=1 ")
        self.asked.append((heads, body))
        waiting = self.answers.get(body["to"]) or self.answers.get("") or []
        status, said, more = waiting.pop(0) if waiting else (202, {"id": f"gw-{len(self.asked)}"}, {})
        if status == 202:
            self.taken.append(body)
        content = json.dumps(said).encode()
        extra = "".join(f"{name}: {value}\r\n" for name, value in more.items())
        writer.write(
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Length: {len(content)}\r\n{extra}\r\n".encode()
        )
        writer.write(content)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def sms_gateway() -> AsyncIterator[SmsGateway]:
    gateway = SmsGateway()
    server = await asyncio.start_server(gateway.answer, "127.0.0.1", 0)
    gateway.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/send?unit=1"
    try:
        yield gateway
    finally:
        server.close()
        await server.wait_closed()
