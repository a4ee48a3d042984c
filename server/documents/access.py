"""Finding papers and meetings for those who manage them."""

from dataclasses import dataclass

from server.core.errors import NotAllowed, NotFound
from server.core.transaction import Transaction
from server.documents.models import Paper
from server.documents.rights import paper_with_rights
from server.meetings.access import meeting_for_write
from server.meetings.models import AgendaItem, Meeting
from server.meetings.rights import MeetingRights


@dataclass(frozen=True, slots=True)
class Desk:
    """Where somebody manages papers of a meeting."""

    meeting: Meeting
    rights: MeetingRights
    presents: frozenset[int]
    """Agenda items."""

    @property
    def whole(self) -> bool:
        """All papers of the meeting."""
        return self.rights.organise or self.rights.conduct

    def manages(self, item_id: int | None) -> bool:
        """The papers of this item; None: those of the whole meeting."""
        return self.whole or (item_id is not None and item_id in self.presents)

    @property
    def any(self) -> bool:
        return self.whole or bool(self.presents)
