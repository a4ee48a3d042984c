"""Who acts. Built from the session for each request; carries the grants that rights are decided from."""

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """A person's role at a unit; it reaches down the unit's whole branch."""

    ADMIN = "admin"  # quản trị: units, points, people
    ORGANISER = "organiser"  # ban tổ chức: plans meetings
    OPERATOR = "operator"  # điều phối kỹ thuật: runs the picture
    TECHNICIAN = "technician"  # kỹ thuật điểm cầu: brings the unit's halls in
    HALL_SECRETARY = "hall-secretary"  # thư ký điểm cầu
    DELEGATE = "delegate"  # đại biểu


_ROOT = 2
"""Slashes in the path of a root unit: "/1/"."""


@dataclass(frozen=True, slots=True)
class Grant:
    role: Role
    unit_id: int
    unit_path: str
    """Materialised path of the unit, "/1/5/"; a grant covers every unit whose path starts with it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person, or a hall's own device (`point_id` set, no person), or the system itself."""

    person_id: int | None = None
    point_id: int | None = None
    name: str = ""
    session_id: int | None = None
    grants: tuple[Grant, ...] = field(default=())
    only_meetings: frozenset[int] | None = None
    """Came by personal links bound to these meetings: reaches nothing else, and carries no grants. None: unbound."""
    confirmed: frozenset[int] = frozenset()
    """Those of them in which somebody who keeps the lists has confirmed this device to be the person's own."""
    within: str | None = None
    """Came by a link that an administrator made: leads and presents only what units of this path's branch hold, as the
    administrator could not give more. None: not bound so."""
    needs_factor: bool = False
    """Is an administrator, and this session does not say so with a second factor: the role waits until it does."""
    system: bool = False
    address: str = ""
    """From where the request came; for the audit log."""

    def has(self, role: Role, unit_path: str) -> bool:
        """True if the actor holds `role` at the unit of this path or above it."""
        return any(grant.role is role and unit_path.startswith(grant.unit_path) for grant in self.grants)

    @property
    def administered(self) -> frozenset[str]:
        """Paths of the units that the actor is an administrator of."""
        return frozenset(grant.unit_path for grant in self.grants if grant.role is Role.ADMIN)

    @property
    def administered_roots(self) -> frozenset[str]:
        """Those of them that stand at the top of a tree."""
        return frozenset(path for path in self.administered if path.count("/") == _ROOT)


SYSTEM = Actor(name="system", system=True)
