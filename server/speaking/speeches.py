"""What was spoken: each turn that is over, who it was, how long it took, and whether it was cut off."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.actor import Actor
from server.meetings.access import overseen_meeting
from server.meetings.models import AgendaItem
from server.organisations.models import BridgePoint, Unit
from server.speaking.models import SpeakingRequest, SpeakingTurn
from server.speaking.rules import Kind

Only = Literal["all", "cut", "over"]
"""over: longer than its limit, whether it was cut or not."""
Order = Literal["time", "longest"]


class Speech(BaseModel):
    id: int
    point_id: int
    point_name: str
    name: str
    """Who spoke; empty: whoever speaks for the hall."""
    kind: Kind
    topic: str
    item: str
    """Title of the agenda item that it was about; empty without one."""
    began_at: datetime
    ended_at: datetime
    seconds: int
    """Spoken, without the pauses."""
    limit_seconds: int | None
    cut: bool
    """The clock closed the microphone."""


class Speeches(BaseModel):
    total: int
    """Of those asked for."""
    turns: int
    """Of the meeting, as all that follow."""
    seconds: int
    cut: int
    over: int
    speeches: list[Speech]


class SpokenByPoint(BaseModel):
    point_name: str
    turns: int
    seconds: int
    cut: int


class SpeechReport(BaseModel):
    """For the file: everything."""

    title: str
    unit_name: str
    starts_at: datetime
    ended_at: datetime | None
    generated_at: datetime
    speeches: list[Speech]
    points: list[SpokenByPoint]


OVER = SpeakingTurn.spent_seconds > SpeakingTurn.limit_seconds


def _ended(meeting_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return SpeakingTurn.meeting_id == meeting_id, SpeakingTurn.ended_at.is_not(None)


def _listed(meeting_id: int) -> Select[SpeakingTurn, str, str, str]:
    return (
        select(SpeakingTurn, BridgePoint.name, SpeakingRequest.topic, AgendaItem.title)
        .join(BridgePoint, BridgePoint.id == SpeakingTurn.point_id)
        .outerjoin(SpeakingRequest, SpeakingRequest.id == SpeakingTurn.request_id)
        .outerjoin(AgendaItem, AgendaItem.id == SpeakingTurn.item_id)
        .where(*_ended(meeting_id))
    )


async def page(
    session: AsyncSession, meeting_id: int, actor: Actor, *, only: Only, order: Order, offset: int, limit: int
) -> Speeches:
    """For whoever organises, conducts or operates; NotAllowed for others."""
    await overseen_meeting(session, meeting_id, actor)
    turns, seconds, cut, over = (
        await session.execute(
            select(
                func.count(),
                func.coalesce(func.sum(SpeakingTurn.spent_seconds), 0),
                func.coalesce(func.sum(case((SpeakingTurn.cut, 1), else_=0)), 0),
                func.coalesce(func.sum(case((OVER, 1), else_=0)), 0),
            ).where(*_ended(meeting_id))
        )
    ).one()
    asked = _listed(meeting_id)
    if only != "all":
        asked = asked.where(SpeakingTurn.cut if only == "cut" else OVER)
    longest = (SpeakingTurn.spent_seconds.desc(),) if order == "longest" else ()
    rows = await session.execute(
        asked.order_by(*longest, SpeakingTurn.began_at, SpeakingTurn.id).offset(offset).limit(limit)
    )
    return Speeches(
        total={"all": turns, "cut": cut, "over": over}[only],
        turns=turns,
        seconds=seconds,
        cut=cut,
        over=over,
        speeches=[_speech(turn, point, topic, item) for turn, point, topic, item in rows],
    )


async def report(session: AsyncSession, meeting_id: int, actor: Actor, now: datetime) -> SpeechReport:
    meeting, _ = await overseen_meeting(session, meeting_id, actor)
    unit = await session.get_one(Unit, meeting.unit_id)
    rows = await session.execute(_listed(meeting_id).order_by(SpeakingTurn.began_at, SpeakingTurn.id))
    seconds = func.sum(SpeakingTurn.spent_seconds)
    points = await session.execute(
        select(BridgePoint.name, func.count(), seconds, func.sum(case((SpeakingTurn.cut, 1), else_=0)))
        .select_from(SpeakingTurn)
        .join(BridgePoint, BridgePoint.id == SpeakingTurn.point_id)
        .where(*_ended(meeting_id))
        .group_by(BridgePoint.id, BridgePoint.name)
        .order_by(seconds.desc(), BridgePoint.id)
    )
    return SpeechReport(
        title=meeting.title,
        unit_name=unit.name,
        starts_at=meeting.started_at or meeting.starts_at,
        ended_at=meeting.ended_at,
        generated_at=now,
        speeches=[_speech(turn, point, topic, item) for turn, point, topic, item in rows],
        points=[
            SpokenByPoint(point_name=name, turns=turns, seconds=spent, cut=cut) for name, turns, spent, cut in points
        ],
    )


def _speech(turn: SpeakingTurn, point_name: str, topic: str | None, item: str | None) -> Speech:
    return Speech.model_validate(
        {
            "id": turn.id,
            "point_id": turn.point_id,
            "point_name": point_name,
            "name": turn.name,
            "kind": turn.kind,
            "topic": topic or "",
            "item": item or "",
            "began_at": turn.began_at,
            "ended_at": turn.ended_at,
            "seconds": turn.spent_seconds,
            "limit_seconds": turn.limit_seconds,
            "cut": turn.cut,
        }
    )
