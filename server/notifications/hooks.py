"""How features above give e-mails their files. `server.wiring` fills it; notifications know none of them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from server.core.services import Services
from server.notifications.models import Mail


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    """In ASCII: "giay-moi.pdf"."""
    media_type: str
    """With its parameters: "text/calendar; method=REQUEST; charset=utf-8"."""
    content: bytes


Attach = Callable[[Services, Sequence[Mail]], Awaitable[dict[int, list[Attachment]]]]


@dataclass(frozen=True)
class MailHooks:
    attach: Mapping[str, Attach] = field(default_factory=dict)
    """`Mail.attached["kind"]` -> the files of such e-mails, by `Mail.id`. Called just before they go out, some at a
    time."""
