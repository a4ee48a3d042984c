"""What each part in a meeting allows: one table. What does not stand in it is denied."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache

from server.core.actor import Role


class Capability(StrEnum):
    VIEW = "view"
    """That the meeting is there: title, time, member points, agenda."""
    ATTEND = "attend"
    """Picture and sound, the live channel, the papers that are for all members."""
    READ_ALL = "read-all"
    """Every paper, whomever it is for."""
    MANAGE_PAPERS = "manage-papers"
    """Bring in, replace, recall, say who reads; originals."""
    KEEP_LISTS = "keep-lists"
    """Every point's list of delegates with names and addresses, links, requests."""
    PRESENT = "present"
    """Share a screen, turn the pages of a paper for all."""
    OVERSEE = "oversee"
    """The console; attendance and totals of every point."""
    DIRECT = "direct"
    """Floor, stage, layout, steps of the meeting, any member point."""
    CONDUCT = "conduct"
    """What only who leads does: take pages over, reopen."""
    OPERATE = "operate"
    """Run its picture; bring any hall in."""
    ORGANISE = "organise"
    """Edit, invite, withdraw, delete the draft."""


class Part(StrEnum):
    """As what somebody belongs to a meeting. One may have several."""

    ORGANISER = "organiser"
    """Organiser of the unit that holds it, or of one above. Who made the meeting is nothing by that alone: the right
    ends with the role."""
    CHAIR = "chair"
    SECRETARY = "secretary"
    OPERATOR = "operator"
    """Of the unit that holds it, or of one above."""
    PRESENTER = "presenter"
    """Of an item of the agenda."""
    DELEGATE = "delegate"
    """On the list of delegates."""
    REPRESENTED = "represented"
    """On the list, and somebody else comes instead, who has seat, papers and word."""
    HALL = "hall"
    """The device of a member point, or its technician or secretary."""
    BRANCH = "branch"
    """Any role at or above the unit of a member point: learns of the meeting, and takes no part in it."""


_ATTENDS = {Capability.VIEW, Capability.ATTEND}
_LEADS = _ATTENDS | {
    Capability.READ_ALL,
    Capability.MANAGE_PAPERS,
    Capability.KEEP_LISTS,
    Capability.PRESENT,
    Capability.OVERSEE,
    Capability.DIRECT,
    Capability.CONDUCT,
}

OF_ROLES: Mapping[Role, Part] = {
    Role.ORGANISER: Part.ORGANISER,
    Role.OPERATOR: Part.OPERATOR,
    Role.TECHNICIAN: Part.HALL,
    Role.HALL_SECRETARY: Part.HALL,
}
"""As what somebody belongs to the meetings of a unit by a role there alone, or to those that its halls take part in.
Every other role makes `BRANCH`."""

EVERYTHING = frozenset(Capability)
NOTHING: frozenset[Capability] = frozenset()

TABLE: Mapping[Part, frozenset[Capability]] = {
    Part.ORGANISER: EVERYTHING - {Capability.OPERATE},
    Part.CHAIR: frozenset(_LEADS),
    Part.SECRETARY: frozenset(_LEADS),
    Part.OPERATOR: frozenset(
        _ATTENDS | {Capability.PRESENT, Capability.OVERSEE, Capability.DIRECT, Capability.OPERATE}
    ),
    Part.PRESENTER: frozenset(_ATTENDS | {Capability.PRESENT}),
    Part.DELEGATE: frozenset(_ATTENDS),
    Part.REPRESENTED: frozenset({Capability.VIEW}),
    Part.HALL: frozenset(_ATTENDS),
    Part.BRANCH: frozenset({Capability.VIEW}),
}

BY_LINK = frozenset({Capability.VIEW, Capability.ATTEND, Capability.READ_ALL, Capability.PRESENT})
"""What is left of them to who came by a personal link: it may have been passed on, so it takes part and reads, and
neither leads nor keeps papers and lists."""
CONFIRMED = BY_LINK | {Capability.OVERSEE, Capability.DIRECT, Capability.CONDUCT}
"""The same on a device that somebody who keeps the lists has confirmed to be the chair's or the secretary's."""
IN_DRAFT = frozenset({Part.ORGANISER, Part.CHAIR, Part.SECRETARY})
"""A draft is its makers' own business: halls, operators and presenters learn of it when they are invited."""


def of_role(role: Role) -> frozenset[Capability]:
    """What a role at a unit allows in its meetings, before anything else is known of the person."""
    return TABLE[OF_ROLES.get(role, Part.BRANCH)]


def capabilities(
    parts: Iterable[Part], *, draft: bool, by_link: bool = False, confirmed: bool = False
) -> frozenset[Capability]:
    """All that these parts allow together."""
    return _together(frozenset(parts), draft, CONFIRMED if confirmed else BY_LINK if by_link else EVERYTHING)


@cache
def _together(parts: frozenset[Part], draft: bool, within: frozenset[Capability]) -> frozenset[Capability]:
    """Asked with every page of every paper."""
    return NOTHING.union(*(TABLE[part] for part in parts if not draft or part in IN_DRAFT)) & within
