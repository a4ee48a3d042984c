"""Steps of a meeting that concern its halls, over HTTP; the same actions as the live channel's `meeting.*`."""

from fastapi import APIRouter

router = APIRouter(prefix="/api/meetings", tags=["conference"])
