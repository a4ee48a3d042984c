"""Who may do what with a vote that is there: everybody else is turned away."""

from typing import Any

import pytest

from server.core.services import Services
from tests import builders
from tests.builders import Neighbour
from tests.conftest import Browsers
from tests.server.ballots.voting import QUESTION, voting
from tests.server.rights_table import EVERYBODY, LEADS, RUNS, TAKES_PART

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

COUNTS = LEADS | {"hall_secretary", "technician", "district_technician", "da_sar_hall", "operator"}
"""In Đạ Sar; the operator brings any hall in."""
SIGNS = LEADS | {"hall_secretary"}
ROUTES: list[tuple[str, str, Any, frozenset[str]]] = [
    ("GET", "", None, TAKES_PART | {"delegate"}),
    ("PUT", "", QUESTION, LEADS),
    ("DELETE", "", None, LEADS),
    ("POST", "/open", None, LEADS),
    ("POST", "/close", None, LEADS),
    ("POST", "/publish", None, frozenset({"chair"})),
    ("POST", "/void", {"reason": ""}, LEADS),
    ("PUT", "/shown", {"shown": False}, LEADS),
    ("POST", "/vote", {"marks": "100", "key": "12345678"}, frozenset({"delegate"})),
    ("GET", "/vote", None, TAKES_PART | {"delegate"}),
    ("GET", "/codes", None, TAKES_PART),
    ("GET", "/record.pdf", None, RUNS),
    ("GET", "/record.docx", None, RUNS),
    ("GET", "/votes.xlsx", None, RUNS),
    ("GET", "/tallies", None, RUNS),
    ("GET", "/points/{point_id}", None, COUNTS),
    ("POST", "/points/{point_id}/tallies", {"counts": [1, 0, 0]}, COUNTS),
    ("POST", "/tallies/{tally_id}/countersign", None, SIGNS),
    ("DELETE", "/tallies/{tally_id}", None, COUNTS),
]


async def test_who_is_not_named_is_turned_away(
    *, services: Services, province: builders.Province, neighbour: Neighbour, browser: Browsers
) -> None:
    """And nothing is changed by trying."""
    held = await voting(services, province, browser)
    await held.put({**QUESTION, "hands": True})
    hall = province.da_sar_hall
    [tally] = (await held.count(hall, [1, 0, 0], hall))["tallies"]
    before = (await held.chair.get(f"{held.path}/{held.ballot_id}")).json()
    for who in sorted(EVERYBODY):
        client = await browser(None if who == "anonymous" else neighbour.who.get(who) or getattr(province, who))
        for method, rest, body, allowed in ROUTES:
            if who in allowed:
                continue
            path = f"{held.path}/{held.ballot_id}" + rest.format(point_id=hall.id, tally_id=tally["id"])
            answer = await client.request(method, path, json=body)
            expected = {401} if who == "anonymous" else {403, 404}
            assert answer.status_code in expected, (who, method, rest, answer.text)
    assert (await held.chair.get(f"{held.path}/{held.ballot_id}")).json() == before
    seen = (await held.chair.get(f"{held.path}/{held.ballot_id}/points/{hall.id}")).json()
    assert [(each["id"], each["state"]) for each in seen["tallies"]] == [(tally["id"], "entered")]


async def test_a_prepared_vote_is_known_to_who_conducts_alone(
    *, services: Services, province: builders.Province, browser: Browsers
) -> None:
    held = await voting(services, province, browser)
    await held.put(QUESTION, opened=False)
    for who in sorted(TAKES_PART - LEADS | {"delegate"}):
        client = await browser(getattr(province, who))
        assert (await client.get(held.path)).json()["ballots"] == [], who
        assert (await client.get(f"{held.path}/{held.ballot_id}")).status_code == 404, who
