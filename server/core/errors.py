"""One tree of errors. Each has a stable code, an HTTP status, and a sentence in Vietnamese and English that says what
to do next. Actions and queries raise them; `server.main` turns them into responses, the live gateway into replies."""

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """Base. Subclasses set the class attributes; `details` carries machine-readable facts for the client."""

    code = "error"
    status = 400
    vi = "Không thực hiện được. Đồng chí thử lại sau ít phút."
    en = "That did not work. Try again in a few minutes."

    def __init__(self, vi: str | None = None, en: str | None = None, **details: Any) -> None:
        self.vi = vi or self.vi
        self.en = en or self.en
        self.details = details
        super().__init__(self.en)

    def body(self) -> dict[str, Any]:
        return {"code": self.code, "vi": self.vi, "en": self.en, "details": self.details}


class NotSignedIn(DomainError):
    code = "not-signed-in"
    status = 401
    vi = "Phiên làm việc đã hết. Đồng chí đăng nhập lại."
    en = "Your session has ended. Sign in again."


class NotAllowed(DomainError):
    code = "not-allowed"
    status = 403
    vi = "Tài khoản này không có quyền làm việc đó. Liên hệ ban tổ chức nếu cần."
    en = "This account may not do that. Ask the organiser if you need it."


class NotFound(DomainError):
    code = "not-found"
    status = 404
    vi = "Không tìm thấy. Có thể mục này đã bị xóa."
    en = "Not found. It may have been deleted."


class Conflict(DomainError):
    """The state does not allow it now."""

    code = "conflict"
    status = 409
    vi = "Trạng thái hiện tại không cho phép. Tải lại trang để xem thay đổi mới nhất."
    en = "The current state does not allow this. Reload to see the latest change."


class Invalid(DomainError):
    code = "invalid"
    status = 422
    vi = "Dữ liệu chưa đúng. Kiểm tra lại các ô được đánh dấu."
    en = "Some values are not right. Check the marked fields."

    @classmethod
    def fields(cls, said: Mapping[str, tuple[str, str]]) -> "Invalid":
        """With a Vietnamese and an English sentence for each field ("title", "agenda.0.minutes")."""
        return cls(
            fields={field: vi for field, (vi, _) in said.items()},
            fields_en={field: en for field, (_, en) in said.items()},
        )


class TooLarge(DomainError):
    code = "too-large"
    status = 413
    vi = "Dữ liệu gửi lên quá lớn. Chia nhỏ rồi gửi lại."
    en = "That is too much data at once. Split it and send again."


class TooMany(DomainError):
    code = "too-many"
    status = 429
    vi = "Thử quá nhiều lần. Đợi một phút rồi thử lại."
    en = "Too many attempts. Wait a minute and try again."


class Unavailable(DomainError):
    code = "unavailable"
    status = 503
    vi = "Máy chủ đang khởi động lại phần hình ảnh. Hệ thống tự nối lại, đồng chí không cần thao tác."
    en = "The media service is restarting. It reconnects by itself; nothing to do."
