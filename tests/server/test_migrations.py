"""The migrations and the models describe the same database."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from server.core.actor import SYSTEM
from server.core.database import Base
from server.core.services import Services
from server.migrations import blocking_engine, upgrade
from server.migrations.tables import MODULES, in_models
from tests import builders, library
from tests.builders import Province
from tests.conftest import Browsers


def test_models_equal_migrations(database_url: str) -> None:
    assert MODULES
    engine = blocking_engine(database_url)
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": in_models})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    upgrade(database_url)
    upgrade(database_url)


async def test_numbers_of_what_is_deleted_are_not_given_again(
    services: Services, province: Province, browser: Browsers
) -> None:
    """Devices keep papers by their numbers, and policies name units and halls by theirs."""

    async def made() -> list[int]:
        meeting = await builders.conference(services, province, "draft")
        async with services.transactions(SYSTEM) as tx:
            unit = await builders.unit(tx.session, "Thôn", province.lat)
            point = await builders.point(tx.session, unit)
            paper = await library.paper(tx.session, meeting)
            [*_, item] = await library.items(tx.session, meeting)
            delegate = await library.delegate(tx.session, meeting, province.delegate)
            numbers = [meeting.id, unit.id, point.id, paper.id, paper.current_version_id or 0, item.id, delegate.id]
        organiser, admin = await browser(province.organiser), await browser(province.admin)
        for client, path in (
            (organiser, f"/api/meetings/{meeting.id}"),
            (admin, f"/api/points/{point.id}"),
            (admin, f"/api/units/{unit.id}"),
        ):
            answer = await client.delete(path)
            assert answer.status_code == 204, answer.text
        return numbers

    first, second = await made(), await made()
    assert all(after > before for before, after in zip(first, second, strict=True)), (first, second)
