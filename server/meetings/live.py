"""The meeting's part of the live state: collections `meeting`, `agenda`, `units`."""

from datetime import datetime
from typing import Literal

from server.live.protocol import Wire

MeetingStateName = Literal["draft", "invited", "open", "running", "ended"]


class MeetingEntity(Wire):
    """Collection `meeting`, key ""."""

    id: int
    kind: str
    title: str
    state: MeetingStateName
    unit_name: str
    starts_at: datetime
    ends_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    main_point_id: int
    chair_name: str
    secretary_name: str
    current_item_id: int | None


class AgendaItemEntity(Wire):
    """Collection `agenda`, key = id. Time spent now = `spent_seconds` + (now - `since`, if set)."""

    id: int
    position: int
    title: str
    minutes: int
    presenter: str
    state: Literal["waiting", "current", "done"]
    spent_seconds: int
    since: datetime | None


class UnitEntity(Wire):
    """Collection `units`, key = id: every unit of the member points and all above them."""

    id: int
    parent_id: int | None
    name: str
    short_name: str
    level: str
    position: int
