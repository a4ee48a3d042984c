"""The columns of each kind of file: how they are headed, what may stand in them, and how that is written."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from server.accounts.schemas import Login
from server.accounts.typed_people import PERSON_HEADINGS, is_phone, phone_of
from server.core.actor import Role
from server.core.fields import EmailAddress, Line, Paragraphs, folded
from server.core.spreadsheets.lists import ListForm
from server.edge.validation_messages import sentence
from server.exchange.plans.row import CellFault, Kind
from server.organisations.schemas import FormerCode, Name, Position, Seats, ShortName, UnitCode

LEVELS = {
    "central": "Trung ương",
    "province": "Tỉnh, thành phố",
    "district": "Huyện",
    "commune": "Xã, phường, đặc khu",
    "below": "Đơn vị cơ sở",
}
ROLES = {
    Role.ADMIN: "Quản trị",
    Role.ORGANISER: "Ban tổ chức",
    Role.OPERATOR: "Điều phối kỹ thuật",
    Role.TECHNICIAN: "Kỹ thuật điểm cầu",
    Role.HALL_SECRETARY: "Thư ký điểm cầu",
    Role.DELEGATE: "Đại biểu",
}
_LEVEL_OF = {folded(word): level for level, word in LEVELS.items()} | {level: level for level in LEVELS}
_LEVEL_OF |= dict.fromkeys(("tinh", "thanh pho", "thanh pho truc thuoc trung uong"), "province")
_LEVEL_OF |= dict.fromkeys(("quan", "thi xa", "thanh pho thuoc tinh"), "district")
_LEVEL_OF |= dict.fromkeys(("xa", "phuong", "thi tran", "dac khu"), "commune")
_LEVEL_OF |= dict.fromkeys(("co so", "don vi truc thuoc"), "below")
_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_YES = frozenset({"x", "co", "yes", "true", "1", "da ngung", "ngung", "khoa"})
_NO = frozenset({"khong", "no", "false", "0"})


def _by(annotation: Any) -> Callable[[str], Any]:
    """As the API takes it."""
    adapter = TypeAdapter[Any](annotation)

    def read(text: str) -> Any:
        try:
            return adapter.validate_python(text)
        except ValidationError as error:
            raise CellFault(*sentence(dict(error.errors()[0]))) from None

    return read


_email = _by(EmailAddress)


def _read_email(text: str) -> str:
    try:
        return str(_email(text))
    except CellFault:
        raise CellFault("Địa chỉ e-mail chưa đúng.", "This is not an e-mail address.") from None


def _read_phone(text: str) -> str:
    phone = phone_of(text) or ""
    if not is_phone(phone):
        raise CellFault("Số điện thoại chưa đúng.", "This is not a phone number.")
    return phone


def _whole(annotation: Any) -> Callable[[str], Any]:
    """Thousands may be parted as is done in Việt Nam: "1.200"."""
    read = _by(annotation)
    return lambda text: read(re.sub(r"(?<=\d)[.\s](?=\d{3}\b)", "", text))


def read_level(text: str) -> str:
    level = _LEVEL_OF.get(folded(text))
    if level is None:
        words = ", ".join(f"“{word}”" for word in LEVELS.values())
        raise CellFault(f"Chọn một trong các cấp: {words}.", f"One of these levels: {words}.")
    return level


def read_date(text: str) -> str:
    """As ISO 8601 text: "30/06/2025", or what spreadsheets make of it."""
    found = _DATE.fullmatch(text)
    try:
        day = date(int(found[3]), int(found[2]), int(found[1])) if found else date.fromisoformat(text[:10])
    except ValueError:
        raise CellFault("Ngày chưa đúng. Ghi dạng 30/06/2025.", "Not a date. Write it as 30/06/2025.") from None
    if not 1900 <= day.year < 2100:
        raise CellFault("Năm phải từ 1900 đến 2099.", "The year must be from 1900 to 2099.")
    return day.isoformat()


def read_yes(text: str) -> bool:
    said = folded(text)
    if said not in _YES | _NO:
        raise CellFault("Ghi “x”, hoặc để trống.", "Write “x” or leave it blank.")
    return said in _YES


def show_date(iso: str) -> str:
    return f"{date.fromisoformat(iso):%d/%m/%Y}"


def show_yes(value: bool) -> str:
    return "x" if value else ""


@dataclass(frozen=True)
class Column:
    key: str
    heading: str
    width: int
    about: str
    """For the sheet that explains them."""
    read: Callable[[str], Any] | None = None
    """A cell's text -> its value; CellFault. None: what it says is looked up."""
    show: Callable[[Any], str] = str
    also: Sequence[str] = ()
    """Other headings, folded."""
    may_be_empty: bool = True
    choices: Sequence[str] | Literal["units"] | None = None


_NUMBER = Column(
    "id",
    "Mã hệ thống",
    16,
    "Do hệ thống ghi khi xuất tệp, để nhận ra dòng này dù mọi ô khác đã đổi. Dòng mới thì để trống.",
    also=("ma he thong", "identifier"),
)
_PLACE = Column(
    "position",
    "Thứ tự",
    9,
    "Số nhỏ đứng trước. Để trống: xếp sau cùng.",
    _whole(Position),
    also=("thu tu", "position"),
    may_be_empty=False,
)

UNITS = (
    _NUMBER,
    Column("name", "Tên đầy đủ", 36, "Bắt buộc. Ví dụ: Xã Đạ Sar.", _by(Name),
           also=("ten don vi", "don vi", "ten", "name"), may_be_empty=False),
    Column("short_name", "Tên ngắn", 22, "Tên trên màn hình ghép. Để trống: lấy từ tên đầy đủ.", _by(ShortName),
           also=("ten viet tat", "short name"), may_be_empty=False),
    Column("code", "Mã định danh", 16, "Dạng H36.1.2, hoặc dạng cũ 000.01.02.H36. Không trùng với đơn vị khác.",
           _by(UnitCode), also=("ma don vi", "ma", "ma dinh danh don vi", "code")),
    Column("former_code", "Mã theo quy định cũ", 18, "Dạng 000.01.02.H36, nếu còn dùng.", _by(FormerCode),
           also=("ma cu", "ma dinh danh cu", "former code")),
    Column("level", "Cấp", 20, "Chọn trong danh sách. Để trống: thấp hơn đơn vị cấp trên một bậc.", read_level,
           LEVELS.__getitem__, also=("cap don vi", "cap hanh chinh", "level"), may_be_empty=False,
           choices=tuple(LEVELS.values())),
    Column("parent", "Thuộc đơn vị", 36,
           "Bắt buộc với đơn vị mới. Chọn trong danh sách, ghi mã, hoặc tên một đơn vị khác trong tệp này.",
           also=("don vi cap tren", "cap tren", "truc thuoc", "thuoc", "parent"), may_be_empty=False, choices="units"),
    _PLACE,
    Column("valid_from", "Hoạt động từ", 14, "Ngày, dạng 01/07/2025.", read_date, show_date,
           also=("tu ngay", "ngay thanh lap", "valid from")),
    Column("valid_until", "Ngày cuối cùng hoạt động", 16, "Ghi ngày thì đơn vị kết thúc hoạt động sau ngày ấy.",
           read_date, show_date, also=("den ngay", "ngay ket thuc", "ngay giai the", "valid until")),
    Column("successor", "Đơn vị tiếp nhận", 36,
           "Đơn vị mà nó nhập vào: nhận điểm cầu, người cùng vai trò của họ, và các đơn vị trực thuộc còn hoạt động.",
           also=("nhap vao", "sap nhap vao", "don vi moi", "successor"), choices="units"),
)  # fmt: skip

POINTS = (
    _NUMBER,
    Column("name", "Tên điểm cầu", 32, "Bắt buộc. Không cần hai chữ “Điểm cầu” ở đầu.", _by(Name),
           also=("diem cau", "ten", "ten hoi truong", "name"), may_be_empty=False),
    Column("short_name", "Tên ngắn", 22, "Tên trên màn hình ghép. Để trống: lấy từ tên điểm cầu.", _by(ShortName),
           also=("ten viet tat", "short name"), may_be_empty=False),
    Column("unit", "Đơn vị", 36, "Bắt buộc với điểm cầu mới. Chọn trong danh sách, hoặc ghi mã định danh.",
           also=("don vi quan ly", "thuoc don vi", "unit"), may_be_empty=False, choices="units"),
    _PLACE,
    Column("seats", "Số chỗ ngồi", 10, "Số nguyên.", _whole(Seats), also=("so cho", "suc chua", "seats")),
    Column("address", "Địa chỉ", 36, "", _by(Annotated[Line, Field(max_length=300)]), also=("address",)),
    Column("contact_name", "Cán bộ kỹ thuật", 26, "Người được gọi khi có sự cố.",
           _by(Annotated[Line, Field(max_length=200)]), also=("can bo phu trach", "nguoi phu trach", "technician")),
    Column("contact_phone", "Điện thoại", 16, "", _read_phone, also=("so dien thoai", "sdt", "di dong", "phone")),
    Column("equipment", "Thiết bị", 36, "Máy quay, micro, màn hình…",
           _by(Annotated[Paragraphs, Field(max_length=1000)]), also=("trang thiet bi", "equipment")),
    Column("main_line", "Đường truyền chính", 28, "", _by(Annotated[Line, Field(max_length=200)]),
           also=("duong truyen", "main line")),
    Column("backup_line", "Đường truyền dự phòng", 28, "", _by(Annotated[Line, Field(max_length=200)]),
           also=("du phong", "backup line")),
    Column("closed", "Ngừng sử dụng", 12, "Ghi “x” để ngừng sử dụng; ghi “-” để dùng lại.", read_yes, show_yes,
           also=("ngung", "closed"), choices=("x",)),
)  # fmt: skip

PEOPLE = (
    _NUMBER,
    Column("full_name", "Họ và tên", 28, "Bắt buộc.", _by(Annotated[Line, Field(min_length=1, max_length=200)]),
           may_be_empty=False),
    Column("title", "Chức vụ", 34, "", _by(Annotated[Line, Field(max_length=200)])),
    Column("unit", "Đơn vị", 36, "Bắt buộc với người mới. Chọn trong danh sách, hoặc ghi mã định danh.",
           may_be_empty=False, choices="units"),
    Column("email", "E-mail", 28, "Để gửi giấy mời và liên kết dự họp.", _read_email),
    Column("phone", "Điện thoại", 16, "Số 0 ở đầu mà Excel bỏ mất sẽ được thêm lại.", _read_phone),
    Column("login", "Tên đăng nhập", 18, "Chỉ với người đăng nhập bằng mật khẩu. Không trùng với người khác.",
           _by(Login), also=("ten dang nhap", "tai khoan", "login")),
    Column("roles", "Vai trò", 34,
           "Cách nhau bằng dấu chấm phẩy. Ở đơn vị khác thì ghi “Kỹ thuật điểm cầu @ Xã Đạ Sar (H36.7.2)”. "
           "Vai trò không ghi trong ô sẽ bị bỏ; ô trống thì giữ nguyên.", also=("quyen", "roles"),
           choices=tuple(ROLES.values())),
    Column("disabled", "Khóa tài khoản", 12, "Ghi “x” để khóa; ghi “-” để mở lại.", read_yes, show_yes,
           also=("khoa", "ngung", "disabled"), choices=("x",)),
)  # fmt: skip

COLUMNS: dict[Kind, Sequence[Column]] = {"units": UNITS, "points": POINTS, "people": PEOPLE}


def _form(columns: Sequence[Column], needed: str, filled_down: Sequence[str]) -> ListForm:
    of_people = PERSON_HEADINGS if needed == "full_name" else {}
    return ListForm(
        {column.key: column.heading for column in columns},
        {**of_people, **{column.key: column.also for column in columns if column.also}},
        needed,
        filled_down,
    )


FORMS: dict[Kind, ListForm] = {
    "units": _form(UNITS, "name", ("level", "parent", "valid_from", "valid_until", "successor")),
    "points": _form(POINTS, "name", ("unit",)),
    "people": _form(PEOPLE, "full_name", ("title", "unit")),
}
