"""Where text messages leave: a gateway over HTTP as configured, else a file, so that nothing is lost without one.

What a gateway is asked, and how it answers (an operator's own interface is put behind this in some lines of a proxy):

    POST <NHIPCAU_SMS_URL>
    Authorization: Bearer <NHIPCAU_SMS_TOKEN>
    Idempotency-Key: sms-4711
    Content-Type: application/json
    {"id": "sms-4711", "to": "+84912345678", "text": "…", "sender": "UBND LAMDONG", "encoding": "gsm-7", "parts": 1}

    2xx                  taken; {"id": "…"} names it in the gateway's own books
    408, 425, 429, 5xx   to be tried again, after `Retry-After` seconds if it says so
    401, 403, 404, 405   likewise: the settings are wrong, and an operator mends them
    any other            refused for good; {"error": "…"} says why, and is shown beside the person

The same message bears the same key each time it is tried.
"""

import asyncio
import http.client
import json
import os
import ssl
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from server.core.config import Settings
from server.notifications.models import TextMessage
from server.notifications.sms.lengths import length_of

TIMEOUT = 20.0
"""Seconds, for the whole of an answer's beginning."""
_MOST_SAID = 4096
_AGAIN = (401, 403, 404, 405, 408, 425, 429)
FOLDER = "sms"


class Later(Exception):
    """Cannot be reached, or asks to try again; says why."""

    def __init__(self, said: str, after: timedelta | None = None) -> None:
        self.after = after
        super().__init__(said)


class Never(Exception):
    """This message will not be taken; says why."""


@dataclass(frozen=True, slots=True)
class Taken:
    state: str
    """sent, or filed: written down, and not on its way."""
    reference: str = ""
    """What the gateway calls it."""


class Gateway(Protocol):
    async def send(self, message: TextMessage) -> Taken:
        """Later, Never."""


def gateway(settings: Settings) -> Gateway:
    return HttpGateway(settings) if settings.sms_url else FileSink(settings)


def is_real(settings: Settings) -> bool:
    """Messages leave this machine."""
    return settings.sms_url is not None


class FileSink:
    """One line of JSON a message, in a file of each day that nobody but the server's user reads: it holds personal
    links."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.var / FOLDER

    async def send(self, message: TextMessage) -> Taken:
        name = f"{message.created_at:%Y-%m-%d}.jsonl"
        try:
            await asyncio.to_thread(self._append, name, json.dumps(_body(message, ""), ensure_ascii=False))
        except OSError as error:
            raise Later(str(error)) from error
        return Taken("filed", name)

    def _append(self, name: str, line: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # One write: lines of several processes do not mingle (POSIX, O_APPEND).
        file = os.open(self._folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line.encode() + b"\n")
        finally:
            os.close(file)


class HttpGateway:
    def __init__(self, settings: Settings) -> None:
        self._url = urlsplit(settings.sms_url or "")
        self._sender = settings.sms_sender
        self._headers = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}
        if settings.sms_token:
            self._headers["Authorization"] = f"Bearer {settings.sms_token}"

    async def send(self, message: TextMessage) -> Taken:
        body = _body(message, self._sender)
        status, headers, said = await asyncio.to_thread(self._ask, body)
        answer = _read(said)
        if 200 <= status < 300:
            return Taken("sent", str(answer.get("id") or "")[:100])
        why = f"{status} {answer.get('error') or http.client.responses.get(status, '')}".strip()[:400]
        if status >= 500 or status in _AGAIN:
            wait = headers.get("Retry-After") or ""
            raise Later(why, timedelta(seconds=min(int(wait), 3600)) if wait.isdecimal() else None)
        raise Never(why)

    def _ask(self, body: dict[str, Any]) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Later."""
        host, port = self._url.hostname or "", self._url.port
        line: http.client.HTTPConnection
        if self._url.scheme == "https":
            line = http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
        else:
            line = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        path = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        try:
            line.request(
                "POST",
                path,
                json.dumps(body, ensure_ascii=False).encode(),
                {**self._headers, "Idempotency-Key": str(body["id"])},
            )
            answer = line.getresponse()
            return answer.status, answer.headers, answer.read(_MOST_SAID)
        except (OSError, http.client.HTTPException) as error:
            raise Later(str(error) or type(error).__name__) from error
        finally:
            line.close()


def _body(message: TextMessage, sender: str) -> dict[str, Any]:
    length = length_of(message.text)
    return {
        "id": f"sms-{message.id}",
        "to": message.to_number,
        "text": message.text,
        "sender": sender,
        "encoding": length.encoding,
        "parts": length.parts,
    }


def _read(said: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(said)
    except ValueError:
        return {"error": said.decode(errors="replace").strip()[:200]}
    return answer if isinstance(answer, dict) else {}
