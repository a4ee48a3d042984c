"""What a ballot's own rules are, and what a body's are by default."""

from typing import cast

from server.ballots.models import Ballot
from server.ballots.outcome import Base, Kind, Quorum, Rules, Threshold

ASSEMBLY = ("Tán thành", "Không tán thành", "Không biểu quyết")
"""Councils, congresses, conferences."""
COMMITTEE = ("Đồng ý", "Không đồng ý", "Ý kiến khác")
"""Committees."""


def rules_of(ballot: Ballot) -> Rules:
    return Rules(
        kind=cast("Kind", ballot.kind),
        options=ballot.options,
        seats=ballot.seats,
        threshold=cast("Threshold", ballot.threshold),
        base=cast("Base", ballot.base),
        quorum=cast("Quorum", ballot.quorum),
    )
