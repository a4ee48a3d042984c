"""What reading knows of its readers: they are people."""

from server.core.actor import Actor
from server.core.errors import NotAllowed


class PeopleOnly(NotAllowed):
    vi = "Ghi chú và việc đọc là của riêng từng người. Đồng chí đăng nhập bằng tài khoản của mình."
    en = "Notes and reading belong to a person. Sign in as yourself."


def require_person(actor: Actor) -> int:
    """The actor's person id. PeopleOnly for a hall's device."""
    if actor.person_id is None:
        raise PeopleOnly()
    return actor.person_id
