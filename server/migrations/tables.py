"""Every module that defines tables; importing this one fills `Base.metadata`."""

from typing import Any

from server.accounts import models as accounts
from server.attendance import models as attendance
from server.audit import models as audit
from server.ballots import models as ballots
from server.conference import models as conference
from server.devices import models as devices
from server.edge import idempotency
from server.invitations import models as invitations
from server.invitations.official import models as letters
from server.invitations.replies import models as replies
from server.jobs import models as jobs
from server.live import models as live
from server.meetings import models as meetings
from server.meetings.announcements import models as announcements
from server.meetings.feeds import models as feeds
from server.meetings.planning import models as planning
from server.notifications import models as notifications
from server.organisations import models as organisations
from server.papers import models as documents
from server.presentation import models as presentation
from server.readiness import models as readiness
from server.reading import models as reading
from server.system import models as system

MODULES = (
    feeds,
    accounts,
    announcements,
    attendance,
    audit,
    ballots,
    conference,
    devices,
    documents,
    idempotency,
    invitations,
    jobs,
    letters,
    live,
    meetings,
    notifications,
    organisations,
    planning,
    presentation,
    readiness,
    reading,
    replies,
    system,
)


def in_models(_object: Any, name: str | None, kind: str, reflected: bool, _counterpart: Any) -> bool:
    """For alembic's comparison: False for what only migrations know of, the full-text index (0003) with its shadow
    tables on SQLite, its column and index on PostgreSQL."""
    if not reflected:
        return True
    if kind == "table":
        return not (name or "").startswith("paper_search")
    return (kind, name) not in {("column", "search"), ("index", "ix_paper_pages_search")}
