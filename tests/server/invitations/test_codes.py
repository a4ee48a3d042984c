from datetime import timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from server.core.config import Settings
from server.invitations.codes import hall_code, hall_secret, valid_until, verify_hall_code
from tests.builders import MORNING

SECRET = "bí mật"


def test_a_code_is_taken_for_a_minute_and_a_little() -> None:
    code = hall_code(SECRET, 7, 161, MORNING)
    assert verify_hall_code(SECRET, 7, code, MORNING) == 161
    assert verify_hall_code(SECRET, 7, code, MORNING + timedelta(seconds=89)) == 161
    assert verify_hall_code(SECRET, 7, code, MORNING + timedelta(seconds=90)) is None
    assert verify_hall_code(SECRET, 7, code, MORNING - timedelta(seconds=1)) is None


def test_a_code_changes_every_thirty_seconds() -> None:
    assert valid_until(MORNING) == MORNING + timedelta(seconds=30)
    shown = {hall_code(SECRET, 7, 161, MORNING + timedelta(seconds=second)) for second in range(0, 120)}
    assert len(shown) == 4


def test_a_code_opens_no_other_meeting_or_hall_and_no_other_installation() -> None:
    code = hall_code(SECRET, 7, 161, MORNING)
    assert verify_hall_code(SECRET, 8, code, MORNING) is None
    assert verify_hall_code(SECRET, 7, code.replace("161-", "160-"), MORNING) is None
    assert verify_hall_code("khác", 7, code, MORNING) is None


@given(st.text(max_size=40))
def test_no_guess_is_taken(guess: str) -> None:
    assert verify_hall_code(SECRET, 7, guess, MORNING) is None


def test_the_secret_is_kept(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, _env_file=None)  # type: ignore[call-arg]
    assert hall_secret(settings) == (tmp_path / "hall-code.secret").read_text().strip()
