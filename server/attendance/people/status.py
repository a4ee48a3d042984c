"""What the log says of one delegate: pure functions, so that what a report says can be proved from what was noted."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple

Kind = Literal["in", "out", "leave", "leave-withdrawn"]
How = Literal["qr", "list", "group", "online", "by-hand"]
State = Literal["expected", "present", "online", "leave", "absent", "left"]

ATTENDING: frozenset[State] = frozenset({"present", "online"})
ATTENDED: frozenset[State] = ATTENDING | {"left"}


class Entry(NamedTuple):
    """One row of the log."""

    id: int
    kind: str
    how: str
    at: datetime
    point_id: int | None
    """Where; None: online."""
    reason: str = ""
    by_name: str = ""


@dataclass(frozen=True, slots=True)
class AttendanceStatus:
    state: State
    point_id: int | None = None
    """The hall where they are."""
    at: datetime | None = None
    """When they came in, went out, or were given leave."""
    how: str = ""
    by_name: str = ""
    reason: str = ""
    arrived_at: datetime | None = None
    """When they first came in; None for who never did."""
    left_at: datetime | None = None

    @property
    def attending(self) -> bool:
        return self.state in ATTENDING


def status_of(entries: Iterable[Entry], started_at: datetime | None, *, settled: bool = False) -> AttendanceStatus:
    """`entries` of one delegate in any order; `started_at`: None while the meeting has not begun. `settled`: nobody
    else is expected, as the hall has signed its attendance off, or the meeting has ended.

    The newest entry decides, in the order it was written. Coming in says where somebody is, and outweighs leave. Going
    out *by hand* takes the coming back (noted by mistake), and so does going out before the meeting began: they were
    not at it. Who goes out later has left. Withdrawn leave was never given. Who is nowhere is expected, and once that
    is settled absent without leave: nobody is called absent while the hall still takes its list.
    """
    moved: Entry | None = None
    excused: Entry | None = None
    arrived_at: datetime | None = None
    for entry in sorted(entries):
        match entry.kind:
            case "in":
                moved = entry
                arrived_at = arrived_at or entry.at
            case "out":
                moved = entry
                if not _has_left(entry, started_at):
                    arrived_at = None
            case "leave":
                excused = entry
            case "leave-withdrawn":
                excused = None
    if excused is not None and (moved is None or excused.id > moved.id or _took_back(moved, started_at)):
        return _said("leave", excused)
    if moved is None or _took_back(moved, started_at):
        return AttendanceStatus("absent" if settled else "expected")
    if moved.kind == "out":
        return replace(_said("left", moved), arrived_at=arrived_at, left_at=moved.at)
    state: State = "online" if moved.point_id is None else "present"
    return replace(_said(state, moved), point_id=moved.point_id, arrived_at=arrived_at)


def represented(own: AttendanceStatus, by: AttendanceStatus | None) -> bool:
    """Somebody else is, or was, there in their stead. `by`: the substitute's status, if there is one."""
    return by is not None and by.state in ATTENDED and not own.attending


def shown(own: AttendanceStatus, by: AttendanceStatus | None) -> AttendanceStatus:
    """As a list shows it: whose substitute is there does not come any more."""
    return replace(own, state="absent") if own.state == "expected" and represented(own, by) else own


def _has_left(out: Entry, started_at: datetime | None) -> bool:
    return out.how != "by-hand" and started_at is not None and out.at >= started_at


def _took_back(moved: Entry, started_at: datetime | None) -> bool:
    return moved.kind == "out" and not _has_left(moved, started_at)


def _said(state: State, entry: Entry) -> AttendanceStatus:
    return AttendanceStatus(state, at=entry.at, how=entry.how, by_name=entry.by_name, reason=entry.reason)


@dataclass(slots=True)
class Count:
    """Of a list. expected = present + online + left + leave + missing, unless somebody comes beside his own
    substitute."""

    expected: int = 0
    """On the list; substitutes stand for those they represent."""
    present: int = 0
    """In a hall, their own or another one; substitutes included."""
    online: int = 0
    leave: int = 0
    """Absent with leave, and not represented."""
    absent: int = 0
    """Without leave: the missing, where the hall has signed or the meeting has ended."""
    left: int = 0
    """Were there, and went before the end."""
    substitutes: int = 0
    """How many of those that came did so in somebody's stead."""
    counted: int = 0
    """Attendance to be reported: people sitting in this hall, by the list or by headcount, whichever is larger, and
    those online."""
    missing: int = 0
    """Nowhere, not on leave and not represented: yet to come, or absent."""

    def add(self, state: State, *, substitute: bool, represented: bool, people: int = 1) -> None:
        """`represented`: as the function says; such a delegate's place is taken by the substitute."""
        came = state in ATTENDED
        if substitute:
            self.substitutes += people * came
        else:
            self.expected += people
        if state in ("expected", "absent"):
            self.missing += people * (not represented and not substitute)
        elif not represented and (came or not substitute):
            setattr(self, state, getattr(self, state) + people)

    def settle(self, settled: bool) -> None:
        self.absent = self.missing if settled else 0

    def include(self, other: "Count") -> None:
        self.expected += other.expected
        self.present += other.present
        self.online += other.online
        self.leave += other.leave
        self.absent += other.absent
        self.left += other.left
        self.substitutes += other.substitutes
        self.counted += other.counted
        self.missing += other.missing

    def figures(self) -> dict[str, int]:
        """By name, in the order above, without `missing`: what is told."""
        return {name: getattr(self, name) for name in _FIELDS}


_FIELDS = tuple(name for name in Count.__dataclass_fields__ if name != "missing")
