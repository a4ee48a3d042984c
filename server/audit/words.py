"""What every action of the audit log is called, in sentences; a test walks all that the code records.

`{name}` and the like are facts of the entry; `{point}` and `{person}` the names of `point_id` and `person_id` among
them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    SIGN_IN = "sign-in"
    PEOPLE = "people"
    UNITS = "units"
    MEETINGS = "meetings"
    DELEGATES = "delegates"
    PAPERS = "papers"
    CONFERENCE = "conference"
    ATTENDANCE = "attendance"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Words:
    vi: str
    en: str


WORDS: dict[Group, dict[str, Words]] = {
    Group.SIGN_IN: {
        "session.opened": Words("Đăng nhập", "Signed in"),
        "session.ended": Words("Đăng xuất", "Signed out"),
        "session.revoked": Words("Kết thúc một phiên đăng nhập", "Ended a session"),
        "link.created": Words("Tạo liên kết đăng nhập", "Made a sign-in link"),
        "person.password-changed": Words("Tự đổi mật khẩu", "Changed the own password"),
        "second-factor.enrolled": Words("Bật xác thực hai bước", "Turned the second factor on"),
        "second-factor.turned-off": Words("Tắt xác thực hai bước", "Turned the second factor off"),
        "second-factor.recovered": Words(
            "Đăng nhập bằng mã dự phòng, còn {left} mã", "Signed in with a recovery code, {left} left"
        ),
        "account.warned": Words("Báo trước tài khoản sắp đóng vì lâu không dùng", "Warned of an unused account"),
        "account.closed": Words("Đóng tài khoản lâu không dùng", "Closed an unused account"),
        "account.reopened": Words("Mở lại tài khoản đã đóng", "Opened a closed account again"),
        "account.brought-back": Words(
            "Đưa quản trị viên trở lại từ dòng lệnh của máy chủ", "Brought an administrator back at the machine"
        ),
        "person.password-reset-sent": Words("Gửi liên kết đặt lại mật khẩu", "Sent a link for a forgotten password"),
        "person.password-reset": Words("Đặt lại mật khẩu bằng liên kết trong thư", "Set a forgotten password anew"),
        "identity.linked": Words("Gắn tài khoản đăng nhập chung {email}", "Linked the shared account {email}"),
        "identity.unlinked": Words("Gỡ tài khoản đăng nhập chung của một người", "Unlinked a person's shared account"),
        "second-factor.reset": Words("Đặt lại xác thực hai bước của một người", "Reset a person's second factor"),
        "device.confirmed": Words("Xác nhận thiết bị của {person}", "Confirmed a device of {person}"),
        "access.refused": Words("Bị từ chối {times} lần (mã {code})", "Was refused {times} times (code {code})"),
    },
    Group.PEOPLE: {
        "person.created": Words("Thêm người {name}", "Added {name}"),
        "person.edited": Words("Sửa thông tin một người", "Edited a person"),
        "person.roles-set": Words("Đổi vai trò của một người", "Changed a person's roles"),
        "person.posts-set": Words("Đổi chức vụ của một người", "Changed a person's positions"),
        "person.post-turned": Words("Chức vụ thay đổi theo thời hạn: {title}", "A position began or ended: {title}"),
        "person.merged": Words("Gộp hai hồ sơ của một người", "Merged two records of one person"),
        "person.anonymised": Words("Ẩn danh một người theo yêu cầu", "Anonymised a person on request"),
    },
    Group.UNITS: {
        "unit.created": Words("Thêm đơn vị {name}", "Added the unit {name}"),
        "unit.edited": Words("Sửa đơn vị", "Edited a unit"),
        "unit.deleted": Words("Xóa đơn vị {name}", "Deleted the unit {name}"),
        "unit.closed": Words("Kết thúc hoạt động của đơn vị {name}", "Closed the unit {name}"),
        "unit.reopened": Words("Mở lại đơn vị {name}", "Reopened the unit {name}"),
        "point.created": Words("Thêm điểm cầu {name}", "Added the bridge point {name}"),
        "point.edited": Words("Sửa điểm cầu", "Edited a bridge point"),
        "device-code.made": Words("Cấp mã một lần cho máy của điểm cầu {point}", "Made a device code for {point}"),
        "device-code.voided": Words("Hủy mã một lần của điểm cầu {point}", "Voided the device code of {point}"),
        "device-codes.printed": Words("In {points} phiếu mã máy điểm cầu", "Printed {points} device code slips"),
        "device.set-up": Words("Gắn một máy với điểm cầu {point}", "Bound a device to {point}"),
        "device.edited": Words("Sửa máy của điểm cầu {point}", "Edited a device of {point}"),
        "device.taken-away": Words("Gỡ một máy khỏi điểm cầu {point}", "Took a device away from {point}"),
        "point.deleted": Words("Xóa điểm cầu {name}", "Deleted the bridge point {name}"),
    },
    Group.MEETINGS: {
        "meeting.created": Words("Lập cuộc họp “{title}”", "Planned the meeting “{title}”"),
        "meeting.edited": Words("Sửa cuộc họp", "Edited the meeting"),
        "meeting.deleted": Words("Xóa cuộc họp “{title}”", "Deleted the meeting “{title}”"),
        "meeting.invited": Words("Gửi lời mời họp", "Sent the invitation"),
        "meeting.withdrawn": Words("Rút lời mời họp", "Withdrew the invitation"),
        "meeting.opened": Words("Mở phòng họp", "Opened the room"),
        "meeting.started": Words("Bắt đầu cuộc họp", "Started the meeting"),
        "meeting.ended": Words("Kết thúc cuộc họp", "Ended the meeting"),
        "meeting.reopened": Words("Mở lại cuộc họp đã kết thúc", "Reopened the ended meeting"),
        "meeting.returned": Words("Đưa cuộc họp về chạy thử", "Took the meeting back to testing"),
        "meeting.postponed": Words("Hoãn cuộc họp", "Postponed the meeting"),
        "meeting.rescheduled": Words("Đặt lại thời gian cuộc họp", "Gave the meeting a new time"),
        "meeting.closed": Words("Đóng phòng họp thử", "Closed the room after testing"),
        "meeting.cancelled": Words("Hủy cuộc họp", "Cancelled the meeting"),
        "meeting.announced": Words("Thông báo thay đổi của cuộc họp", "Announced what changed"),
        "meeting.noted": Words("Ghi nhận thay đổi, không thông báo", "Noted what changed, told nobody"),
        "meeting.code-renewed": Words("Đổi mã QR của cuộc họp", "Renewed the meeting's QR code"),
        "template.saved": Words("Lưu mẫu cuộc họp “{name}”", "Saved the template “{name}”"),
        "template.deleted": Words("Xóa mẫu cuộc họp “{name}”", "Deleted the template “{name}”"),
        "series.made": Words("Lập chuỗi {count} buổi họp định kỳ", "Made a series of {count} meetings"),
        "series.followed": Words("Áp dụng cho {count} buổi sau của chuỗi", "Carried over to {count} later meetings"),
        "series.day-refused": Words(
            "Không lập được buổi {day} của chuỗi: {why}", "The series' meeting on {day} could not be made: {why}"
        ),
        "meeting.technicians-reminded": Words(
            "Nhắc kỹ thuật {count} điểm cầu chưa kiểm tra máy", "Reminded technicians of {count} untested points"
        ),
        "series.ended": Words(
            "Dừng chuỗi, {count} buổi sau: {reason}", "Ended the series, {count} later meetings: {reason}"
        ),
        "series.end-refused": Words(
            "Không dừng được buổi này của chuỗi: {why}", "Could not be called off with its series: {why}"
        ),
        "series.follow-refused": Words(
            "Không áp dụng được từ buổi trước của chuỗi: {why}", "Could not be carried over in the series: {why}"
        ),
        "group.saved": Words("Lưu nhóm điểm cầu “{name}”", "Saved the group of points “{name}”"),
        "group.deleted": Words("Xóa nhóm điểm cầu “{name}”", "Deleted the group of points “{name}”"),
        "calendar.made": Words("Tạo địa chỉ lịch họp của mình", "Made the own calendar address"),
        "calendar.ended": Words("Hủy địa chỉ lịch họp của mình", "Ended the own calendar address"),
        "agenda.moved": Words("Chuyển nội dung đang họp", "Moved on in the agenda"),
    },
    Group.DELEGATES: {
        "delegates.added": Words("Thêm {count} đại biểu", "Added {count} delegates"),
        "delegates.copied": Words(
            "Chép {count} đại biểu từ cuộc họp khác", "Copied {count} delegates from another meeting"
        ),
        "delegates.ordered": Words("Xếp lại danh sách đại biểu", "Reordered the delegates"),
        "delegates.cards-printed": Words("In biển tên, thẻ đại biểu", "Printed name plates or badges"),
        "delegates.exported": Words("Xuất danh sách đại biểu", "Exported the lists of delegates"),
        "delegates.moved": Words("Chuyển {count} đại biểu sang điểm cầu khác", "Moved {count} delegates elsewhere"),
        "delegates.removed": Words("Bỏ {count} đại biểu khỏi danh sách", "Took {count} delegates off the list"),
        "delegates.point-removed": Words(
            "Bỏ điểm cầu có {count} đại biểu", "Removed bridge points with {count} delegates"
        ),
        "delegate.edited": Words("Sửa một đại biểu", "Edited a delegate"),
        "delegate.removed": Words("Bỏ một đại biểu khỏi danh sách", "Took a delegate off the list"),
        "links.made": Words("Tạo {count} liên kết dự họp riêng", "Made {count} personal links"),
        "links.revoked": Words("Thu hồi {links} liên kết dự họp riêng", "Revoked {links} personal links"),
        "letter.edited": Words("Soạn giấy mời", "Edited the letter of invitation"),
        "invitations.printed": Words("In {guests} phiếu mời", "Printed {guests} invitation slips"),
        "nominations.asked": Words("Yêu cầu các điểm cầu cử đại biểu", "Asked the points to name their delegates"),
        "nominations.reminded": Words("Nhắc điểm cầu chưa gửi danh sách", "Reminded points without a list"),
        "nominations.locked": Words("Khóa danh sách của mọi điểm cầu", "Locked the lists of all points"),
        "nomination.locked": Words("Khóa danh sách của điểm cầu {point}", "Locked the list of {point}"),
        "nomination.reopened": Words("Mở lại danh sách của điểm cầu {point}", "Reopened the list of {point}"),
        "nomination.contact-set": Words(
            "Đặt đầu mối lập danh sách của điểm cầu {point}: {name}", "Set who makes the list of {point}: {name}"
        ),
        "nomination.link-made": Words(
            "Lấy liên kết lập danh sách của điểm cầu {point}", "Took the link to the list of {point}"
        ),
        "nomination.named": Words("Điểm cầu {point} cử: {names}", "{point} named: {names}"),
        "nomination.taken-back": Words("Điểm cầu {point} rút: {names}", "{point} took back: {names}"),
        "nomination.submitted": Words(
            "Điểm cầu {point} gửi danh sách {count} người", "{point} handed in a list of {count}"
        ),
        "sms.asked": Words(
            "Gửi {messages} tin nhắn cho {people} người", "Sent {messages} text messages to {people} people"
        ),
        "reply.accepted": Words("Trả lời: sẽ dự", "Replied: takes part"),
        "reply.absent": Words("Trả lời: báo vắng", "Replied: absent"),
        "reply.proposed": Words("Trả lời: đề nghị người dự thay", "Replied: proposed a substitute"),
        "reply.agreed": Words("Đồng ý người dự thay", "Agreed to a substitute"),
        "reply.declined": Words("Không đồng ý người dự thay", "Declined a substitute"),
        "reply.stepped-back": Words("Trả lời: người dự thay không dự được", "Replied: the substitute cannot come"),
        "reply.reminders-set": Words("Đặt lịch nhắc trả lời giấy mời", "Set when to remind of replies"),
        "reply.reminded": Words("Nhắc đại biểu chưa trả lời giấy mời", "Reminded those who have not replied"),
        "access.asked": Words("Xin vào họp", "Asked to be let in"),
        "access.granted": Words("Cho {full_name} vào họp", "Let {full_name} in"),
        "access.link-fetched": Words("Nhận liên kết sau khi được cho vào", "Fetched the link after being let in"),
        "access.unknown-code": Words("Quét một mã QR không có", "Scanned an unknown QR code"),
    },
    Group.PAPERS: {
        "receipts.exported": Words("Xuất bảng ai đã đọc", "Exported who has read"),
        "paper.edited": Words("Sửa thông tin tài liệu", "Edited a paper's entry"),
        "paper.recalled": Words("Thu hồi tài liệu", "Recalled a paper"),
        "paper.restored": Words("Phát hành lại tài liệu đã thu hồi", "Restored a recalled paper"),
        "paper.deleted": Words("Xóa tài liệu “{title}”", "Deleted the paper “{title}”"),
        "paper.downloaded": Words("Tải tài liệu về", "Downloaded a paper"),
        "paper.pages-taken": Words(
            "Lấy {pages} trang tài liệu trong thời gian ngắn", "Fetched {pages} pages within a short time"
        ),
        "paper.policy-set": Words("Đổi quyền đọc tài liệu", "Changed who may read a paper"),
        "agenda.paper-policy-set": Words(
            "Đổi quyền đọc tài liệu của một nội dung", "Changed who may read an item's papers"
        ),
        "paper.version-added": Words("Tải lên phiên bản {version}", "Uploaded version {version}"),
        "paper.version-ready": Words("Phiên bản {version} đã chuyển đổi xong", "Version {version} is converted"),
        "paper.version-retried": Words("Chuyển đổi lại phiên bản {version}", "Tried version {version} again"),
        "paper.version-refused": Words("Phiên bản {version} không nhận được", "Version {version} was refused"),
        "paper.version-failed": Words("Phiên bản {version} chuyển đổi lỗi", "Version {version} failed to convert"),
        "paper.mark-overruled": Words(
            "Xác nhận tài liệu không phải tài liệu mật, lý do: {reason}", "Overruled a mark of secrecy: {reason}"
        ),
        "papers.reordered": Words("Xếp lại thứ tự tài liệu", "Reordered the papers"),
        "papers.reminded": Words("Nhắc {people} người đọc tài liệu", "Reminded {people} people to read"),
        "pack.downloaded": Words("Tải bộ tài liệu về", "Downloaded the pack"),
        "pack.cancelled": Words("Dừng tạo bộ tài liệu", "Called the pack off"),
        "notes.exported": Words("Xuất ghi chú của mình", "Exported the own notes"),
    },
    Group.CONFERENCE: {
        "meeting.entered": Words("Vào trang cuộc họp", "Entered the meeting's page"),
        "floor.given": Words("Mời phát biểu: {point}", "Gave the floor to {point}"),
        "floor.taken": Words("Thôi phát biểu: {point}", "Took the floor from {point}"),
        "floor.released": Words("Nói xong, tự trả quyền phát biểu: {point}", "{point} gave the floor back"),
        "floor.muted_all": Words("Tắt mọi micrô", "Muted everybody"),
        "stage.shown": Words("Đưa lên sân khấu chính: {point}", "Put {point} on stage"),
        "stage.stays": Words("Giữ điểm cầu mất kết nối trên sân khấu", "Kept a lost point on stage"),
        "stage.returned": Words("Sân khấu trở về điểm cầu chính", "The stage returned to the main point"),
        "layout.set": Words("Đổi bố cục màn hình", "Changed the layout"),
        "recess.started": Words("Tạm nghỉ", "Began a recess"),
        "recess.ended": Words("Họp tiếp sau tạm nghỉ", "Ended the recess"),
        "hand.raised": Words("Đăng ký phát biểu: {point}", "{point} asked for the floor"),
        "hand.lowered": Words("Thôi đăng ký phát biểu: {point}", "{point} no longer asks for the floor"),
        "help.called": Words("Gọi điều phối: {point} {text}", "{point} called for help: {text}"),
        "message.sent": Words("Gửi thông báo: {text}", "Sent a message: {text}"),
        "message.closed": Words("Đóng một thông báo", "Closed a message"),
        "roll-call.started": Words("Bắt đầu điểm danh điểm cầu", "Began the roll call"),
        "roll-call.repeated": Words("Gọi lại các điểm cầu chưa trả lời", "Called those again that had not answered"),
        "roll-call.called": Words("Điểm danh: gọi {point}", "Roll call: {point} was called"),
        "roll-call.answered": Words("Điểm danh: {point} có mặt", "Roll call: {point} answered"),
        "roll-call.unticked": Words("Điểm danh: bỏ đánh dấu {point}", "Roll call: took the tick of {point} back"),
        "roll-call.stood": Words("Tạm dừng điểm danh điểm cầu", "Held the roll call"),
        "roll-call.ended": Words("Kết thúc điểm danh điểm cầu", "Ended the roll call"),
        "incident.noted": Words("Ghi sự việc: {text}", "Noted: {text}"),
        "queue.moved": Words("Xếp lại thứ tự phát biểu", "Reordered who asks for the floor"),
        "queue.marked": Words("Đánh dấu người phát biểu kế tiếp", "Marked who speaks next"),
        "queue.sorted": Words("Trả thứ tự phát biểu về theo quy tắc", "Put the queue back in the order of the rules"),
        "speaking.rules-set": Words("Đặt quy tắc phát biểu", "Set the rules of speaking"),
        "turn.paused": Words("Tạm dừng đồng hồ phát biểu: {point}", "Paused the clock of {point}"),
        "turn.resumed": Words("Chạy tiếp đồng hồ phát biểu: {point}", "Resumed the clock of {point}"),
        "turn.extended": Words("Thêm giờ phát biểu: {point}", "Gave {point} more time"),
        "turn.cut": Words("Hết giờ, micrô tự tắt: {point}", "Time was up, the microphone of {point} closed"),
        "ballot.created": Words("Soạn lượt biểu quyết: {title}", "Prepared a vote: {title}"),
        "ballot.edited": Words("Sửa lượt biểu quyết: {title}", "Changed a vote: {title}"),
        "ballot.deleted": Words("Xóa lượt biểu quyết: {title}", "Deleted a vote: {title}"),
        "ballot.opened": Words("Mở biểu quyết: {title}", "Opened a vote: {title}"),
        "ballot.voted": Words("Ghi nhận phiếu biểu quyết: {title}", "Took votes: {title}"),
        "ballot.counted": Words("{point} nhập số đếm: {title}", "{point} entered its count: {title}"),
        "ballot.count_settled": Words("Chốt số đếm của {point}: {title}", "Settled the count of {point}: {title}"),
        "ballot.count_withdrawn": Words("Rút số đếm của {point}: {title}", "Withdrew the count of {point}: {title}"),
        "ballot.closed": Words("Đóng biểu quyết: {title}", "Closed a vote: {title}"),
        "ballot.published": Words("Công bố kết quả biểu quyết: {title}", "Published a vote: {title}"),
        "ballot.shown": Words("Chiếu kết quả biểu quyết: {title}", "Showed the result of a vote: {title}"),
        "ballot.hidden": Words("Thôi chiếu kết quả biểu quyết: {title}", "Hid the result of a vote: {title}"),
        "ballot.exported": Words("Xuất biên bản biểu quyết", "Took the record of a vote"),
        "ballot.void": Words("Hủy lượt biểu quyết: {title}. {reason}", "Called a vote off: {title}. {reason}"),
        "content.started": Words("Chia sẻ màn hình", "Shared a screen"),
        "content.stopped": Words("Dừng chia sẻ màn hình", "Stopped sharing"),
        "content.sound": Words("Bật hoặc tắt âm thanh của màn hình chia sẻ", "Turned the shared sound on or off"),
        "page.presented": Words("Trình chiếu tài liệu", "Presented a paper"),
        "page.turned": Words("Chuyển đến trang {page}", "Turned to page {page}"),
        "page.offered": Words("Mời {person} trình chiếu", "Offered the pages to {person}"),
        "page.accepted": Words("Nhận trình chiếu", "Took the offered pages"),
        "page.taken": Words("Lấy lại quyền trình chiếu", "Took the pages over"),
        "page.renewed": Words("Trình chiếu phiên bản mới", "Presented the new version"),
        "page.stopped": Words("Dừng trình chiếu", "Stopped presenting"),
        "point.previewed": Words("Xem trước một điểm cầu", "Previewed a point"),
    },
    Group.ATTENDANCE: {
        "point.joined": Words("Điểm cầu vào họp: {point}", "{point} joined"),
        "point.back": Words("Điểm cầu trở lại: {point}", "{point} is back"),
        "point.ready": Words("Điểm cầu báo sẵn sàng hoặc chưa: {point}", "{point} said whether it is ready"),
        "point.left": Words("Điểm cầu rời họp: {point}", "{point} left"),
        "point.tested": Words("Điểm cầu tự kiểm tra thiết bị và đường truyền", "A point tested itself"),
        "point.checked": Words("Ghi kết quả kiểm tra điểm cầu", "Noted what was found of a point"),
        "meeting.rehearsal-described": Words("Ghi kết luận buổi chạy thử", "Described a rehearsal"),
        "point.lost": Words("Điểm cầu mất kết nối: {point}", "{point} was lost"),
        "people.checked": Words("Điểm danh đại biểu", "Checked delegates in or out"),
        "people.counted": Words("Ghi số người có mặt: {count}", "Counted {count} people"),
        "attendance.signed-off": Words("Ký xác nhận điểm danh ({present} người)", "Signed {present} people off"),
        "attendance.sign-off-withdrawn": Words("Rút xác nhận điểm danh", "Withdrew the sign-off"),
        "attendance.exported": Words("Xuất điểm danh điểm cầu", "Exported the points' attendance"),
        "incidents.exported": Words("Xuất nhật ký sự cố", "Exported the log of incidents"),
        "speeches.exported": Words("Xuất các lượt phát biểu", "Exported who spoke"),
        "people.exported": Words("Xuất điểm danh đại biểu", "Exported the delegates' attendance"),
    },
    Group.SYSTEM: {
        "audit.read": Words("Xem nhật ký", "Read the log"),
        "audit.exported": Words("Xuất nhật ký", "Exported the log"),
        "system.set-up": Words("Thiết lập hệ thống lần đầu", "Set the system up"),
        "system.settings-changed": Words("Đổi cài đặt hệ thống", "Changed the system's settings"),
        "system.mail-tried": Words("Gửi thử một thư điện tử", "Sent a test e-mail"),
        "system.sms-tried": Words("Gửi thử một tin nhắn", "Sent a test text message"),
        "system.tidied": Words("Xóa dữ liệu đã hết thời hạn lưu", "Deleted what had been kept long enough"),
        "system.tried-again": Words("Thử lại các việc nền bị lỗi", "Tried failed work again"),
        "import.sent": Words("Nạp tệp {file} để nhập dữ liệu", "Sent the file {file} for import"),
        "import.applied": Words("Nhập dữ liệu từ tệp {file}", "Applied the import of {file}"),
        "import.undone": Words("Hoàn tác việc nhập tệp {file}", "Undid the import of {file}"),
        "import.discarded": Words("Bỏ tệp nhập {file}", "Discarded the import of {file}"),
        "exchange.exported": Words("Xuất danh mục ra tệp", "Exported the directory"),
        "demo.loaded": Words("Nạp dữ liệu mẫu", "Loaded the demo"),
    },
}

_BY_ACTION = {action: (group, words) for group, actions in WORDS.items() for action, words in actions.items()}


class _Facts(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "…"


def group_of(action: str) -> Group:
    """The group of an action; of one of a later version, the system's."""
    found = _BY_ACTION.get(action)
    return found[0] if found else Group.SYSTEM


def said(action: str, facts: Mapping[str, object]) -> Words:
    """The action in a sentence of each language; its own name if it has none (of a version to come)."""
    found = _BY_ACTION.get(action)
    if found is None:
        return Words(action, action)
    known = _Facts({name: value for name, value in facts.items() if value is not None})
    return Words(found[1].vi.format_map(known), found[1].en.format_map(known))
