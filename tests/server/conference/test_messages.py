"""Words between consoles and halls: who hears which, and until when."""

import pytest

from server.core.services import Services
from tests import builders
from tests.server.conftest import Join
from tests.sockets import LiveClient, Refused


def texts(client: LiveClient) -> list[str]:
    return [each["text"] for each in client.state.get("messages", {}).values()]


async def test_each_hears_what_is_for_them(services: Services, province: builders.Province, join: Join) -> None:
    meeting = await builders.conference(services, province, "running", listed=True)
    operator = await join(meeting.id, province.operator, "console")
    hall = await join(meeting.id, province.da_sar_hall)
    other = await join(meeting.id, province.lat_hall)
    phone = await join(meeting.id, province.delegate, "member")
    await hall.command("help.call", text="Mất tiếng")
    await hall.command("help.call", text="Mất tiếng, đã thử lại")
    assert texts(hall) == ["Mất tiếng, đã thử lại"]
    await operator.until(lambda: texts(operator) == ["Mất tiếng, đã thử lại"])
    [call] = operator.state["messages"].values()
    await operator.command("message.send", point_ids=[province.da_sar_hall.id], text="Cắm lại micro USB", urgent=True)
    await operator.command("message.send", point_ids=None, text="Giải lao 10 phút")
    await operator.command("message.send", point_ids=None, text="Giải lao 15 phút")
    await phone.until(lambda: texts(phone) == ["Giải lao 15 phút"])
    assert sorted(texts(hall)) == ["Cắm lại micro USB", "Giải lao 15 phút", "Mất tiếng, đã thử lại"]
    assert texts(other) == ["Giải lao 15 phút"]
    with pytest.raises(Refused):
        await other.command("message.close", message_id=call["id"])
    await operator.command("message.close", message_id=call["id"])
    await operator.command("message.close", message_id=call["id"])
    [word] = [each for each in hall.state["messages"].values() if each["kind"] == "word"]
    await hall.command("message.close", message_id=word["id"])
    assert texts(hall) == ["Giải lao 15 phút"]
    await operator.command("meeting.end")
    assert texts(operator) == []
