"""What a file of people would do."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.accounts.typed_people import name_and_title
from server.core.actor import Role
from server.core.fields import folded, spelling
from server.core.spreadsheets.lists import ListRow
from server.exchange.identifiers import Identifiers
from server.exchange.plans.cells import again, differ, said, same
from server.exchange.plans.columns import PEOPLE, ROLES
from server.exchange.plans.points import own_unit
from server.exchange.plans.row import CellFault, PlannedRow
from server.exchange.plans.unit_names import UnitNames

FIELDS = ("full_name", "title", "unit", "email", "phone", "login", "roles", "disabled")
_OPENS = ("email", "login")
"""Whoever may set these can come in as that person."""
_ROLE_OF = {folded(word): role for role, word in ROLES.items()} | {str(role): role for role in Role}

Grants = list[list[Any]]
"""[role, unit's id], in order."""


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """Of a unit that the actor administers."""

    id: int
    revision: int
    full_name: str
    title: str
    unit: int
    email: str | None
    phone: str | None
    login: str | None
    roles: Grants
    disabled: bool

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in FIELDS}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the actor may not do to some of them."""

    me: int | None
    beyond: Collection[int]
    """People with a role over a unit that is not the actor's."""
    led: Collection[int]
    """People who lead meetings of such a unit."""
    logins: Mapping[str, int]
    """Of everybody, those that the file names."""


class PeoplePlanner:
    def __init__(
        self, names: UnitNames, identifiers: Identifiers, people: Sequence[PersonFacts], bounds: Bounds
    ) -> None:
        self._names = names
        self._identifiers = identifiers
        self._bounds = bounds
        self._by_id = {person.id: person for person in people}
        self._by_login = {person.login: person for person in people if person.login}
        self._by_name: defaultdict[tuple[int, str], list[PersonFacts]] = defaultdict(list)
        for person in people:
            self._by_name[person.unit, spelling(person.full_name)].append(person)
        self._claimed: dict[int, int] = {}
        """Person -> the row that means them."""
        self._fresh: dict[tuple[Any, ...], int] = {}
        self._logins: dict[str, int] = {}
        self._released: set[str | None] = set()
        """Logins that their holders give up in this file."""
        self._labels: dict[int, str] = {}
        self._roles: dict[tuple[str, int], Grants] = {}

    def plan(self, rows: Sequence[ListRow]) -> list[PlannedRow]:
        planned = []
        for row in rows:
            name, title = name_and_title(row.cells["full_name"], row.cells.get("title", ""))
            cells = {**row.cells, "full_name": name} | ({"title": title} if title else {})
            planned.append(PlannedRow(row.number, cells, name[:200]))
        read = [said(row, PEOPLE, {"unit": self._unit, "roles": str}) for row in planned]
        # Whoever is named beyond doubt comes first: namesakes are told apart by who is left.
        sure = [self._sure(row, values) for row, values in zip(planned, read, strict=True)]
        for exactly in (True, False):
            for place, (each, values) in enumerate(zip(planned, read, strict=True)):
                if sure[place] is None and each.verdict != "bad":
                    sure[place] = self._namesake(each, values, exactly=exactly)
        self._released = {
            known.login
            for values, known in zip(read, sure, strict=True)
            if known is not None and "login" in values and values["login"] != known.login
        }
        for planned_row, values, known in zip(planned, read, sure, strict=True):
            self._say(planned_row, values, known)
        return planned

    def _sure(self, row: PlannedRow, values: dict[str, Any]) -> PersonFacts | None:
        known = None
        if row.cells.get("id"):
            try:
                known = self._by_id.get(self._identifiers.read("people", row.cells["id"]))
                if known is None:
                    raise CellFault("Người này không còn, hoặc ngoài phạm vi đồng chí quản trị.",
                                    "This person is gone, or not one whom you administer.")  # fmt: skip
            except CellFault as fault:
                row.fault("id", fault.vi, fault.en)
        elif values.get("login"):
            known = self._by_login.get(values["login"])
            if known is not None and known.unit != values.get("unit", known.unit) and not _named(known, row):
                row.fault(
                    "login",
                    f"Tên đăng nhập này là của “{known.full_name}”. Nếu đúng là người này, ghi thêm mã hệ thống.",
                    f"This login belongs to “{known.full_name}”. If that is who is meant, add the identifier.",
                )
        return self._claim(row, known)

    def _namesake(self, row: PlannedRow, values: dict[str, Any], *, exactly: bool) -> PersonFacts | None:
        """`exactly`: who is already as the row says, in everything that it says."""
        name = spelling(row.cells["full_name"])
        if "unit" in values:
            found = self._by_name.get((values["unit"], name), [])
        else:
            found = [] if row.cells.get("unit") else [
                person for (_, each), people in self._by_name.items() if each == name for person in people
            ]  # fmt: skip
        free = [person for person in found if person.id not in self._claimed]
        if exactly:
            free = [person for person in free if self._as_it_is(person, values)]
            return self._claim(row, free[0]) if free else None
        free = [person for person in free if not _other(person, values)]
        if len(free) > 1:
            row.fault(
                "full_name",
                f"Có {len(free)} người cùng tên ở đơn vị này. Ghi mã hệ thống hoặc tên đăng nhập.",
                f"{len(free)} people of this unit bear this name. Add the identifier or the login.",
            )
            return None
        return self._claim(row, free[0]) if free else None

    def _as_it_is(self, person: PersonFacts, values: dict[str, Any]) -> bool:
        return all(
            same(getattr(person, name), value) for name, value in values.items() if name in ("title", "email", "phone")
        )

    def _claim(self, row: PlannedRow, known: PersonFacts | None) -> PersonFacts | None:
        if known is not None and self._claimed.setdefault(known.id, row.number) != row.number:
            again(row, self._claimed[known.id])
        return known

    def _say(self, row: PlannedRow, values: dict[str, Any], known: PersonFacts | None) -> None:
        if known is None and row.verdict != "bad":
            if not row.cells["full_name"]:
                row.fault("full_name", "Thiếu họ và tên.", "The name is missing.")
            elif not any(character.isalpha() for character in row.cells["full_name"]):
                row.fault("full_name", "Đây không phải họ và tên.", "This is not a name.")
            if "unit" not in values:
                row.fault("unit", "Ghi đơn vị của người này.", "Say which unit this person belongs to.")
        if row.verdict == "bad":
            return
        before = known.as_dict() if known is not None else {}
        unit: int = values["unit"] if "unit" in values else before["unit"]
        if "roles" in values:
            try:
                values["roles"] = [] if values["roles"] is None else self._grants(values["roles"], unit)
            except CellFault as fault:
                row.fault("roles", fault.vi, fault.en)
                return
        if values.get("disabled", "") is None:
            values["disabled"] = False
        if values.get("title", "") is None:
            values["title"] = ""
        after = {"title": "", "roles": [], "disabled": False, **before, **values}
        row.label = after["full_name"]
        row.subject_id, row.revision = (known.id, known.revision) if known is not None else (None, None)
        row.before, row.after = before, {name: after.get(name) for name in FIELDS}
        show = {"unit": self._label, "roles": lambda roles: self.roles_as_text(self._names, roles, unit)}
        row.shown = differ(PEOPLE, before, values, show)
        locks = known is not None and after["disabled"] and not known.disabled
        row.verdict = "added" if known is None else "closed" if locks else "changed" if row.shown else "unchanged"
        self._check(row, known)
        if known is None and row.verdict != "bad":
            self._check_fresh(row)

    def _check(self, row: PlannedRow, known: PersonFacts | None) -> None:
        login = row.after["login"]
        if login:
            holder = self._bounds.logins.get(login)
            if holder is not None and (known is None or holder != known.id) and login not in self._released:
                row.fault("login", "Tên đăng nhập này đã có người dùng.", "This login is taken.")
            elif self._logins.setdefault(login, row.number) != row.number:
                row.fault("login", f"Tên này đã ghi ở dòng {self._logins[login]}.",
                          f"Row {self._logins[login]} has this login already.")  # fmt: skip
        if known is None or row.verdict in ("bad", "unchanged"):
            return
        changed = {column for column, _, _ in row.shown}
        if known.id in self._bounds.beyond:
            row.fault("full_name", "Người này còn vai trò ở đơn vị khác. Nhờ quản trị viên cấp trên.",
                      "This person has a role over a unit that is not yours. Ask the administrator above.")  # fmt: skip
        elif known.id in self._bounds.led and known.id != self._bounds.me and not changed.isdisjoint(_OPENS):
            row.fault("email" if "email" in changed else "login",
                      "Người này điều hành cuộc họp của đơn vị khác: địa chỉ, tên đăng nhập do nơi ấy đặt.",
                      "This person leads meetings of another unit, which sets address and login.")  # fmt: skip
        if known.id == self._bounds.me:
            if row.after["disabled"]:
                row.fault("disabled", "Không tự khóa tài khoản của mình được.", "You cannot disable your own account.")
            if any(grant[0] == Role.ADMIN and grant not in row.after["roles"] for grant in known.roles):
                row.fault("roles", "Không tự bỏ vai trò quản trị của mình được. Nhờ quản trị viên khác.",
                          "You cannot take the administrator's role from yourself.")  # fmt: skip

    def _check_fresh(self, row: PlannedRow) -> None:
        """Two rows that say the same person; namesakes say something else beside the name."""
        after = row.after
        told = (after["unit"], spelling(after["full_name"]), folded(after["title"]), after["email"], after["phone"])
        if after["login"] is None and self._fresh.setdefault(told, row.number) != row.number:
            again(row, self._fresh[told])

    # -- units and roles

    def _unit(self, text: str) -> int:
        return own_unit(self._names, text)

    def _label(self, unit_id: int) -> str:
        if unit_id not in self._labels:
            self._labels[unit_id] = self._names.label(unit_id)
        return self._labels[unit_id]

    def _grants(self, text: str, unit: int) -> Grants:
        """CellFault."""
        if (text, unit) not in self._roles:
            grants: Grants = []
            for part in filter(None, (part.strip() for part in text.split(";"))):
                word, _, where = part.partition("@")
                role = _ROLE_OF.get(folded(word))
                if role is None:
                    words = ", ".join(f"“{each}”" for each in ROLES.values())
                    raise CellFault(f"“{word.strip()}” không phải vai trò. Các vai trò: {words}.",
                                    f"“{word.strip()}” is no role. Roles: {words}.")  # fmt: skip
                grant = [str(role), self._unit(where.strip()) if where.strip() else unit]
                if grant not in grants:
                    grants.append(grant)
            self._roles[text, unit] = sorted(grants)
        return self._roles[text, unit]

    @staticmethod
    def roles_as_text(names: UnitNames, grants: Grants, unit: int) -> str:
        """As a cell says it."""
        return "; ".join(
            ROLES[Role(role)] + ("" if unit_id == unit else f" @ {names.label_of_any(unit_id)}")
            for role, unit_id in grants
        )


def _named(person: PersonFacts, row: PlannedRow) -> bool:
    return spelling(person.full_name) == spelling(row.cells["full_name"])


def _other(person: PersonFacts, values: dict[str, Any]) -> bool:
    """A namesake: two addresses, two numbers."""
    told = [
        (getattr(person, name), values[name])
        for name in ("email", "phone")
        if values.get(name) and getattr(person, name)
    ]
    return bool(told) and not any(same(old, new) for old, new in told)
