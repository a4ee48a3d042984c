"""What a record says, in the words of an office; the same for every form it is written in."""

from collections import Counter
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from server.accounts.models import Person
from server.ballots.electorate import frozen
from server.ballots.models import Ballot, Electorate, Tally, Vote
from server.ballots.outcome import Outcome
from server.ballots.queries import visible_ballot
from server.core.actor import Actor
from server.core.errors import NotAllowed, NotFound
from server.core.spreadsheets.writing import local, span
from server.invitations.official.actions import letter_of
from server.meetings.models import AgendaItem, Delegate
from server.organisations.models import BridgePoint, Unit

THRESHOLDS = {"majority": "quá nửa", "two-thirds": "ít nhất hai phần ba", "three-quarters": "ít nhất ba phần tư"}
BASES = {"present": "số đại biểu có mặt", "summoned": "tổng số đại biểu được triệu tập"}


@dataclass(frozen=True)
class Line:
    text: str
    figure: str


@dataclass(frozen=True)
class Record:
    title: str
    unit: str
    party: bool
    place: str
    date: str
    meeting: str
    when: str
    subject: str
    about: str
    """The agenda item; empty: the meeting as a whole."""
    facts: list[Line]
    options: list[list[str]]
    """Option, votes, share, and for an election what became of it."""
    election: bool
    rule: str
    verdict: str
    halls: list[list[str]]
    """Hall, what was counted, figures for each option, who entered and confirmed."""
    option_names: list[str]
    secret: str
    """How secrecy was kept; empty for an open vote."""
    chair: str
    secretary: str

    def as_json(self) -> dict[str, object]:
        return asdict(self)


async def load(session: AsyncSession, meeting_id: int, ballot_id: int, actor: Actor) -> Record:
    """For who conducts, once it is closed; for who oversees the meeting once it is published."""
    meeting, rights, ballot = await visible_ballot(session, meeting_id, ballot_id, actor)
    if not rights.oversee:
        raise NotAllowed()
    if ballot.outcome is None or ballot.state not in (("closed", "published") if rights.conduct else ("published",)):
        raise NotFound()
    outcome = Outcome.model_validate(ballot.outcome)
    unit = await session.get_one(Unit, meeting.unit_id)
    item = await session.get(AgendaItem, ballot.item_id) if ballot.item_id is not None else None
    closed = ballot.closed_at or ballot.created_at
    at = local(closed)
    election = ballot.kind == "election"
    return Record(
        title="Biên bản kiểm phiếu" if election or ballot.secret or ballot.papers else "Biên bản biểu quyết",
        unit=unit.name,
        party=(await letter_of(session, meeting)).fields.form == "party",
        place=unit.short_name,
        date=f"ngày {at.day:02} tháng {at.month:02} năm {at.year}",
        meeting=meeting.title,
        when=span(ballot.opened_at or closed, ballot.closed_at),
        subject=ballot.title,
        about=item.title if item is not None else "",
        facts=_facts(ballot, outcome),
        options=_options(ballot, outcome),
        election=election,
        rule=_rule(ballot, outcome),
        verdict=_verdict(outcome),
        halls=await _halls(session, ballot),
        option_names=list(ballot.options),
        secret=_SEALED if ballot.secret and ballot.devices else "",
        chair=await _name(session, meeting.chair_id),
        secretary=await _name(session, meeting.secretary_id),
    )


_SEALED = (
    "Phiếu kín bỏ trên máy được niêm phong khi bỏ, chỉ mở khi đóng và được xáo trộn; "
    "hệ thống không giữ gì cho biết ai chọn gì. "
    "Danh sách mã phiếu kèm theo kết quả để mỗi đại biểu tự đối chiếu phiếu của mình."
)


def _facts(ballot: Ballot, outcome: Outcome) -> list[Line]:
    form = "Bỏ phiếu kín" if ballot.secret else "Biểu quyết công khai"
    lines = [
        Line("Hình thức", form),
        Line("Số đại biểu được triệu tập", str(outcome.summoned)),
        Line("Số đại biểu có mặt khi đóng", str(outcome.present)),
    ]
    if outcome.quorum:
        met = "đủ điều kiện tiến hành" if outcome.quorum_met else "không đủ điều kiện tiến hành"
        lines.append(Line("Số đại biểu phải có mặt", f"{outcome.quorum} ({met})"))
    if ballot.devices:
        lines.append(Line("Biểu quyết trên máy", str(outcome.devices)))
    if ballot.hands:
        lines.append(Line("Đếm giơ tay tại điểm cầu", str(outcome.hands)))
    if ballot.papers:
        lines.append(Line("Phiếu giấy phát ra, thu về", f"{outcome.issued}, {outcome.returned}"))
    lines.append(Line("Số phiếu hợp lệ", str(outcome.valid)))
    lines.append(Line("Số phiếu không hợp lệ", str(outcome.invalid)))
    return lines


def _options(ballot: Ballot, outcome: Outcome) -> list[list[str]]:
    election = ballot.kind == "election"
    ordered = sorted(outcome.options, key=lambda each: -each.total) if election else outcome.options
    rows = []
    for each in ordered:
        share = f"{100 * each.total / outcome.base:.2f}%".replace(".", ",") if outcome.base else ""
        row = [each.text, str(each.total), share]
        if election:
            row.append("Trúng cử" if each.elected else "Bằng phiếu, chưa phân định" if each.tied else "")
        rows.append(row)
    return rows


def _rule(ballot: Ballot, outcome: Outcome) -> str:
    what = "Trúng cử khi đạt" if ballot.kind == "election" else f"Thông qua khi “{ballot.options[0]}” đạt"
    share = f"{THRESHOLDS[ballot.threshold]} {BASES[ballot.base]} ({outcome.base})"
    seats = f" Số người được bầu: {outcome.seats}." if ballot.kind == "election" else ""
    return f"{what} {share}, tức {outcome.needed} phiếu trở lên. Tỷ lệ dưới đây tính trên {outcome.base}.{seats}"


def _verdict(outcome: Outcome) -> str:
    if not outcome.quorum_met:
        return "Không đủ số đại biểu có mặt theo quy định nên kết quả không có giá trị."
    if outcome.passed is not None:
        return "Nội dung được thông qua." if outcome.passed else "Nội dung không được thông qua."
    elected = [each.text for each in sorted(outcome.options, key=lambda each: -each.total) if each.elected]
    tied = [each.text for each in outcome.options if each.tied]
    parts = [f"Trúng cử {outcome.elected}/{outcome.seats}: {', '.join(elected)}." if elected else "Không ai trúng cử."]
    if tied:
        parts.append(f"Bằng phiếu ở vị trí cuối, chưa phân định: {', '.join(tied)}.")
    return " ".join(parts)


async def _halls(session: AsyncSession, ballot: Ballot) -> list[list[str]]:
    rows = await session.execute(
        select(Tally, BridgePoint.name)
        .join(BridgePoint, BridgePoint.id == Tally.point_id)
        .where(Tally.ballot_id == ballot.id, Tally.state == "accepted")
        .order_by(BridgePoint.name, Tally.id)
    )
    return [
        [
            name,
            "Giơ tay"
            if tally.kind == "hands"
            else f"Phiếu giấy: phát {tally.issued}, thu {tally.returned}, không hợp lệ {tally.void}",
            *(str(number) for number in tally.counts),
            f"{tally.by_name}; {tally.confirmed_by}",
        ]
        for tally, name in rows
    ]


async def _name(session: AsyncSession, person_id: int | None) -> str:
    person = await session.get(Person, person_id) if person_id is not None else None
    return person.full_name if person else ""


@dataclass(frozen=True)
class NamedVote:
    name: str
    title: str
    unit: str
    point: str
    choice: str
    """Empty: did not vote by device."""
    by: str
    """The substitute who cast it."""


@dataclass(frozen=True)
class Names:
    record: Record
    votes: list[NamedVote]


async def names(session: AsyncSession, meeting_id: int, ballot_id: int, actor: Actor) -> Names:
    """An open vote by name and point, with those present who did not vote by device. NotFound for a secret one."""
    record = await load(session, meeting_id, ballot_id, actor)
    ballot = await session.get_one(Ballot, ballot_id)
    if ballot.secret:
        raise NotFound("Bỏ phiếu kín không có danh sách theo tên.", "A secret ballot has no list by name.")
    row = await session.get(Electorate, ballot_id)
    places = frozen(row).seats if row is not None else {}
    votes = {each.seat_id: each for each in await session.scalars(select(Vote).where(Vote.ballot_id == ballot_id))}
    places |= {seat: vote.point_id for seat, vote in votes.items()}
    cast_by = aliased(Person)
    casting = aliased(Delegate)
    rows = await session.execute(
        select(Delegate.id, Person.full_name, Person.title, Unit.name, cast_by.full_name)
        .join(Person, Person.id == Delegate.person_id)
        .join(Unit, Unit.id == Person.unit_id)
        .outerjoin(Vote, (Vote.seat_id == Delegate.id) & (Vote.ballot_id == ballot_id))
        .outerjoin(casting, (casting.id == Vote.delegate_id) & (casting.id != Delegate.id))
        .outerjoin(cast_by, cast_by.id == casting.person_id)
        .where(Delegate.meeting_id == meeting_id)
        .order_by(Delegate.position, Delegate.id)
    )
    halls = dict(
        (
            await session.execute(
                select(BridgePoint.id, BridgePoint.name).where(
                    BridgePoint.id.in_({each for each in places.values() if each is not None})
                )
            )
        ).all()
    )
    return Names(
        record,
        [
            NamedVote(
                name,
                title,
                unit,
                _place(halls, places[seat]),
                _choice(ballot, votes[seat].marks) if seat in votes else "",
                by or "",
            )
            for seat, name, title, unit, by in rows
            if seat in places
        ],
    )


def _place(halls: dict[int, str], point_id: int | None) -> str:
    return "Dự trực tuyến" if point_id is None else halls[point_id]


def _choice(ballot: Ballot, marks: str | None) -> str:
    return ", ".join(option for option, mark in zip(ballot.options, marks or "", strict=False) if mark == "1")


def by_point(names: Names) -> list[tuple[str, Counter[str]]]:
    """Choices at each point, in the order of their first delegate."""
    found: dict[str, Counter[str]] = {}
    for each in names.votes:
        found.setdefault(each.point, Counter())[each.choice] += 1
    return list(found.items())
