"""What keeps the program from starting and a person can mend, in two sentences that say how."""

import errno

from sqlalchemy.exc import DBAPIError

from server.core.config import Settings
from server.core.database import gave_up
from server.core.errors import DomainError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)


class CannotStart(DomainError):
    code = "cannot-start"
    vi = "Hệ thống chưa khởi động được. Xem nhật ký để biết lý do."
    en = "The system cannot start. Its log says why."


def fault_of(error: BaseException, settings: Settings) -> DomainError | None:
    """None for a fault of ours."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, DBAPIError):
        return _of_sqlite(str(error.orig), settings) if _is_sqlite(settings) else _of_postgresql(error, settings)
    if isinstance(error, OSError) and error.errno in _FULL:
        return _disk_full(str(error.filename or settings.var))
    if isinstance(error, OSError) and error.errno in _CLOSED:
        return _not_writable(str(error.filename or settings.var), error.strerror or "")
    return None


def _is_sqlite(settings: Settings) -> bool:
    return settings.database.startswith("sqlite")


def _of_sqlite(said: str, settings: Settings) -> DomainError | None:
    file = settings.database.partition(":///")[2]
    if "disk is full" in said:
        return _disk_full(file)
    if "unable to open" in said or "readonly" in said:
        return _not_writable(file, said)
    if "locked" in said:
        return CannotStart(
            f"Tệp {file} đang bị chương trình khác giữ. Dừng chương trình ấy (có thể là Nhịp Cầu ở cửa sổ khác) rồi "
            "chạy lại.",
            f"Another program holds {file}. Stop it (perhaps Nhịp Cầu in another window), then start again.",
        )
    if "disk I/O" in said:
        return CannotStart(
            f"Đĩa báo lỗi khi đọc ghi {file} ({said}). Kiểm tra đĩa và chỗ trống, rồi chạy lại.",
            f"The disk failed while {file} was read or written ({said}). Check it and its room, then start again.",
        )
    if "not a database" in said or "malformed" in said:
        return CannotStart(
            f"Tệp {file} không phải cơ sở dữ liệu hoặc đã hỏng ({said}). Khôi phục từ bản sao lưu, hoặc đặt "
            "NHIPCAU_VAR sang thư mục khác.",
            f"The file {file} is no database, or is damaged ({said}). Restore it from a backup, or set NHIPCAU_VAR to "
            "another folder.",
        )
    return None


def _of_postgresql(error: DBAPIError, settings: Settings) -> DomainError | None:
    state = getattr(error.orig, "sqlstate", None)
    said = " ".join(str(error.orig).split())[:300]
    if state == "53100":
        return _disk_full("PostgreSQL")
    if state == "42501":
        return CannotStart(
            f"Tài khoản PostgreSQL thiếu quyền ({said}). Cấp cho tài khoản ấy quyền sở hữu cơ sở dữ liệu rồi chạy lại.",
            f"The PostgreSQL account lacks a right ({said}). Make it the owner of the database, then start again.",
        )
    if gave_up(error):
        return CannotStart(
            f"Chương trình khác đang giữ khóa trong cơ sở dữ liệu ({said}). Đợi nó xong rồi chạy lại.",
            f"Another program holds a lock in the database ({said}). Wait for it to end, then start again.",
        )
    if state is not None and not state.startswith(("08", "28", "3D", "53", "57P")):
        return None
    return CannotStart(
        f"Không vào được cơ sở dữ liệu PostgreSQL ({said}). Xem PostgreSQL đã chạy chưa, rồi kiểm tra máy, cổng, tài "
        "khoản và tên cơ sở dữ liệu trong NHIPCAU_DATABASE_URL.",
        f"The PostgreSQL database cannot be reached ({said}). See whether PostgreSQL runs, then check host, port, "
        "account and database name in NHIPCAU_DATABASE_URL.",
    )


def _disk_full(place: str) -> DomainError:
    return CannotStart(
        f"Đĩa đã đầy khi ghi {place}. Giải phóng chỗ trên đĩa rồi chạy lại; dữ liệu đã lưu vẫn còn nguyên.",
        f"The disk is full, writing {place}. Free some room, then start again; what was saved is still there.",
    )


def _not_writable(place: str, why: str) -> DomainError:
    return CannotStart(
        f"Không ghi được {place} ({why}). Cấp quyền ghi cho tài khoản chạy Nhịp Cầu, hoặc đặt NHIPCAU_VAR sang thư "
        "mục khác.",
        f"Cannot write {place} ({why}). Give the account that runs Nhịp Cầu the right to write there, or set "
        "NHIPCAU_VAR to another folder.",
    )
