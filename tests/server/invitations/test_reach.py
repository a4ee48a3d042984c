"""How far invitations have come, as lists, filters and counts say alike."""

from datetime import timedelta

import httpx2
from sqlalchemy import insert

from server.accounts.models import AccessLink
from server.core.actor import SYSTEM
from server.core.services import Services
from server.meetings.models import Meeting
from server.notifications.models import Mail, TextMessage
from tests.server.invitations.conftest import Add

FAR = ["none", "made", "queued", "sent", "delivered", "opened", "bounced", "failed", "revoked"]


async def test_each_is_where_the_invitation_came_by_its_best_way(
    *, add: Add, organiser: httpx2.AsyncClient, meeting: Meeting, services: Services
) -> None:
    lines = {line["full_name"]: line for line in await add(*FAR, "by text", "older letter", "newest counts")}
    async with services.transactions(SYSTEM) as tx:
        written = {"subject": "", "text": "", "to_name": "", "created_at": tx.now, "kind": "link.personal"}

        async def mail(name: str, state: str, *, ago: int = 0) -> None:
            to = {"meeting_id": meeting.id, "person_id": lines[name]["person_id"], "to_address": "a@b.example"}
            at = {"created_at": tx.now - timedelta(minutes=ago)}
            await tx.session.execute(insert(Mail).values(**written | to | at, state=state, error="550 no"))

        for name, line in lines.items():
            if name != "none":
                await tx.session.execute(
                    insert(AccessLink).values(
                        token_hash=name,
                        person_id=line["person_id"],
                        meeting_id=meeting.id,
                        created_at=tx.now,
                        expires_at=tx.now + timedelta(days=1),
                        opened_at=tx.now if name == "opened" else None,
                        revoked_at=tx.now if name == "revoked" else None,
                    )
                )
        for state in ("queued", "sent", "delivered", "bounced", "failed"):
            await mail(state, state)
        for name in ("opened", "revoked", "by text"):
            await mail(name, "bounced")
        await mail("older letter", "delivered", ago=5)
        await mail("newest counts", "failed")
        await mail("newest counts", "queued")
        await tx.session.execute(
            insert(TextMessage).values(
                meeting_id=meeting.id,
                person_id=lines["by text"]["person_id"],
                kind="link.personal",
                to_number="+84912345678",
                to_name="",
                text="",
                parts=1,
                state="sent",
                created_at=tx.now,
            )
        )
    expected = {**{name: name for name in FAR}, "by text": "sent", "older letter": "made", "newest counts": "queued"}
    path = f"/api/meetings/{meeting.id}"
    listed = (await organiser.get(f"{path}/delegates")).json()["delegates"]
    assert {line["full_name"]: line["link"] for line in listed} == expected
    for state in FAR:
        some = (await organiser.get(f"{path}/delegates", params={"reach": state, "limit": 1})).json()
        assert some["total"] == list(expected.values()).count(state)
        assert [line["link"] for line in some["delegates"]] == [state]
    lost = (await organiser.get(f"{path}/delegates", params={"reach": ["bounced", "failed"], "q": "FAIL"})).json()
    assert [line["full_name"] for line in lost["delegates"]] == ["failed"]
    letters = (await organiser.get(f"{path}/letters")).json()
    assert letters["reach"] == {state: list(expected.values()).count(state) for state in FAR}
    assert sorted(letters["failed"]) == sorted(
        lines[name]["id"] for name in ("bounced", "failed", "opened", "revoked", "by text")
    )
    assert (await organiser.get(f"{path}/delegates", params={"reach": "nowhere"})).status_code == 422
