"""A conference whose delegates vote."""

import secrets
import uuid
from dataclasses import dataclass
from typing import Any

import httpx2

from server.core.services import Services
from tests import builders
from tests.conftest import Browsers
from tests.server.attendance.people.gathering import Conference, check, conference

QUESTION = {"title": "Thông qua dự thảo nghị quyết", "options": ["Tán thành", "Không tán thành", "Không biểu quyết"]}
ELECTION = {
    "title": "Bầu Phó Chủ tịch",
    "kind": "election",
    "secret": True,
    "options": ["Ông Kơ Să Ha", "Bà Lê Thị Hoa", "Ông Trần Văn Nam"],
    "seats": 2,
    "base": "summoned",
}
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def code() -> str:
    """As a device makes one."""
    return "".join(secrets.choice(LETTERS) for _ in range(10))


@dataclass
class Voting:
    held: Conference
    province: builders.Province
    browser: Browsers
    chair: httpx2.AsyncClient
    ballot_id: int = 0

    @property
    def path(self) -> str:
        return f"/api/meetings/{self.held.meeting.id}/ballots"

    async def put(self, body: dict[str, Any], *, opened: bool = True) -> int:
        answer = await self.chair.post(self.path, json=body)
        assert answer.status_code == 201, answer.text
        self.ballot_id = answer.json()["id"]
        if opened:
            await self.step("open")
        return self.ballot_id

    async def step(self, step: str, status: int = 200, body: Any = None) -> dict[str, Any]:
        answer = await self.chair.post(f"{self.path}/{self.ballot_id}/{step}", json=body)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    async def vote(self, who: str, marks: str, **more: Any) -> httpx2.Response:
        client = await self.browser(self.held.people[who])
        body = {"marks": marks, "key": str(uuid.uuid4()), **more}
        return await client.post(f"{self.path}/{self.ballot_id}/vote", json=body)

    async def voted(self, who: str, marks: str, **more: Any) -> dict[str, Any]:
        answer = await self.vote(who, marks, **more)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def count(self, hall: Any, counts: list[int], who: Any, status: int = 200, **more: Any) -> dict[str, Any]:
        client = await self.browser(who)
        path = f"{self.path}/{self.ballot_id}/points/{hall.id}/tallies"
        answer = await client.post(path, json={"counts": counts, **more})
        assert answer.status_code == status, answer.text
        return dict(answer.json())


async def voting(services: Services, province: builders.Province, browser: Browsers) -> Voting:
    """Seven are summoned; three sit in Đạ Sar, two in Lát, Em in Hiệp An; Giang has not come."""
    held = await conference(services, province)
    chair = await browser(province.chair)
    await check(chair, held, province.da_sar_hall, "in", "Đại Biểu", "An", "Bình")
    await check(chair, held, province.lat_hall, "in", "Chi", "Dũng")
    await check(chair, held, province.hiep_an_hall, "in", "Em")
    return Voting(held, province, browser, chair)
