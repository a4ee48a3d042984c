"""Text messages: their lengths and numbers, and the way out against a real HTTP server, or into a file."""

import json
import stat
from dataclasses import replace

import pytest
from sqlalchemy import select

from server.core.actor import SYSTEM
from server.core.services import Services
from server.jobs.models import Job
from server.jobs.workers import Workers
from server.notifications.models import TextMessage
from server.notifications.sms.actions import Text, send_texts
from server.notifications.sms.delivery import ATTEMPTS, sms_job
from server.notifications.sms.lengths import Length, length_of, unaccented
from server.notifications.sms.numbers import mobile_of
from tests.conftest import Clock
from tests.gateway import sms_gateway


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", Length("gsm-7", 0, 1)),
        ("a" * 160, Length("gsm-7", 160, 1)),
        ("a" * 161, Length("gsm-7", 161, 2)),
        ("a" * 306, Length("gsm-7", 306, 2)),
        ("a" * 307, Length("gsm-7", 307, 3)),
        # The euro takes two places, and is not cut in half: 152 and 1 left over, then it.
        ("a" * 152 + "€" + "a" * 152, Length("gsm-7", 306, 3)),
        ("đ" + "a" * 69, Length("ucs-2", 70, 1)),
        ("đ" + "a" * 70, Length("ucs-2", 71, 2)),
        ("ệ" * 134, Length("ucs-2", 134, 2)),
        ("ệ" * 135, Length("ucs-2", 135, 3)),
        ("😀" * 35, Length("ucs-2", 70, 1)),
        # à is in the networks' own alphabet, ạ is not.
        ("à", Length("gsm-7", 1, 1)),
        ("ạ", Length("ucs-2", 1, 1)),
    ],
)
def test_lengths(text: str, length: Length) -> None:
    assert length_of(text) == length


def test_without_its_marks_a_text_is_of_the_networks_letters() -> None:
    plain = unaccented("Đồng chí Nguyễn Thị Hạnh: “Ủy ban”, 7–8 giờ…")
    assert plain == 'Dong chi Nguyen Thi Hanh: "Uy ban", 7-8 gio...'
    assert length_of(plain).encoding == "gsm-7"


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("0912 345 678", "+84912345678"),
        ("+84 (91) 234-56-78", "+84912345678"),
        ("84912345678", "+84912345678"),
        ("0263 3822 111 / 0912.345.678", "+84912345678"),
        ("0263 3822 111", None),
        ("+856 20 5555 1234", "+8562055551234"),
        ("0812345678", "+84812345678"),
        ("0112345678", None),
        ("", None),
        (None, None),
    ],
)
def test_numbers(phone: str | None, number: str | None) -> None:
    assert mobile_of(phone) == number


def with_gateway(services: Services, url: str | None) -> Services:
    changed = {"sms_url": url, "sms_token": "khoa-bi-mat", "sms_sender": "UBND LAMDONG"}
    return replace(services, settings=services.settings.model_copy(update=changed))


async def write(services: Services, *numbers: str) -> list[int]:
    async with services.transactions(SYSTEM) as tx:
        name, text = "Nguyễn Thị Hạnh", "Kinh moi: http://hop.test/join/x"
        return await send_texts(tx, [Text("link.personal", each, name, text, secret=True) for each in numbers])


async def run(services: Services) -> None:
    await Workers(services, [sms_job]).run_due()


async def messages(services: Services) -> list[TextMessage]:
    async with services.database.read() as session:
        return list(await session.scalars(select(TextMessage).order_by(TextMessage.id)))


async def test_the_gateway_gets_what_is_documented_and_the_secret_is_wiped(services: Services) -> None:
    async with sms_gateway() as gateway:
        [message_id] = await write(services, "+84912345678")
        await run(with_gateway(services, gateway.url))
    [(heads, body)] = gateway.asked
    assert body == {
        "id": f"sms-{message_id}",
        "to": "+84912345678",
        "text": "Kinh moi: http://hop.test/join/x",
        "sender": "UBND LAMDONG",
        "encoding": "gsm-7",
        "parts": 1,
    }
    assert (heads["authorization"], heads["idempotency-key"]) == ("Bearer khoa-bi-mat", f"sms-{message_id}")
    [message] = await messages(services)
    assert (message.state, message.text, message.reference) == ("sent", "", "gw-1")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_is_put_off_comes_later_and_what_is_refused_says_why(services: Services, clock: Clock) -> None:
    async with sms_gateway() as gateway:
        desk = with_gateway(services, gateway.url)
        gateway.answers["+84911111111"] = [(503, {}, {"Retry-After": "600"})]
        gateway.answers["+84922222222"] = [(422, {"error": "Số thuê bao không tồn tại"}, {})]
        await write(services, "+84911111111", "+84922222222", "+84933333333")
        await run(desk)
        states = [(each.state, each.error) for each in await messages(services)]
        assert states == [
            ("queued", "503 Service Unavailable"),
            ("failed", "422 Số thuê bao không tồn tại"),
            ("sent", ""),
        ]
        clock.pass_(seconds=599)
        await run(desk)
        assert len(gateway.asked) == 3
        clock.pass_(seconds=2)
        await run(desk)
    assert [each.state for each in await messages(services)] == ["sent", "failed", "sent"]
    keys = [heads["idempotency-key"] for heads, _ in gateway.asked]
    assert keys[0] == keys[3]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_gateway_that_is_away_is_asked_for_all_and_given_up_in_the_end(
    services: Services, clock: Clock
) -> None:
    desk = with_gateway(services, "http://127.0.0.1:9/send")
    await write(services, *(f"+8491234567{last}" for last in range(8)))
    for tries in range(1, ATTEMPTS + 1):
        await run(desk)
        assert {each.attempts for each in await messages(services)} == {tries}
        clock.pass_(hours=2)
    given_up = await messages(services)
    assert {(each.state, each.text) for each in given_up} == {("failed", "")}
    assert all("refused" in each.error for each in given_up)
    async with services.database.read() as session:
        assert (await session.scalars(select(Job))).all() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_without_a_gateway_messages_lie_in_a_file_for_the_server_alone(services: Services, clock: Clock) -> None:
    await write(services, "+84912345678", "+84987654321")
    await run(with_gateway(services, None))
    path = services.settings.var / "sms" / f"{clock.now:%Y-%m-%d}.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["to"] for line in lines] == ["+84912345678", "+84987654321"]
    assert lines[0]["text"] == "Kinh moi: http://hop.test/join/x"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {(each.state, each.reference) for each in await messages(services)} == {("filed", path.name)}
