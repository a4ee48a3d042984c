"""Every module that defines tables; importing this one fills `Base.metadata`."""

from server.accounts import models as accounts
from server.attendance import models as attendance
from server.audit import models as audit
from server.conference import models as conference
from server.documents import models as documents
from server.invitations import models as invitations
from server.jobs import models as jobs
from server.live import models as live
from server.meetings import models as meetings
from server.notifications import models as notifications
from server.organisations import models as organisations
from server.presentation import models as presentation
from server.reading import models as reading

MODULES = (
    accounts,
    attendance,
    audit,
    conference,
    documents,
    invitations,
    jobs,
    live,
    meetings,
    notifications,
    organisations,
    presentation,
    reading,
)
