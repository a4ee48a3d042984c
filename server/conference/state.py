"""A meeting's conference as one value: the stage and every member point. Actions load it, change it, and `settle`
writes what changed together with one event; so no action can forget to tell the sockets about something it touched."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.conference.live.entities import FloorHolder, Place, PointEntity, Recess, SharedContent, StageEntity
from server.conference.models import PointPresence, Stage
from server.conference.tiles import VISIBLE, arrange
from server.core.errors import NotFound
from server.core.transaction import Transaction
from server.core.upserts import put_rows
from server.live.log import append, put
from server.live.protocol import Change
from server.meetings.models import Meeting, MemberPoint
from server.organisations.models import BridgePoint, Unit
from server.organisations.queries import ids_of
from server.speaking import queue as speaking
from server.speaking.models import SpeakingTurn
from server.speaking.queue import Queue
from server.speaking.rules import Rules

ACTIVE = ("open", "running")
"""States of a meeting in which halls are in it."""
PRESENT = ("testing", "ready")


@dataclass(slots=True)
class Hall:
    """A member point now. Plain values; `settle` writes them back."""

    point_id: int
    unit_id: int
    unit_path: str
    unit_position: int
    position: int
    name: str
    short_name: str
    speaker: str
    contact: str
    presence: str
    since: datetime
    before_lost: str
    weak: bool
    media: str
    camera: str
    microphone: str
    hand_at: datetime | None = None
    """Since when somebody in it asks to speak: who would be called first of them."""
    hand_topic: str = ""

    @property
    def present(self) -> bool:
        return self.presence in PRESENT

    def facts(self) -> tuple[object, ...]:
        return (
            self.presence,
            self.since,
            self.before_lost,
            self.weak,
            self.media,
            self.camera,
            self.microphone,
            self.hand_at,
            self.hand_topic,
        )

    def gone(self) -> None:
        """Nothing is known of a hall that is not in: neither its line nor its devices."""
        self.weak, self.media, self.camera, self.microphone = False, "none", "unknown", "unknown"

    def become(self, presence: str, now: datetime) -> None:
        self.presence, self.since = presence, now


class Conference:
    def __init__(self, meeting: Meeting, stage: Stage, halls: dict[int, Hall], queue: Queue) -> None:
        self.meeting = meeting
        self.stage = stage
        self.halls = halls
        self.queue = queue
        queue.branches = _branches(halls.values()) if queue.rules.by_branch else {}
        self.note_hands()

    @property
    def main(self) -> int:
        return self.meeting.main_point_id

    @property
    def active(self) -> bool:
        return self.meeting.state in ACTIVE

    @property
    def holders(self) -> list[int]:
        """Points that hold the floor, oldest first."""
        return [entry["point_id"] for entry in self.stage.floor]

    @property
    def waits_for_stage(self) -> bool:
        """A guest is on stage whose line is cut."""
        on_stage = self.halls.get(self.stage.stage_point_id or 0)
        return on_stage is not None and on_stage.presence == "lost" and on_stage.point_id != self.main

    def hall(self, point_id: int) -> Hall:
        """NotFound if the point is not a member of this meeting."""
        found = self.halls.get(point_id)
        if found is None:
            raise NotFound(
                "Điểm cầu này không có trong cuộc họp.", "That point is not in this meeting.", point_id=point_id
            )
        return found

    @property
    def answering(self) -> int | None:
        """The point whose microphone is open to answer the roll call: that is nobody's turn to speak."""
        return next((entry["point_id"] for entry in self.stage.floor if entry.get("roll_call")), None)

    def give_floor(self, point_id: int, now: datetime, *, roll_call: bool = False) -> None:
        """Whoever speaks ends a recess."""
        self.stage.recess = None
        entry: dict[str, Any] = {"point_id": point_id, "since": now.isoformat()}
        if roll_call:
            entry["roll_call"] = True
        if point_id not in self.holders:
            self.stage.floor = [*self.stage.floor, entry]
        elif point_id == self.answering and not roll_call:
            self.stage.floor = [entry if each["point_id"] == point_id else each for each in self.stage.floor]

    def end_floor(self, point_ids: set[int]) -> None:
        """What they share as content by right of the floor ends too."""
        self.stage.floor = [entry for entry in self.stage.floor if entry["point_id"] not in point_ids]
        self.end_content_of(point_ids)

    def end_content_of(self, point_ids: set[int]) -> None:
        if self.stage.content is not None and self.stage.content.get("point_id") in point_ids:
            self.stage.content = None

    async def take_rules(self, session: AsyncSession, rules: Rules) -> None:
        """Who speaks keeps the limit; whether the microphone closes at it is as said now."""
        self.queue.rules = rules
        self.queue.branches = _branches(self.halls.values()) if rules.by_branch else {}
        if rules.by_branch or rules.newcomers_first:
            await self.queue.know_spoken(session)
        for turn in self.queue.turns:
            self.queue.set_due(turn)

    def note_hands(self) -> None:
        """What the queue means for the halls."""
        for hall in self.halls.values():
            hall.hand_at, hall.hand_topic = None, ""
        for request_id in reversed(self.queue.order()):
            request = self.queue.requests[request_id]
            if request.point_id in self.halls:
                hall = self.halls[request.point_id]
                hall.hand_at, hall.hand_topic = request.raised_at, request.topic

    async def keep_turns(self, session: AsyncSession, now: datetime) -> None:
        """Turns follow the floor: who lost it has ended; a guest who has it speaks, by right of a request or not.
        Before the start nobody's time is counted."""
        counts = self.meeting.state == "running"
        holders = set(self.holders) if counts else set()
        for turn in [each for each in self.queue.turns if each.point_id not in holders]:
            self.queue.end(turn, now)
        speaking_now = {turn.point_id for turn in self.queue.turns}
        for entry in self.stage.floor if counts else ():
            if entry["point_id"] not in {self.main, self.answering} | speaking_now:
                await self.begin_turn(session, entry["point_id"], datetime.fromisoformat(entry["since"]))

    async def begin_turn(
        self, session: AsyncSession, point_id: int, now: datetime, request_id: int | None = None
    ) -> None:
        """The clock of who was called. A request of theirs that waits is what they speak about."""
        await self.queue.know_spoken(session)
        theirs = self.queue.of_point(point_id)
        request = self.queue.request(request_id) if request_id is not None else theirs[0] if theirs else None
        turn = SpeakingTurn(meeting_id=self.meeting.id, point_id=point_id, began_at=now, kind="speech", name="")
        if request is not None:
            for name in ("person_id", "name", "kind", "item_id"):
                setattr(turn, name, getattr(request, name))
            turn.request_id = request.id
            self.queue.close(request, "called", now)
        self.queue.begin(session, turn)

    # -- entities

    def attended(self, hall: Hall) -> bool:
        """Who is out went out since the beginning, or was never in; a rehearsal before it does not count."""
        started = self.meeting.started_at
        return started is not None and (hall.present or hall.since >= started)

    def point_entity(self, hall: Hall) -> PointEntity:
        return PointEntity.model_validate(
            {
                "id": hall.point_id,
                "unit_id": hall.unit_id,
                "name": hall.name,
                "short_name": hall.short_name,
                "speaker": hall.speaker,
                "main": hall.point_id == self.main,
                "presence": hall.presence,
                "since": hall.since,
                "attended": self.attended(hall),
                "weak": hall.weak,
                "media": hall.media,
                "camera": hall.camera,
                "microphone": hall.microphone,
                "floor": hall.point_id in self.holders,
                "hand_at": hall.hand_at,
                "hand_topic": hall.hand_topic,
                "contact": hall.contact,
            }
        )

    def stage_entity(self) -> StageEntity:
        return StageEntity.model_validate(
            {
                "layout": self.stage.layout,
                "stage": self._place(self.stage.stage_point_id),
                "floor": [
                    FloorHolder(**place.model_dump(), since=entry["since"])
                    for entry in self.stage.floor
                    if (place := self._place(entry["point_id"])) is not None
                ],
                "pinned": list(self.stage.pinned),
                "tiles": [place for point_id in self.stage.tiles if (place := self._place(point_id)) is not None],
                "content": self._content(),
                "recess": self.stage.recess and Recess.model_validate(self.stage.recess),
                "returns_at": self.stage.returns_at,
            }
        )

    def _place(self, point_id: int | None) -> Place | None:
        hall = self.halls.get(point_id) if point_id is not None else None
        if hall is None:
            return None
        turn = self.queue.turn_of(hall.point_id)
        speaker = (turn.name if turn else "") or hall.speaker
        return Place(point_id=hall.point_id, name=hall.name, speaker=speaker, presence=hall.presence)

    def _content(self) -> SharedContent | None:
        content = self.stage.content
        if content is None:
            return None
        return SharedContent(
            participant=content["participant"],
            name=content["name"],
            since=content["since"],
            muted=self.stage.content_muted,
        )


async def load(session: AsyncSession, meeting: Meeting) -> Conference:
    """Six queries at most, whatever the number of points."""
    stage = await session.get(Stage, meeting.id) or Stage(
        meeting_id=meeting.id,
        layout="stage-row",
        stage_point_id=None,
        floor=[],
        pinned=[],
        tiles=[],
        content=None,
        content_muted=False,
        recess=None,
        returns_at=None,
    )
    rows = await session.execute(
        select(
            MemberPoint.point_id,
            MemberPoint.speaker,
            BridgePoint.unit_id,
            BridgePoint.name,
            BridgePoint.short_name,
            BridgePoint.position,
            BridgePoint.contact_name,
            BridgePoint.contact_phone,
            Unit.path,
            Unit.position.label("unit_position"),
            PointPresence.presence,
            PointPresence.since,
            PointPresence.before_lost,
            PointPresence.weak,
            PointPresence.media,
            PointPresence.camera,
            PointPresence.microphone,
        )
        .join(BridgePoint, BridgePoint.id == MemberPoint.point_id)
        .join(Unit, Unit.id == BridgePoint.unit_id)
        .outerjoin(
            PointPresence,
            (PointPresence.meeting_id == MemberPoint.meeting_id) & (PointPresence.point_id == MemberPoint.point_id),
        )
        .where(MemberPoint.meeting_id == meeting.id)
    )
    halls = {row.point_id: _hall(row, meeting) for row in rows}
    return Conference(meeting, stage, halls, await speaking.load(session, meeting))


def _hall(row: Any, meeting: Meeting) -> Hall:
    known = row.presence is not None
    return Hall(
        point_id=row.point_id,
        unit_id=row.unit_id,
        unit_path=row.path,
        unit_position=row.unit_position,
        position=row.position,
        name=row.name,
        short_name=row.short_name,
        speaker=row.speaker,
        contact=" · ".join(part for part in (row.contact_name, row.contact_phone) if part),
        presence=row.presence if known else "absent",
        since=row.since if known else meeting.created_at,
        before_lost=row.before_lost if known else "ready",
        weak=bool(row.weak),
        media=row.media or "none",
        camera=row.camera or "unknown",
        microphone=row.microphone or "unknown",
    )


def _branches(halls: Iterable[Hall]) -> dict[int, int]:
    """Point -> the unit at which its way through the tree leaves those of the others."""
    paths = {hall.point_id: ids_of(hall.unit_path) for hall in halls}
    depth = 0
    while len({path[depth] if depth < len(path) else None for path in paths.values()}) == 1 and all(
        depth + 1 < len(path) for path in paths.values()
    ):
        depth += 1
    return {point_id: path[min(depth, len(path) - 1)] for point_id, path in paths.items()}


async def in_tree_order(session: AsyncSession, halls: Sequence[Hall]) -> list[Hall]:
    """As people list them: by the positions of their units from the top down, then by their own."""
    position = {ids_of(hall.unit_path)[-1]: hall.unit_position for hall in halls}
    above = {unit_id for hall in halls for unit_id in ids_of(hall.unit_path)} - position.keys()
    if above:
        rows = await session.execute(select(Unit.id, Unit.position).where(Unit.id.in_(above)))
        position.update((unit_id, place) for unit_id, place in rows)
    return sorted(
        halls,
        key=lambda hall: (
            [(position.get(unit_id, 0), unit_id) for unit_id in ids_of(hall.unit_path)],
            hall.position,
            hall.point_id,
        ),
    )


class Before:
    """What a conference was when it was loaded, to find out what an action changed."""

    def __init__(self, conference: Conference) -> None:
        self.stage = conference.stage_entity()
        self.facts = {hall.point_id: hall.facts() for hall in conference.halls.values()}
        self.floor = set(conference.holders)
        self.on_stage = conference.stage.stage_point_id
        self.queue = speaking.Before(conference.queue)


async def loaded(session: AsyncSession, meeting: Meeting) -> tuple[Conference, Before]:
    """For an action: the conference, and what it was before."""
    conference = await load(session, meeting)
    return conference, Before(conference)


async def settle(
    tx: Transaction, conference: Conference, before: Before, kind: str, *, tell: Collection[int] = ()
) -> bool:
    """Rearranges the small pictures, writes what changed, and appends one event of it. False if nothing changed.
    `tell`: halls of which something else changed that their entity says."""
    if not conference.waits_for_stage or conference.stage.stage_point_id != before.on_stage:
        conference.stage.returns_at = None
    with tx.session.no_autoflush:  # the stage is written once, when all of it is known
        await conference.keep_turns(tx.session, tx.now)
        conference.note_hands()
        await _arrange(tx.session, conference)
    touched = [hall for hall in conference.halls.values() if hall.facts() != before.facts[hall.point_id]]
    told = {hall.point_id for hall in touched} | {*tell} | (before.floor ^ set(conference.holders))
    changes: list[Change] = [
        put("points", point_id, conference.point_entity(conference.halls[point_id]))
        for point_id in sorted(told & conference.halls.keys())
    ]
    stage = conference.stage_entity()
    if stage != before.stage:
        changes.append(put("stage", "", stage))
    tx.session.add(conference.stage)
    await tx.session.flush()  # a turn that has just begun has its number then
    changes += speaking.changes(conference.queue, before.queue)
    speaking.tell_people(tx, conference.queue, before.queue)
    await _save(tx, conference.meeting.id, touched)
    if not changes:
        return False
    await append(tx, conference.meeting.id, kind, changes)
    return True


async def _arrange(session: AsyncSession, conference: Conference) -> None:
    stage = conference.stage
    present = [hall for hall in conference.halls.values() if hall.present]
    hands = dict.fromkeys(conference.queue.requests[each].point_id for each in conference.queue.order())
    # Tree order decides only between newcomers, and costs a query: most joins of a large conference need none.
    known = {stage.stage_point_id, *stage.pinned, conference.main, *conference.holders, *stage.tiles}
    sure = sum(hall.point_id in known or hall.hand_at is not None for hall in present)
    full = sure > VISIBLE[stage.layout] or VISIBLE[stage.layout] == 0
    ordered = present if full else await in_tree_order(session, present)
    tiles = arrange(
        stage.layout,
        stage=stage.stage_point_id,
        pinned=stage.pinned,
        main=conference.main,
        floor=conference.holders,
        hands=list(hands),
        present=[hall.point_id for hall in ordered],
        previous=stage.tiles,
    )
    if tiles != stage.tiles:
        stage.tiles = tiles


def _heard(stored: Any, new: Any) -> ColumnElement[Any]:
    """Written for all halls together every few seconds: here only when it begins to be something else."""
    return case((new.since == stored.since, stored.heard_at), else_=new.heard_at)


async def _save(tx: Transaction, meeting_id: int, halls: Sequence[Hall]) -> None:
    await put_rows(
        tx.session,
        PointPresence,
        [
            {
                "meeting_id": meeting_id,
                "point_id": hall.point_id,
                "presence": hall.presence,
                "since": hall.since,
                "before_lost": hall.before_lost,
                "heard_at": tx.now,
                "weak": hall.weak,
                "media": hall.media,
                "camera": hall.camera,
                "microphone": hall.microphone,
            }
            for hall in halls
        ],
        heard_at=_heard,
    )
