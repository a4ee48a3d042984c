"""The columns of a list of delegates, and what offices call them."""

from server.accounts.typed_people import PERSON_HEADINGS
from server.core.spreadsheets.lists import ListForm

HEADINGS = {
    "full_name": "Họ và tên",
    "title": "Chức vụ",
    "unit": "Đơn vị",
    "point": "Điểm cầu",
    "role": "Tư cách",
    "email": "E-mail",
    "phone": "Điện thoại",
}
FORM = ListForm(
    HEADINGS,
    {
        **PERSON_HEADINGS,
        "point": ("diem cau", "ten diem cau", "du tai diem cau", "diem du", "dia diem", "dia diem du", "point"),
        "role": ("thanh phan", "vai tro", "tu cach", "role"),
    },
    needed="full_name",
    filled_down=("title", "unit", "point", "role"),
)
