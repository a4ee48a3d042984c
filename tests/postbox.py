"""A mail server for tests (aiosmtpd)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


class Postbox:
    """Takes what it is sent, unless told what to answer to a recipient."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answers: dict[str, list[str]] = {}
        self.connections = 0
        self.most_a_connection: int | None = None
        """Messages, after which `farewell` is all that is answered, or nothing if it is None: the line is cut."""
        self.farewell: str | None = None

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.most_a_connection is not None and getattr(session, "taken", 0) >= self.most_a_connection:
            if self.farewell is None:
                assert server.transport is not None
                server.transport.abort()
            return self.farewell or "421 gone"
        answers = self.answers.get(address)
        if answers:
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        session.taken = getattr(session, "taken", 0) + 1  # type: ignore[attr-defined]
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"

    def texts(self) -> list[str]:
        return [text_of(message) for message in self.messages]


def text_of(message: EmailMessage) -> str:
    """Without its files."""
    body = message.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text.replace("\r\n", "\n")


@asynccontextmanager
async def post_office(postbox: Postbox, **options: Any) -> AsyncIterator[int]:
    """The port of a running mail server."""
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(postbox, **options), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
