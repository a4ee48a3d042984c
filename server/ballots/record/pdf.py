"""The record as PDF."""

import json
from pathlib import Path

from server.ballots.record.facts import Record

SOURCE = Path(__file__).with_name("record.typ")


def inputs(record: Record) -> dict[str, str]:
    """Of `SOURCE`."""
    return {"data": json.dumps(record.as_json())}
