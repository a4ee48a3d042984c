"""`nhipcau doctor` finds what is really wrong, and says it."""

from pathlib import Path

import pytest

from server import doctor
from server.backup.unfinished import marker
from server.conversion import isolation
from server.core.actor import SYSTEM
from server.core.config import Settings
from server.core.services import Services
from server.doctor import Finding, Grade
from server.jobs.models import Job
from server.migrations import blocking_engine
from tests.builders import Province
from tests.deployment import free_port


async def findings(services: Services) -> list[Finding]:
    return [each async for each in doctor.examine(services)]


def about(found: list[Finding], word: str) -> list[Grade]:
    return [each.grade for each in found if word in each.en]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No programs: the papers' trial ends at once. (What an earlier trial of this process found is not asked.)"""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(isolation, "_bubblewrap", isolation._bubblewrap.__wrapped__)


@pytest.mark.usefixtures("quick")
async def test_what_is_wrong_is_found(services: Services, settings: Settings, province: Province) -> None:
    settings.port = free_port()
    settings.smtp_url = f"smtp://127.0.0.1:{free_port()}"
    settings.var.chmod(0o755)
    async with services.transactions(SYSTEM) as tx:
        tx.session.add(Job(kind="mail", data={}, created_at=tx.now, run_at=tx.now, failed_at=tx.now, error="x"))
    found = await findings(services)
    assert all(each.vi != each.en for each in found)
    for word in ("is not https://", "others on this machine", "mail server", "no backup", "Papers cannot"):
        assert about(found, word) == ["bad"], word
    for word in ("No server answers", "1 jobs were given up"):
        assert about(found, word) == ["warning"], word
    for word in ("of this version", "audit log is whole"):
        assert about(found, word) == ["good"], word

    settings.public_url = "https://hop.lamdong.example"
    settings.var.chmod(0o700)
    settings.last_backup.touch()
    mended = await findings(services)
    for word in ("public address", "This account alone", "Last backup"):
        assert about(mended, word) == ["good"], word
    services.clock.pass_(days=40000)  # type: ignore[attr-defined]
    assert about(await findings(services), "last backup is old") == ["bad"]


@pytest.mark.usefixtures("quick")
async def test_a_database_that_cannot_be_used_is_the_first_that_is_said(services: Services, settings: Settings) -> None:
    marker(settings).touch()
    assert (await findings(services))[0].en.startswith("A restore was cut off")
    marker(settings).unlink()
    engine = blocking_engine(settings.database)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    engine.dispose()
    found = await findings(services)
    assert (found[0].grade, "nhipcau migrate" in found[0].en) == ("bad", True)
    assert about(found, "audit log") == []
