import pytest
from fastapi import FastAPI

from server.accounts.models import Person
from server.accounts.sign_in import SignIn
from server.audit.log import AuditLog
from server.core.actor import SYSTEM
from server.core.services import Services
from tests.builders import Province
from tests.server.accounts.signing_in import PASSWORD, QUICK


@pytest.fixture
async def organisers_password(app: FastAPI, services: Services, province: Province) -> None:
    """The organiser has one; hashes are quick, as the tests are not about argon2."""
    services.components.put(SignIn(services, services.components[AuditLog], QUICK))
    async with services.transactions(SYSTEM) as tx:
        person = await tx.session.get_one(Person, province.organiser.id)
        person.password_hash = QUICK.hash(PASSWORD)
