"""A turn's time, from its stamps: begin, pauses, end."""

from datetime import datetime, timedelta

from server.speaking.models import SpeakingTurn


def paused_since(turn: SpeakingTurn) -> datetime | None:
    """Since when its clock stands; None: it runs."""
    began, ended = turn.pauses[-1] if turn.pauses else (None, "")
    return datetime.fromisoformat(began) if began and ended is None else None


def paused_for(turn: SpeakingTurn) -> timedelta:
    """Of the pauses that are over."""
    over = [(begin, end) for begin, end in turn.pauses if begin and end]
    return sum((datetime.fromisoformat(end) - datetime.fromisoformat(begin) for begin, end in over), timedelta())


def spent(turn: SpeakingTurn, now: datetime) -> timedelta:
    until = turn.ended_at or paused_since(turn) or now
    return max(until - turn.began_at - paused_for(turn), timedelta())


def due(turn: SpeakingTurn) -> datetime | None:
    """When its time is up, as things stand; None: never, or not while the clock stands."""
    if turn.limit_seconds is None or turn.ended_at is not None or paused_since(turn) is not None:
        return None
    return turn.began_at + paused_for(turn) + timedelta(seconds=turn.limit_seconds)


def pause(turn: SpeakingTurn, now: datetime) -> None:
    if turn.ended_at is None and paused_since(turn) is None:
        turn.pauses = [*turn.pauses, [now.isoformat(), None]]


def resume(turn: SpeakingTurn, now: datetime) -> None:
    if paused_since(turn) is not None:
        turn.pauses = [*turn.pauses[:-1], [turn.pauses[-1][0], now.isoformat()]]


def extend(turn: SpeakingTurn, seconds: int, now: datetime) -> None:
    """So much longer; who has run over has so much from now on."""
    if turn.limit_seconds is not None:
        turn.limit_seconds = max(turn.limit_seconds, int(spent(turn, now).total_seconds())) + seconds


def end(turn: SpeakingTurn, now: datetime) -> None:
    resume(turn, now)
    turn.ended_at = now
    turn.closes_at = None
    turn.spent_seconds = round(spent(turn, now).total_seconds())
