import pytest

from server.core.services import Services
from tests.builders import Province
from tests.conftest import Browsers
from tests.server.exchange.files import Desk


@pytest.fixture
async def desk(browser: Browsers, province: Province, services: Services) -> Desk:
    """The province's administrator."""
    return Desk(await browser(province.admin), services)
