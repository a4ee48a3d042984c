from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection

from server.audit.log import AuditLog


async def _audit_log(connection: HTTPConnection) -> AuditLog:
    log: AuditLog = connection.app.state.audit_log
    return log


AppAuditLog = Annotated[AuditLog, Depends(_audit_log)]
