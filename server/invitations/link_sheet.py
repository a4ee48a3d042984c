"""Personal links as a workbook: for the hall's secretary, who hands them on to people without e-mail."""

from collections.abc import Sequence

from server.core.actor import Actor
from server.core.services import Services
from server.core.spreadsheets.writing import Book, Column
from server.invitations import links
from server.invitations.schemas import LinkSheetWrite
from server.meetings.models import Meeting

COLUMNS = (
    Column("STT", 6, "number"),
    Column("Điểm cầu", 30),
    Column("Họ và tên", 28),
    Column("Chức vụ", 34),
    Column("Điện thoại", 16),
    Column("Liên kết dự họp riêng", 70),
)


async def rows_of(
    services: Services, actor: Actor, meeting_id: int, write: LinkSheetWrite
) -> tuple[str, list[list[object]]]:
    """The meeting's title and a row for each. Links are fresh, earlier ones stay valid. Raises as `links.make`;
    NobodyToInvite."""
    people = await services.database.beside(
        lambda session: links.reached_by_hand(
            session, meeting_id, actor, point_id=write.point_id, without_email=write.without_email
        )
    )
    if not people:
        raise links.NobodyToInvite()
    made = await links.make(services, actor, meeting_id, [each.delegate_id for each in people], send=False)
    paths = {link.delegate_id: services.settings.url + link.path for link in made.links}
    async with services.database.read() as session:
        title = (await session.get_one(Meeting, meeting_id)).title
    return title, [
        [number, each.place or "Trực tuyến", each.full_name, each.title, each.phone, paths[each.delegate_id]]
        for number, each in enumerate((each for each in people if each.delegate_id in paths), start=1)
    ]


def workbook(title: str, rows: Sequence[Sequence[object]]) -> bytes:
    book = Book("Liên kết dự họp riêng", [title, "Mỗi liên kết của một người, chỉ dùng để dự cuộc họp này."])
    book.sheet("Liên kết", COLUMNS, rows)
    return book.content()
