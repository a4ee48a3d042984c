from typing import Annotated

from fastapi import Depends

from server.audit.log import AuditLog
from server.edge.dependencies import component

AppAuditLog = Annotated[AuditLog, Depends(component(AuditLog))]
