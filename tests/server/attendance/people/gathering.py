"""A conference with delegates, for the tests of people's attendance."""

from dataclasses import dataclass, field
from typing import Any

import httpx2
from fastapi import FastAPI

from server.accounts.models import Person
from server.core.actor import SYSTEM
from server.core.services import Services
from server.invitations.codes import hall_code, hall_secret
from server.meetings.models import Delegate, Meeting
from server.organisations.models import BridgePoint
from tests import builders


@dataclass
class Conference:
    meeting: Meeting
    people: dict[str, Person] = field(default_factory=dict)
    delegates: dict[str, int] = field(default_factory=dict)
    """By name: ids of delegates."""

    def path(self, hall: BridgePoint | None = None, rest: str = "") -> str:
        where = f"/points/{hall.id}" if hall else ""
        return f"/api/meetings/{self.meeting.id}{where}/{rest}"

    def ids(self, *names: str) -> list[int]:
        return [self.delegates[name] for name in names]


async def conference(services: Services, province: builders.Province, state: str = "running") -> Conference:
    """Three delegates at Đạ Sar, two at Lát, one at Hiệp An, one online (of Hiệp An); the first at Đạ Sar is the
    province's own `delegate`."""
    made = Conference(await builders.conference(services, province, state))
    async with services.transactions(SYSTEM) as tx:
        made.people["Đại Biểu"] = province.delegate
        for name, unit in (
            ("An", province.da_sar),
            ("Bình", province.da_sar),
            ("Chi", province.lat),
            ("Dũng", province.lat),
            ("Em", province.hiep_an),
            ("Giang", province.hiep_an),
        ):
            made.people[name] = await builders.person(tx.session, unit, name)
        halls = {
            "Đại Biểu": province.da_sar_hall,
            "An": province.da_sar_hall,
            "Bình": province.da_sar_hall,
            "Chi": province.lat_hall,
            "Dũng": province.lat_hall,
            "Em": province.hiep_an_hall,
        }
        for position, (name, person) in enumerate(made.people.items()):
            hall = halls.get(name)
            row = Delegate(
                meeting_id=made.meeting.id,
                person_id=person.id,
                point_id=hall and hall.id,
                position=position,
                added_at=tx.now,
            )
            tx.session.add(row)
            await tx.session.flush()
            made.delegates[name] = row.id
    return made


async def check(
    client: httpx2.AsyncClient, held: Conference, hall: BridgePoint, kind: str, *names: str, **more: Any
) -> dict[str, Any]:
    answer = await client.post(held.path(hall, "checks"), json={"delegate_ids": held.ids(*names), "kind": kind, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def code_of(app: FastAPI, held: Conference, hall: BridgePoint) -> str:
    """What the hall's screen shows now."""
    services: Services = app.state.services
    return hall_code(hall_secret(services.settings), held.meeting.id, hall.id, services.clock())
