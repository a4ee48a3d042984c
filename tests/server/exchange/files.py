"""Files as offices fill them in, what the server makes of them, and jobs that are done at once."""

import io
from collections.abc import Sequence
from typing import Any

import httpx2
import python_calamine
import xlsxwriter
from sqlalchemy import select

from server.accounts.models import Person, RoleGrant
from server.core.services import Services
from server.exchange.jobs import exchange_job
from server.jobs.workers import Workers
from server.organisations.models import BridgePoint, Unit

UNITS = ["Mã hệ thống", "Tên đầy đủ", "Tên ngắn", "Mã định danh", "Mã theo quy định cũ", "Cấp", "Thuộc đơn vị",
         "Thứ tự", "Hoạt động từ", "Ngày cuối cùng hoạt động", "Đơn vị tiếp nhận"]  # fmt: skip
PEOPLE = ["Họ và tên", "Chức vụ", "Đơn vị", "E-mail", "Điện thoại", "Tên đăng nhập", "Vai trò"]


def workbook(header: Sequence[str], *rows: Sequence[Any], above: int = 0) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    for number, row in enumerate([header, *rows]):
        sheet.write_row(above + number, 0, row)
    book.close()
    return file.getvalue()


def cells_of(content: bytes, sheet: int = 0) -> list[list[Any]]:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    return book.get_sheet_by_index(sheet).to_python()


class Desk:
    """Somebody at the page of imports."""

    def __init__(self, client: httpx2.AsyncClient, services: Services) -> None:
        self.client = client
        self.services = services

    async def work(self) -> None:
        await Workers(self.services, [exchange_job]).run_due()

    async def send(self, kind: str, content: bytes, name: str = "danh-sach.xlsx") -> dict[str, Any]:
        """The batch once it was read."""
        sent = await self.client.post("/api/exchange/batches", params={"kind": kind, "name": name}, content=content)
        assert sent.status_code == 201, sent.text
        assert sent.json()["state"] == "reading"
        await self.work()
        return await self.batch(sent.json()["id"])

    async def batch(self, batch_id: int) -> dict[str, Any]:
        answer = await self.client.get(f"/api/exchange/batches/{batch_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def rows(self, batch: dict[str, Any], verdict: str | None = None) -> list[dict[str, Any]]:
        params = {"verdict": verdict} if verdict else {}
        answer = await self.client.get(f"/api/exchange/batches/{batch['id']}/rows", params=params)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["rows"]
        return found

    async def faults(self, batch: dict[str, Any]) -> list[tuple[int, str, str]]:
        """Row, column, what is said."""
        return [
            (row["number"], each["column"], each["vi"])
            for row in await self.rows(batch, "bad")
            for each in row["faults"]
        ]

    async def step(self, batch: dict[str, Any], act: str) -> dict[str, Any]:
        """apply or undo."""
        answer = await self.client.post(f"/api/exchange/batches/{batch['id']}/{act}")
        assert answer.status_code == 200, answer.text
        await self.work()
        return await self.batch(batch["id"])

    async def bring_in(self, kind: str, content: bytes) -> dict[str, Any]:
        """Sent in and applied."""
        batch = await self.send(kind, content)
        assert batch["state"] == "ready", (batch, await self.faults(batch))
        done = await self.step(batch, "apply")
        assert done["state"] == "applied", done
        return done

    async def export(self, kind: str) -> bytes:
        answer = await self.client.get(f"/api/exchange/{kind}/all.xlsx")
        assert answer.status_code == 200, answer.text
        return answer.content


def counts(batch: dict[str, Any]) -> tuple[int, ...]:
    """Added, changed, closed, unchanged, bad."""
    return tuple(batch[name] for name in ("added", "changed", "closed", "unchanged", "bad"))


async def everything(services: Services) -> dict[str, list[Any]]:
    """Every row of what imports write, but for what counts edits: to compare."""
    found = {}
    async with services.database.read() as session:
        for model in (Unit, BridgePoint, Person, RoleGrant):
            columns = [column for column in model.__table__.columns if column.name not in ("revision",)]
            if model is RoleGrant:
                columns = [column for column in columns if column.name != "id"]
            rows = (await session.execute(select(*columns))).all()
            found[model.__tablename__] = sorted(map(repr, rows))
    return found
