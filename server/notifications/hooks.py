"""How features above give e-mails their files. `server.wiring` fills it; notifications know none of them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.core.services import Services
from server.notifications.models import Mail


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    """In ASCII: "giay-moi.pdf"."""
    media_type: str
    """With its parameters: "text/calendar; method=REQUEST; charset=utf-8"."""
    content: bytes
    shared: bytes = b""
    """What comes before `content`, if many begin with it."""


Files = dict[int, list[Attachment]]
"""By `Mail.id`."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make the files of some e-mails: a function of a module, and what it is called with. It may be carried out
    in another process, and touches nothing but its arguments."""

    make: Callable[..., Files]
    arguments: tuple[Any, ...]


Attach = Callable[[Services, Sequence[Mail]], Awaitable[list[Recipe]]]


@dataclass(frozen=True)
class MailHooks:
    attach: Mapping[str, Attach] = field(default_factory=dict)
    """`Mail.attached["kind"]` -> how the files of such e-mails are made. Asked just before they go out, some at a
    time."""
