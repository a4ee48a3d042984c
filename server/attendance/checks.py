"""Writing the log of checks. The conference calls these in its own transactions; nothing else makes attendance."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from server.attendance.models import PointCheck
from server.core.actor import Actor
from server.core.transaction import Transaction

How = Literal["live", "lost", "end", "by-hand"]


def check_in(tx: Transaction, meeting_id: int, point_id: int, how: How = "live", *, actor: Actor | None = None) -> None:
    """`actor`: not the transaction's own, where one carries what many did."""
    tx.session.add(_check(tx, meeting_id, point_id, direction="in", how=how, at=tx.now, actor=actor))


def check_out(tx: Transaction, meeting_id: int, points: Mapping[int, datetime], how: How) -> None:
    """`points`: id -> when it went, which may be earlier than now (a cut line is noticed later)."""
    tx.session.add_all(
        _check(tx, meeting_id, point_id, direction="out", how=how, at=min(at, tx.now))
        for point_id, at in points.items()
    )


def _check(
    tx: Transaction,
    meeting_id: int,
    point_id: int,
    *,
    direction: str,
    how: How,
    at: datetime,
    actor: Actor | None = None,
) -> PointCheck:
    who = actor or tx.actor
    name = "" if who.system else who.name[:200]
    return PointCheck(meeting_id=meeting_id, point_id=point_id, direction=direction, how=how, at=at, by_name=name)
