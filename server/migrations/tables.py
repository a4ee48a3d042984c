"""Every module that defines tables; importing this one fills `Base.metadata`."""

from server.accounts import models as accounts
from server.attendance import models as attendance
from server.audit import models as audit
from server.conference import models as conference
from server.live import models as live
from server.meetings import models as meetings
from server.organisations import models as organisations

MODULES = (accounts, attendance, audit, conference, live, meetings, organisations)
