"""Bringing one person's notes together. Everything here is of the actor alone: no parameter names a person."""

from collections.abc import Iterable
from uuid import uuid4

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.bus import PEOPLE_TOLD
from server.core.errors import NotFound
from server.core.transaction import Transaction
from server.core.upserts import insert_missing
from server.papers.access.rights import Locked, Recalled, readable_version
from server.papers.models import Paper, PaperVersion
from server.reading.models import Annotation, AnnotationSequence, Receipt
from server.reading.notes import queries
from server.reading.notes.merge import Change, Content, State, bring
from server.reading.notes.schemas import BODIES, KeptNote, NoteChange, NotesAnswer, NoteSync, RefusedNote
from server.reading.people import require_person

NOTES = 5_000
"""Of one person on one version, the deleted ones not counted; with those, four times as many."""

REFUSALS = {
    "bad-body": (
        "Ghi chú này có nội dung không hợp lệ hoặc quá dài (tối đa 10.000 chữ, 2.000 điểm mỗi nét bút). "
        "Rút ngắn hoặc viết lại ghi chú.",
        "This note's content is not right or too long (at most 10,000 characters, 2,000 points a stroke). "
        "Shorten it or write it again.",
    ),
    "no-such-page": (
        "Tài liệu không có trang này. Mở lại tài liệu rồi ghi lại.",
        "The paper has no such page. Open the paper again and write the note there.",
    ),
    "not-readable": (
        "Đồng chí chưa được đọc tài liệu này nên chưa lưu được ghi chú. Ghi chú vẫn ở trên máy này.",
        "You may not read this paper, so the note cannot be saved. It stays on this device.",
    ),
    "too-many": (
        "Phiên bản tài liệu này đã có quá nhiều ghi chú (tối đa 5.000). Xóa bớt rồi ghi tiếp.",
        "This version has too many notes (at most 5,000). Delete some and go on.",
    ),
}


async def sync(tx: Transaction, request: NoteSync) -> NotesAnswer:
    """Takes the changes one after the other, and answers with all that the device does not know."""
    person_id = require_person(tx.actor)
    return await _Sync(tx, request, person_id, await _counter(tx.session, person_id)).run()


async def _counter(session: AsyncSession, person_id: int) -> AnnotationSequence:
    """Its row's lock makes one person's devices take turns."""
    await insert_missing(session, AnnotationSequence, [{"person_id": person_id, "seq": 0}])
    return await session.get_one(AnnotationSequence, person_id, with_for_update=True, populate_existing=True)


class _Sync:
    """One request. Is the `merge.Notes` of its person."""

    def __init__(self, tx: Transaction, request: NoteSync, person_id: int, counter: AnnotationSequence) -> None:
        self._tx = tx
        self._session = tx.session
        self._person = person_id
        self._counter = counter
        self._request = request
        self._device = str(request.device or uuid4())
        self._rows: dict[str, Annotation] = {}
        self._touched: set[str] = set()
        self._kept: dict[str, str] = {}
        self._refused: list[RefusedNote] = []
        self._places: dict[tuple[int, int], int | None] = {}
        self._room: dict[int, int] = {}

    async def run(self) -> NotesAnswer:
        began = self._counter.seq
        await self._load(str(change.id) for change in self._request.changes)
        for wire in self._request.changes:
            await self._take(wire)
        await self._session.flush()
        seq = self._counter.seq
        if seq > began:
            told = {"kind": "notes", "told": [[self._person, {"seq": seq}]]}
            self._tx.after_commit(lambda: self._tx.bus.publish(PEOPLE_TOLD, told))
        answer = await queries.since(
            self._session, self._tx.actor, self._tx.now, self._request.since, named=self._touched
        )
        answer.kept = [KeptNote(id=note, kept_as=second) for note, second in self._kept.items()]
        answer.refused = self._refused
        return answer

    async def _load(self, ids: Iterable[str]) -> None:
        missing = set(ids) - set(self._rows)
        found = await self._session.scalars(
            select(Annotation).where(Annotation.person_id == self._person, Annotation.id.in_(missing))
        )
        self._rows.update({row.id: row for row in found})

    async def _take(self, wire: NoteChange) -> None:
        note = str(wire.id)
        content = self._content(wire, self._rows.get(note))
        if content is None:
            return self._refuse(note, "bad-body")
        stored = self._rows.get(note)
        code = await self._problem(content, stored)
        if code is not None:
            return self._refuse(note, code)
        change = Change(
            id=note,
            base=wire.base,
            content=content,
            written_at=wire.written_at,
            device=self._device,
            named=self._request.device is not None,
            turn=self._request.turn or 0,
        )
        there = await bring(self, change)
        if there != note:
            self._kept[note] = there
        return None

    def _content(self, wire: NoteChange, stored: Annotation | None) -> Content | None:
        """None: its body is not right."""
        body = None
        if wire.body is not None:
            try:
                body = BODIES[wire.kind].model_validate(wire.body).model_dump(mode="json")
            except ValidationError:
                return None
            if wire.kind == "highlight" and not body["text"] and stored is not None and stored.body is not None:
                # The device got it without the page's words, as the paper could not be read then.
                body["text"] = stored.body.get("text", "") if stored.kind == "highlight" else ""
        return Content(wire.paper_id, wire.version_id, wire.page, wire.kind, body)

    async def _problem(self, content: Content, stored: Annotation | None) -> str | None:
        """Why it is refused. Where a note already is, it may stay, whatever became of the paper."""
        for paper_id in {content.paper_id, stored.paper_id if stored is not None else content.paper_id}:
            if not await self._reached(paper_id):
                return "not-readable"
        if stored is not None and (stored.version_id, stored.page) == (content.version_id, content.page):
            return None if stored.paper_id == content.paper_id else "not-readable"
        place = (content.paper_id, content.version_id)
        if place not in self._places:
            self._places[place] = await self._pages(*place)
        pages = self._places[place]
        if pages is None:
            return "not-readable"
        if content.page > pages:
            return "no-such-page"
        return None if await self._has_room(content.version_id) else "too-many"

    async def _reached(self, paper_id: int) -> bool:
        """A session that is bound to meetings touches notes of those meetings alone."""
        if self._tx.actor.only_meetings is None:
            return True
        paper = await self._session.get(Paper, paper_id)
        return paper is not None and paper.meeting_id in self._tx.actor.only_meetings

    async def _pages(self, paper_id: int, version_id: int) -> int | None:
        """The version's pages if the actor reads the paper or has read it: a note that was written without a line is
        taken even if the paper was withdrawn meanwhile. None for all others, there or not."""
        version = await self._session.get(PaperVersion, version_id)
        if version is None or version.paper_id != paper_id or version.state != "ready":
            return None
        try:
            await readable_version(self._session, version_id, self._tx.actor, self._tx.now)
        except Recalled:
            pass
        except (NotFound, Locked):
            if not await self._has_read(paper_id):
                return None
        return version.page_count

    async def _has_read(self, paper_id: int) -> bool:
        versions = select(PaperVersion.id).where(PaperVersion.paper_id == paper_id)
        known = select(Receipt.id).where(Receipt.person_id == self._person, Receipt.version_id.in_(versions))
        written = select(Annotation.seq).where(Annotation.person_id == self._person, Annotation.paper_id == paper_id)
        either = select(known.exists() | written.exists())
        return bool(await self._session.scalar(either))

    async def _has_room(self, version_id: int) -> bool:
        if version_id not in self._room:
            row = await self._session.execute(
                select(func.count(), func.count(Annotation.body)).where(
                    Annotation.person_id == self._person, Annotation.version_id == version_id
                )
            )
            rows, living = row.one()
            self._room[version_id] = min(4 * NOTES - rows, NOTES - living)
        self._room[version_id] -= 1
        return self._room[version_id] >= 0

    def _refuse(self, note: str, code: str) -> None:
        vi, en = REFUSALS[code]
        self._refused.append(RefusedNote.model_validate({"id": note, "code": code, "vi": vi, "en": en}))

    async def state(self, note: str) -> State | None:
        self._touched.add(note)
        await self._load([note])
        return _state(self._rows.get(note))

    def write(self, note: str, state: State) -> None:
        row = self._rows.get(note)
        if row is None:
            row = self._rows[note] = Annotation(person_id=self._person, id=note, revision=0)
            self._session.add(row)
        row.trail = state.trail
        if row.revision == state.revision:
            return
        self._counter.seq += 1
        row.seq = self._counter.seq
        row.revision = state.revision
        row.paper_id, row.version_id, row.page = state.content.paper_id, state.content.version_id, state.content.page
        row.kind, row.body = state.content.kind, state.content.body
        row.written_at, row.updated_at = state.written_at, self._tx.now
        row.device, row.turn, row.own_since = state.device, state.turn, state.own_since


def _state(row: Annotation | None) -> State | None:
    if row is None:
        return None
    return State(
        revision=row.revision,
        content=Content(row.paper_id, row.version_id, row.page, row.kind, row.body),
        written_at=row.written_at,
        device=row.device,
        turn=row.turn,
        own_since=row.own_since,
        trail=row.trail,
    )
