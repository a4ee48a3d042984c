"""What a person can mend about backups."""

from server.core.errors import DomainError


class BackupNotSet(DomainError):
    code = "backup-not-set"
    vi = (
        "Chưa đặt nơi sao lưu hoặc khóa. Chạy “nhipcau backup key”, rồi đặt NHIPCAU_BACKUP_TO (thư mục hoặc s3://…) và "
        "NHIPCAU_BACKUP_KEY (khóa công khai bắt đầu bằng age1)."
    )
    en = (
        "No place or no key is set for backups. Run “nhipcau backup key”, then set NHIPCAU_BACKUP_TO (a folder, or "
        "s3://…) and NHIPCAU_BACKUP_KEY (the public key that begins with age1)."
    )


class BackupPlaceAway(DomainError):
    code = "backup-place-away"
    vi = "Không thấy nơi sao lưu. Kiểm tra ổ đĩa đã gắn chưa, hoặc đường đến kho lưu trữ, rồi chạy lại."
    en = "The place of the backups is not there. See whether the disk is mounted, or the store reached; then try again."


class BackupUnderWay(DomainError):
    code = "backup-under-way"
    vi = "Một lần sao lưu hoặc khôi phục khác đang chạy. Đợi xong rồi chạy lại."
    en = "Another backup or restore is running. Wait for its end, then try again."


class BackupOfAnother(DomainError):
    code = "backup-of-another"
    vi = "Nơi này đang giữ bản sao lưu của một hệ thống khác. Chọn thư mục khác cho NHIPCAU_BACKUP_TO."
    en = "This place holds backups of another system. Choose another folder for NHIPCAU_BACKUP_TO."


class BackupFailed(DomainError):
    code = "backup-failed"
    vi = "Sao lưu không thành. Các bản sao lưu trước vẫn còn nguyên."
    en = "The backup failed. Earlier ones are untouched."


class NoSuchBackup(DomainError):
    code = "no-such-backup"
    vi = "Không có bản sao lưu ấy. Chạy “nhipcau backup list” để xem các bản đang có."
    en = "There is no such backup. “nhipcau backup list” shows those that there are."


class WrongKey(DomainError):
    code = "backup-wrong-key"
    vi = "Khóa này không mở được bản sao lưu. Dùng tệp khóa đã cất khi chạy “nhipcau backup key”."
    en = "This key does not open the backup. Use the key file that “nhipcau backup key” made."


class Damaged(DomainError):
    code = "backup-damaged"
    vi = "Bản sao lưu đã hỏng. Dùng bản khác."
    en = "The backup is damaged. Use another one."

    @classmethod
    def at(cls, what: str) -> "Damaged":
        return cls(
            f"Bản sao lưu đã hỏng ở {what}. Chưa có gì được khôi phục từ phần này; dùng bản sao lưu khác.",
            f"The backup is damaged at {what}. Nothing of that part was restored; use another backup.",
        )


class NotEmpty(DomainError):
    code = "restore-not-empty"
    vi = "Chỉ khôi phục vào hệ thống còn trống."
    en = "A backup is restored into an empty system only."

    @classmethod
    def because(cls, vi: str, en: str) -> "NotEmpty":
        return cls(
            f"Chỉ khôi phục vào hệ thống còn trống: {vi}. Đặt NHIPCAU_VAR và NHIPCAU_DATABASE_URL sang chỗ mới.",
            f"A backup is restored into an empty system only: {en}. Set NHIPCAU_VAR and NHIPCAU_DATABASE_URL to a new "
            "place.",
        )


class RestoreUnfinished(DomainError):
    code = "restore-unfinished"
    vi = "Lần khôi phục trước chưa xong. Chạy lại đúng lệnh “nhipcau restore” ấy để làm tiếp."
    en = "A restore was cut off. Run the same “nhipcau restore” again: it goes on from there."
