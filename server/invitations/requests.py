"""A stranger at the door: somebody scanned the meeting's code without being known, says who they are, and waits for the
organiser or the hall's secretary.

What the stranger is told never shows whether a code is right: an unknown one is answered with a secret that nobody will
ever decide about.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.actions.links import make_bound_links
from server.accounts.models import AccessLink, Person, RoleGrant
from server.accounts.queries import grants_of
from server.accounts.tokens import new_token, token_hash
from server.audit.actions import record
from server.core.actor import Actor, Role
from server.core.errors import Conflict, NotAllowed, NotFound, TooMany
from server.core.fields import folded
from server.core.transaction import Transaction
from server.invitations.codes import verify_hall_code
from server.invitations.delegates import hall_unit
from server.invitations.links import path_of
from server.invitations.list_writer import Entry, carry_out, plan
from server.invitations.models import AccessRequest
from server.invitations.people import Typed
from server.invitations.rights import ListRights, leads_or_presents, list_for_write, list_rights
from server.invitations.schemas import RequestGrant, RequestOut, RequestState, RequestWrite, SameName
from server.meetings.link_validity import valid_until
from server.meetings.models import Delegate, Meeting, MemberPoint
from server.notifications.actions import notify
from server.organisations.models import BridgePoint, Unit

WAITS = timedelta(hours=12)
"""Then a request that nobody decided about is over."""
MOST_WAITING = 200
"""Of one hall's screen, and of all who scanned none: more than that is a flood, and nobody could look at them. A flood
from afar keeps nobody out who stands in a hall."""
_RUSH = timedelta(minutes=30)
"""So many within this time shut the door from afar: it opens again when the rush is over, not when all were decided."""
_OPEN_TO_STRANGERS = ("invited", "open", "running")


class WaitingFull(TooMany):
    code = "waiting-full"
    vi = "Đang có quá nhiều người chờ được vào. Xin gặp trực tiếp thư ký điểm cầu hoặc ban tổ chức."
    en = "Too many people are waiting to be let in. Please see the hall's secretary or the organiser in person."


class Decided(Conflict):
    code = "request-decided"
    vi = "Yêu cầu này đã được giải quyết hoặc đã quá hạn. Tải lại danh sách để xem."
    en = "This request was decided already or is too old. Reload the list."


async def ask(
    tx: Transaction,
    code: str,
    write: RequestWrite,
    hall_secret: str,
    address: str,
    *,
    from_afar: Callable[[], Awaitable[None]],
) -> str:
    """The secret to ask for the answer with. An unknown code gets one too, in about the same time. WaitingFull; what
    `from_afar` raises for who does not stand before a hall's screen."""
    meeting = await tx.session.scalar(
        select(Meeting).where(Meeting.public_code == code, Meeting.state.in_(_OPEN_TO_STRANGERS))
    )
    secret = f"{int(tx.now.timestamp()):x}-{new_token()}"
    point_id = await _scanned(tx, meeting.id, write.hall, hall_secret) if meeting is not None else None
    if point_id is None:
        await from_afar()
    if meeting is None:
        await record(tx, "access.unknown-code", "code", code[:16], address=address)
        return secret
    waiting = await _waiting(tx.session, meeting.id, tx.now - WAITS)
    lately = waiting if point_id is not None else await _waiting(tx.session, meeting.id, tx.now - _RUSH)
    if lately.get(point_id, 0) >= MOST_WAITING:
        raise WaitingFull()
    request = AccessRequest(
        meeting_id=meeting.id,
        point_id=point_id,
        token_hash=token_hash(secret),
        asked_at=tx.now,
        full_name=write.full_name,
        unit_text=write.unit_text,
        phone=write.phone,
        email=write.email,
        state="asked",
    )
    tx.session.add(request)
    await tx.session.flush()
    await record(
        tx,
        "access.asked",
        "access-request",
        request.id,
        meeting_id=meeting.id,
        point_id=point_id,
        wrong_hall_code=bool(write.hall) and point_id is None,
        address=address,
    )
    await notify(
        tx,
        await gatekeepers(tx.session, meeting, request.point_id),
        "access.requested",
        data={"full_name": write.full_name, "unit": write.unit_text, "waiting": sum(waiting.values()) + 1},
        path=f"/meetings/{meeting.id}/delegates",
        meeting_id=meeting.id,
        replace=True,
    )
    return secret


async def answer(session: AsyncSession, secret: str, now: datetime) -> RequestState:
    """For the browser that asked; the way in follows by `hand_out`. NotFound for what never was a secret of ours."""
    asked_at = _time_of(secret)
    request = await _by_secret(session, secret)
    if request is not None and request.state == "granted":
        return RequestState(state="granted", link=None)
    if request is not None and request.state == "refused":
        return RequestState(state="refused", link=None)
    return RequestState(state="asked" if now - asked_at < WAITS else "refused", link=None)


async def hand_out(tx: Transaction, secret: str) -> RequestState:
    """The way in of a granted request, until it has been opened once: each time anew, as an answer may be lost on a
    weak line, and the one before ends."""
    request = await _by_secret(tx.session, secret, lock=True)
    if request is None or request.state != "granted":
        raise NotFound()
    delegate = await tx.session.get(Delegate, request.delegate_id)
    given = await tx.session.get(AccessLink, request.link_id) if request.link_id else None
    meeting = await tx.session.get_one(Meeting, request.meeting_id)
    # Counted from the grant, not from now: links that are over are deleted, and must not begin again.
    until = valid_until(meeting, request.decided_at or tx.now)
    over = given is not None and (given.opened_at is not None or given.revoked_at is not None)
    if delegate is None or delegate.removed_at is not None or over or tx.now >= until:
        return RequestState(state="granted", link=None)
    if given is not None:
        given.revoked_at = tx.now
    made = await make_bound_links(
        tx,
        meeting.id,
        [delegate.person_id],
        next_path=path_of(meeting.id),
        expires_at=until,
    )
    request.link_id = made[delegate.person_id].id
    await record(tx, "access.link-fetched", "access-request", request.id, meeting_id=meeting.id)
    return RequestState(state="granted", link=made[delegate.person_id].path)


async def grant(tx: Transaction, request_id: int, write: RequestGrant) -> None:
    """Lets the stranger in: as somebody new on a hall's list, or as the delegate that they are. Decided if somebody was
    faster."""
    request, meeting, rights = await _undecided(tx, request_id)
    if write.delegate_id is not None:
        delegate = await tx.session.get(Delegate, write.delegate_id)
        if delegate is None or delegate.meeting_id != meeting.id or delegate.removed_at is not None:
            raise NotFound()
        await _may_vouch(tx, meeting, rights, delegate)
        request.delegate_id = delegate.id
    else:
        unit_id = await hall_unit(tx, meeting, rights, write.point_id)
        who = Typed(unit_id, request.full_name, request.unit_text, request.email, request.phone)
        # Never taken for somebody known: a name and a phone number prove nothing, and the link opens that one's notes.
        lines = await plan(tx.session, meeting.id, [Entry(who, write.point_id)], strangers=True)
        [request.delegate_id] = await carry_out(tx, meeting.id, lines, "request")
    request.state = "granted"
    await _decide(tx, request, meeting)


async def refuse(tx: Transaction, request_id: int) -> None:
    request, meeting, _ = await _undecided(tx, request_id)
    request.state = "refused"
    await _decide(tx, request, meeting)


async def requests(session: AsyncSession, meeting_id: int, actor: Actor, now: datetime) -> list[RequestOut]:
    """Those that wait, then those of the last hours that were decided; a hall's secretary sees the own hall's."""
    _, rights = await list_rights(session, meeting_id, actor)
    here = true() if rights.everything else AccessRequest.point_id.in_(rights.points)
    rows = await session.execute(
        select(AccessRequest, BridgePoint.name)
        .outerjoin(BridgePoint, BridgePoint.id == AccessRequest.point_id)
        .where(AccessRequest.meeting_id == meeting_id, AccessRequest.asked_at > now - WAITS, here)
        .order_by((AccessRequest.state == "asked").desc(), AccessRequest.point_id.is_(None), AccessRequest.id.desc())
        .limit(2 * MOST_WAITING)
    )
    shown = [(request, name or "") for request, name in rows]
    namesakes = await _namesakes(session, meeting_id, [request for request, _ in shown], rights)
    return [
        RequestOut.model_validate(
            {
                **{name: getattr(request, name) for name in RequestOut.model_fields if hasattr(request, name)},
                "point_name": point_name,
                "same_name": namesakes.get(folded(request.full_name), []) if request.state == "asked" else [],
            }
        )
        for request, point_name in shown
    ]


async def _waiting(session: AsyncSession, meeting_id: int, since: datetime) -> dict[int | None, int]:
    """How many, by the hall whose screen they scanned."""
    counts = await session.execute(
        select(AccessRequest.point_id, func.count())
        .where(
            AccessRequest.meeting_id == meeting_id,
            AccessRequest.state == "asked",
            AccessRequest.asked_at > since,
        )
        .group_by(AccessRequest.point_id)
    )
    return dict(counts.all())


async def _by_secret(session: AsyncSession, secret: str, *, lock: bool = False) -> AccessRequest | None:
    statement = select(AccessRequest).where(AccessRequest.token_hash == token_hash(secret))
    return (await session.scalars(statement.with_for_update() if lock else statement)).one_or_none()


def _time_of(secret: str) -> datetime:
    """When it was given out. A forged one tells its forger nothing."""
    try:
        return datetime.fromtimestamp(int(secret.partition("-")[0], 16), UTC)
    except (ValueError, OverflowError, OSError):
        raise NotFound() from None


async def _scanned(tx: Transaction, meeting_id: int, hall: str | None, hall_secret: str) -> int | None:
    """The hall whose screen the stranger stands before, if the code is fresh and the hall a member."""
    point_id = verify_hall_code(hall_secret, meeting_id, hall, tx.now) if hall else None
    found: int | None = await tx.session.scalar(
        select(MemberPoint.point_id).where(MemberPoint.meeting_id == meeting_id, MemberPoint.point_id == point_id)
    )
    return found


async def gatekeepers(session: AsyncSession, meeting: Meeting, point_id: int | None) -> set[int]:
    """Who is told: its secretary, organisers of its unit, whoever made it as long as he is organiser there, and the
    hall's secretaries."""
    hall = select(BridgePoint.unit_id).where(BridgePoint.id == point_id).scalar_subquery()
    keepers = or_(
        (RoleGrant.role == Role.ORGANISER) & (RoleGrant.unit_id == meeting.unit_id),
        (RoleGrant.role == Role.HALL_SECRETARY) & (RoleGrant.unit_id == hall),
    )
    people = set(
        await session.scalars(
            select(RoleGrant.person_id)
            .join(Person, Person.id == RoleGrant.person_id)
            .where(keepers, Person.disabled_at.is_(None))
        )
    )
    if meeting.secretary_id is not None:
        people.add(meeting.secretary_id)
    if meeting.created_by is not None:
        unit_path = (await session.get_one(Unit, meeting.unit_id)).path
        grants = await grants_of(session, meeting.created_by)
        if any(grant.role is Role.ORGANISER and unit_path.startswith(grant.unit_path) for grant in grants):
            people.add(meeting.created_by)
    return people


async def _undecided(tx: Transaction, request_id: int) -> tuple[AccessRequest, Meeting, ListRights]:
    request = await tx.session.get(AccessRequest, request_id)
    if request is None:
        raise NotFound()
    meeting, rights = await list_for_write(tx, request.meeting_id)
    if not rights.covers(request.point_id):
        raise NotAllowed()
    await tx.session.refresh(request)
    if request.state != "asked" or tx.now - request.asked_at >= WAITS:
        raise Decided()
    return request, meeting, rights


async def _decide(tx: Transaction, request: AccessRequest, meeting: Meeting) -> None:
    request.decided_at = tx.now
    request.decided_by = tx.actor.name[:200]
    await record(
        tx,
        f"access.{request.state}",
        "access-request",
        request.id,
        meeting_id=meeting.id,
        full_name=request.full_name,
        delegate_id=request.delegate_id,
    )


async def _may_vouch(tx: Transaction, meeting: Meeting, rights: ListRights, delegate: Delegate) -> None:
    """A hall's secretary vouches for people of the own hall who do not run or present the meeting."""
    if rights.everything:
        return
    if not rights.covers(delegate.point_id) or await leads_or_presents(tx.session, meeting, delegate.person_id):
        raise NotAllowed()


async def _namesakes(
    session: AsyncSession, meeting_id: int, asked: Sequence[AccessRequest], rights: ListRights
) -> dict[str, list[SameName]]:
    names = {folded(request.full_name)[:200] for request in asked if request.state == "asked"}
    rows = await session.execute(
        select(Delegate.id, Delegate.point_id, Person.full_name, Person.title, Person.search_name, BridgePoint.name)
        .join(Person, Person.id == Delegate.person_id)
        .outerjoin(BridgePoint, BridgePoint.id == Delegate.point_id)
        .where(Delegate.meeting_id == meeting_id, Delegate.removed_at.is_(None), Person.search_name.in_(names))
        .order_by(Delegate.id)
    )
    found: dict[str, list[SameName]] = {}
    for delegate_id, point_id, full_name, title, search_name, point_name in rows:
        if rights.covers(point_id):
            same = SameName(delegate_id=delegate_id, full_name=full_name, title=title, point_name=point_name or "")
            found.setdefault(search_name, []).append(same)
    return found
