"""Steps of a meeting that concern its halls, over HTTP; the same actions as the live channel's `meeting.*`."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from server.accounts.dependencies import Write
from server.conference import lifecycle
from server.core.fields import Line
from server.meetings import queries
from server.meetings.schemas import MeetingView

router = APIRouter(prefix="/api/meetings", tags=["conference"])
