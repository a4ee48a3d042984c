"""A device as the web keeps one: its notes, what it has not brought yet, and a line that may break at any moment."""

import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

Wire = dict[str, Any]


@dataclass
class Sent:
    """A request on its way. What is done with its answer is the line's business."""

    body: Wire


@dataclass
class Device:
    """`named`: gives the server its id and counts its requests; its clock may be set back and forth. Otherwise the
    clock may be wrong, but never goes back."""

    number: int
    paper_id: int
    version_id: int
    clock: datetime
    named: bool = True
    since: int = 0
    notes: dict[str, Wire] = field(default_factory=dict)
    """As its reader sees them: id -> {"text", "revision"}."""
    queue: dict[str, Wire] = field(default_factory=dict)
    """id -> the change that waits; a later edit takes the place of an earlier one."""
    made: int = 0
    turn: int = 0

    def _put(self, note: str, text: str | None, base: int) -> None:
        self.clock += timedelta(milliseconds=1)
        self.queue[note] = {
            "id": note,
            "base": base,
            "paper_id": self.paper_id,
            "version_id": self.version_id,
            "page": 1,
            "kind": "note",
            "body": None if text is None else {"x": 0.5, "y": 0.5, "text": text, "color": "vang"},
            "written_at": self.clock.isoformat(),
        }

    def write(self, text: str) -> None:
        self.made += 1
        note = str(UUID(int=self.number << 32 | self.made))
        self.notes[note] = {"text": text, "revision": 0}
        self._put(note, text, 0)

    def edit(self, note: str, text: str) -> str:
        """Returns the text that its author replaced."""
        old: str = self.notes[note]["text"]
        self.notes[note]["text"] = text
        self._put(note, text, self.notes[note]["revision"])
        return old

    def delete(self, note: str) -> str:
        gone = self.notes.pop(note)
        self._put(note, None, gone["revision"])
        text: str = gone["text"]
        return text

    def send(self, most: int = 500) -> Wire:
        changes = [copy.deepcopy(change) for change in list(self.queue.values())[:most]]
        body: Wire = {"since": self.since, "changes": changes}
        if self.named:
            self.turn += 1
            body |= {"device": str(UUID(int=self.number)), "turn": self.turn}
        return body

    def hear(self, sent: Wire, answer: Wire) -> None:
        kept = {each["id"]: each["kept_as"] for each in answer["kept"]}
        now = {row["id"]: row for row in answer["changes"]}
        for change in sent["changes"]:
            note = change["id"]
            waiting = self.queue.get(note)
            if waiting == change:
                del self.queue[note]
            elif waiting is not None and note not in kept and _text(now[note]) == _text(change):
                waiting["base"] = now[note]["revision"]  # written on while the request was under way
        for row in answer["changes"]:
            if row["id"] in self.queue:
                if row["id"] in self.notes and _text(row) == self.notes[row["id"]]["text"]:
                    self.notes[row["id"]]["revision"] = row["revision"]
                continue
            if row["body"] is None:
                self.notes.pop(row["id"], None)
            else:
                self.notes[row["id"]] = {"text": row["body"]["text"], "revision": row["revision"]}
        self.since = answer["seq"]


def _text(wire: Wire) -> str | None:
    return None if wire["body"] is None else wire["body"]["text"]
