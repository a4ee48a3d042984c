"""Every action that the code records has its sentence."""

import ast
from pathlib import Path
from typing import get_args

from server.audit.words import WORDS, Group, group_of, said
from server.invitations.replies.models import ReplyKind
from server.meetings.lifecycle import Step

SERVER = Path(__file__).parents[3] / "server"
_RECORDS = {"record": 1, "note": 1, "note_soon": 1}
"""Functions, and which argument is the action."""

BUILT: dict[str, set[str]] = {
    "f'meeting.{step}'": {f"meeting.{step}" for step in Step},
    "f'access.{request.state}'": {"access.granted", "access.refused"},
    "f'paper.version-{state}'": {"paper.version-refused", "paper.version-failed"},
    "f'meeting.{kind}'": {"meeting.announced", "meeting.noted"},
    "f'reply.{kind}'": {f"reply.{kind}" for kind in get_args(ReplyKind)},
    "_LOADED": {"demo.loaded"},
}
"""Actions that are put together where they are recorded: all that can come of it."""
HANDED_ON: dict[str, set[str]] = {
    "ballots/actions.py": {
        f"ballot.{step}"
        for step in ("created", "edited", "deleted", "opened", "closed", "published", "shown", "hidden", "void")
    },
    "ballots/tallies.py": {"ballot.counted", "ballot.count_settled", "ballot.count_withdrawn"},
    "conference/presence.py": {"point.joined", "point.back"},
    "conference/roll_call.py": {"roll-call.answered", "roll-call.unticked"},
    "conference/turns.py": {"turn.paused", "turn.resumed", "turn.extended", "turn.cut", "floor.taken"},
    "invitations/many.py": {"delegates.moved", "delegates.removed"},
    "invitations/nominations/actions.py": {"nomination.named", "nomination.taken-back"},
    "meetings/planning/series.py": {"series.follow-refused"},
    "meetings/planning/series_end.py": {"series.end-refused"},
    "papers/actions/papers.py": {"paper.edited", "paper.recalled", "paper.restored", "paper.deleted"},
    "audit/actions.py": set(),
    "audit/log.py": {"access.refused"},
}
"""Files with a function of their own that is told the action (`kind`, `what`), and with what it is called there."""


def _calls() -> list[tuple[str, ast.expr]]:
    found = []
    for path in sorted(SERVER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            # (tx, action, subject type, subject id): what has fewer arguments is something else of that name.
            if name in _RECORDS and len(node.args) >= 4:
                found.append((str(path.relative_to(SERVER)), node.args[_RECORDS[name]]))
    return found


def recorded() -> set[str]:
    actions: set[str] = set()
    for file, argument in _calls():
        if isinstance(argument, ast.Constant):
            actions.add(str(argument.value))
        elif ast.unparse(argument) in BUILT:
            actions |= BUILT[ast.unparse(argument)]
        else:
            assert file in HANDED_ON, f"{file}: say in HANDED_ON what {ast.unparse(argument)} can be"
    return actions.union(*HANDED_ON.values())


def test_every_action_that_is_recorded_has_words() -> None:
    actions = recorded()
    assert len(actions) > 80
    known = {action for group in WORDS.values() for action in group}
    assert actions - known == set()
    assert known - actions == set(), "nobody records these"


def test_what_is_handed_on_stands_in_its_file() -> None:
    for file, actions in HANDED_ON.items():
        text = (SERVER / file).read_text(encoding="utf-8")
        for action in actions:
            assert f'"{action}"' in text, f"{file} does not name {action}"


def test_an_action_has_one_group() -> None:
    all_actions = [action for group in WORDS.values() for action in group]
    assert len(all_actions) == len(set(all_actions))
    assert set(WORDS) == set(Group)


def test_sentences_take_what_the_entry_says() -> None:
    assert said("unit.created", {"name": "Xã Đạ Sar"}).vi == "Thêm đơn vị Xã Đạ Sar"
    assert said("floor.given", {"point": "Đạ Sar", "keep": True}).en == "Gave the floor to Đạ Sar"
    # Of an older version that said less; braces in a name are no fields.
    assert said("unit.created", {}).vi == "Thêm đơn vị …"
    assert said("unit.created", {"name": "{path}"}).vi == "Thêm đơn vị {path}"
    assert said("later.version", {}).vi == "later.version"
    assert group_of("later.version") is Group.SYSTEM
