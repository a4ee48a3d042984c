"""What can be wrong with a wish to note somebody."""

from server.core.errors import Conflict, Invalid, NotAllowed


class NotOnList(NotAllowed):
    code = "not-on-list"
    vi = "Đồng chí chưa có tên trong danh sách đại biểu của cuộc họp. Báo thư ký điểm cầu hoặc ban tổ chức."
    en = "You are not on this meeting's list of delegates. Tell the hall's secretary or the organiser."


class NotOnThisList(Invalid):
    code = "not-on-this-list"
    vi = "Có người không còn trong danh sách của điểm cầu này. Tải lại danh sách rồi điểm danh tiếp."
    en = "Somebody is not on this hall's list any more. Reload the list, then go on."


class CodeExpired(Conflict):
    code = "code-expired"
    vi = "Mã trên màn hình hội trường đã đổi. Đồng chí quét lại mã đang hiện."
    en = "The code on the hall's screen has changed. Scan the one that is shown now."


class TooEarly(Conflict):
    code = "too-early"
    vi = "Cuộc họp chưa mở để điểm danh. Đồng chí thử lại khi ban tổ chức mở phòng họp."
    en = "The meeting does not take attendance yet. Try again once the organiser has opened it."


class TooLate(Conflict):
    code = "too-late"
    vi = "Cuộc họp đã kết thúc. Nếu cần sửa điểm danh, đồng chí báo thư ký điểm cầu."
    en = "The meeting has ended. Ask the hall's secretary if your attendance needs a correction."


class HasSubstitute(Conflict):
    code = "has-substitute"
    vi = "Đại biểu này đã có người dự thay. Bỏ người dự thay cũ trước khi ghi người khác."
    en = "This delegate has a substitute already. Take that one off first."


class IsThere(Conflict):
    code = "is-there"
    vi = "Đại biểu này đang dự họp nên không cần người dự thay. Nếu ghi nhầm, bỏ điểm danh của đại biểu trước."
    en = "This delegate is there and needs no substitute. If that is a mistake, take the check-in back first."


class NoChains(Conflict):
    code = "is-substitute"
    vi = "Người này đang dự thay người khác. Ghi người dự thay cho chính đại biểu được mời."
    en = "This person comes in somebody's stead already. Name the substitute of the delegate who was invited."


class PersonSigns(NotAllowed):
    code = "person-signs"
    vi = "Người ký xác nhận điểm danh phải đăng nhập bằng tài khoản của mình, không dùng thiết bị của hội trường."
    en = "Attendance is signed off by a person who is signed in, not by the hall's device."


class NothingToWithdraw(Conflict):
    code = "not-signed-off"
    vi = "Điểm cầu này chưa ký xác nhận điểm danh, hoặc xác nhận đã được rút. Tải lại trang để xem."
    en = "This hall's attendance is not signed off, or that was withdrawn already. Reload to see."
