"""The server's table of contents: the routers, and what runs beside them while the server is up."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter

from server.accounts.routes import router as accounts
from server.core.services import Services
from server.meetings.routes import router as meetings
from server.organisations.routes import router as organisations

ROUTERS: list[APIRouter] = [accounts, organisations, meetings]

BESIDE: list[Callable[[Services], AbstractAsyncContextManager[None]]] = []
"""Entered in this order when the server starts, left in the reverse order when it stops."""
