"""Why a file is refused, and what was taken out of one that is let in: a stable code, and sentences that say what to
do. Nothing here blames who sent it."""

from dataclasses import dataclass

from server.conversion.messages import Message


@dataclass(frozen=True, slots=True)
class Sentence:
    vi: str
    en: str


PROBLEMS: dict[str, Sentence] = {
    "empty": Sentence(
        "Tệp không có nội dung. Mở tệp trên máy của đồng chí xem có trang nào không, rồi gửi lại.",
        "The file is empty. Open it on your own computer to see whether it has pages, then send it again.",
    ),
    "unknown-type": Sentence(
        "Hệ thống không nhận loại tệp này. Gửi PDF, Word, Excel, PowerPoint, OpenDocument, hoặc ảnh chụp, ảnh quét "
        "(JPEG, PNG, HEIC, TIFF…).",
        "This kind of file is not taken. Send PDF, Word, Excel, PowerPoint, OpenDocument, or a photo or scan (JPEG, "
        "PNG, HEIC, TIFF…).",
    ),
    "archive": Sentence(
        "Đây là tệp nén. Giải nén rồi gửi từng tài liệu bên trong.",
        "This is an archive. Unpack it and send the documents inside one by one.",
    ),
    "disguised": Sentence(
        "Tệp này là chương trình, không phải tài liệu. Tệp có thể chứa mã độc: đừng mở, hãy xin bản gốc từ nơi gửi.",
        "This file is a program, not a document. It may be harmful: do not open it, ask its sender for the original.",
    ),
    "left-open": Sentence(
        "Đây là tệp tạm mà Word, Excel tạo ra khi đang mở tài liệu (tên bắt đầu bằng “~$”). Đóng tài liệu lại, rồi gửi "
        "chính tài liệu đó.",
        "This is a temporary file of Word or Excel, made while a document is open (its name begins with “~$”). Close "
        "the document and send the document itself.",
    ),
    "old-office": Sentence(
        "Đây là tệp Word, Excel hoặc PowerPoint đời cũ. Mở bằng Word, Excel hoặc PowerPoint, chọn “Lưu thành” .docx, "
        ".xlsx hoặc .pptx, rồi gửi.",
        "This is a file of a very old Word, Excel or PowerPoint. Open it there, save it as .docx, .xlsx or .pptx, and "
        "send that.",
    ),
    "web-page": Sentence(
        "Đây là trang web (HTML) do phần mềm xuất ra, có khi mang đuôi .doc hoặc .xls. Mở bằng Word hoặc Excel, chọn "
        "“Lưu thành” .docx hoặc .xlsx, rồi gửi.",
        "This is a web page (HTML) that some system exported, sometimes named .doc or .xls. Open it in Word or Excel, "
        "save it as .docx or .xlsx, and send that.",
    ),
    "mail": Sentence(
        "Đây là thư điện tử. Mở thư, lưu tệp đính kèm ra máy, rồi gửi tệp đính kèm đó.",
        "This is an e-mail. Open it, save its attachment, and send that.",
    ),
    "plain-text": Sentence(
        "Đây là tệp chữ thuần. Danh sách: mở bằng Excel, lưu thành .xlsx; văn bản: mở bằng Word, lưu thành .docx; rồi "
        "gửi.",
        "This is plain text. Open a list in Excel and save it as .xlsx, a text in Word and save it as .docx, and send "
        "that.",
    ),
    "two-in-one": Sentence(
        "Tệp này giấu một tệp loại khác bên trong. Tệp có thể chứa mã độc: hãy in lại ra PDF từ bản gốc rồi gửi.",
        "This file hides one of another kind. It may be harmful: print the original to PDF anew and send that.",
    ),
    "picture-format": Sentence(
        "Ảnh này ở định dạng chưa đọc được. Lưu ảnh thành JPEG rồi gửi lại.",
        "This picture's format cannot be read. Save it as JPEG and send it again.",
    ),
    "rich-text": Sentence(  # its fields may call for files of the server, in more spellings than can be looked for
        "Tệp này là văn bản RTF (có khi mang đuôi .doc). Mở bằng Word, chọn “Lưu thành .docx” hoặc PDF, rồi gửi.",
        "This is rich text (RTF, sometimes named .doc). Open it in Word, save it as .docx or PDF, and send that.",
    ),
    "picture-too-small": Sentence(
        "Ảnh quá nhỏ, không thể đọc được chữ. Có lẽ đây là hình thu nhỏ: gửi ảnh gốc.",
        "The picture is too small to be read. Perhaps it is a thumbnail: send the original picture.",
    ),
    "encrypted": Sentence(
        "Tệp đang đặt mật khẩu. Mở tệp, bỏ mật khẩu, lưu lại rồi gửi bản không có mật khẩu.",
        "The file is locked with a password. Open it, remove the password, save, and send that copy.",
    ),
    "encrypted-certificate": Sentence(
        "Tệp được khóa riêng cho người có chứng thư số. Mở tệp bằng chứng thư đó, lưu bản không khóa rồi gửi.",
        "The file is locked for the holder of a certificate. Open it with that certificate, save a copy without the "
        "lock, and send that.",
    ),
    "truncated": Sentence(
        "Tệp bị cụt, có lẽ do chép hoặc tải chưa xong. Chép lại tệp gốc rồi gửi lại.",
        "The file breaks off, perhaps copied or downloaded only in part. Copy the original again and send that.",
    ),
    "damaged": Sentence(
        "Tệp bị hỏng, không đọc được. Mở tệp bằng phần mềm đã tạo ra nó, lưu lại (hoặc in ra PDF) rồi gửi.",
        "The file is damaged and cannot be read. Open it with the program that made it, save it again (or print it to "
        "PDF), and send that.",
    ),
    "too-many-pages": Sentence(
        "Tài liệu dài quá số trang cho phép. Tách thành nhiều tài liệu (báo cáo, phụ lục…) rồi gửi từng phần.",
        "The paper has more pages than allowed. Split it (report, annexes…) and send the parts.",
    ),
    "sheet-too-long": Sentence(
        "Bảng tính quá dài để đọc như một tài liệu. Lọc lấy phần cần trình, đặt vùng in (Print Area), hoặc tách theo "
        "đơn vị, rồi gửi lại.",
        "The spreadsheet is too long to be read as a paper. Keep the part the meeting needs, set a print area, or "
        "split it, and send it again.",
    ),
    "dynamic-form": Sentence(
        "Đây là biểu mẫu động (XFA), chỉ Adobe Reader mở được. Mở bằng Adobe Reader, in ra PDF (Print to PDF), rồi gửi "
        "tệp in ra.",
        "This is a dynamic form (XFA) that Adobe Reader alone can show. Open it there, print it to PDF, and send what "
        "comes out.",
    ),
    "bomb": Sentence(
        "Tệp phình ra quá lớn khi mở, giống tệp phá hoại. In lại ra PDF từ bản gốc rồi gửi.",
        "The file swells beyond measure when opened, as harmful files do. Print the original to PDF anew, send that.",
    ),
    "picture-too-large": Sentence(
        "Ảnh có quá nhiều điểm ảnh. Thu nhỏ ảnh (300 điểm mỗi inch là đủ) rồi gửi lại.",
        "The picture has too many pixels. Make it smaller (300 dots per inch are enough) and send it again.",
    ),
    "virus": Sentence(
        "Phần mềm diệt vi-rút phát hiện mã độc trong tệp. Đừng mở tệp; báo bộ phận công nghệ thông tin của đơn vị.",
        "The virus scanner found malware in the file. Do not open it; tell your IT staff.",
    ),
    "secret": Sentence(
        "Tài liệu có dấu chỉ độ mật. Hệ thống này không được phép chứa bí mật nhà nước: đồng chí phát bản giấy theo "
        "quy định, hoặc gửi lại nếu dấu mật là do nhầm và đã được gỡ.",
        "The paper bears a secrecy mark. This system must not hold state secrets: hand it out on paper as the rules "
        "say, or send it again if the mark was a mistake and is gone.",
    ),
    "secret-in-body": Sentence(
        "Trong nội dung tài liệu có chỗ chỉ ghi “Mật”, “Tối mật” hoặc “Tuyệt mật”. Nếu là dấu chỉ độ mật: phát bản "
        "giấy theo quy định. Nếu chỉ là chữ trong bảng, trong bài: bấm “Không phải dấu mật” và ghi lý do.",
        "Somewhere in the paper a secrecy mark stands alone. If it marks the paper, hand it out on paper as the rules "
        "say. If it is a word of a table or of the text, press “Not a secrecy mark” and give the reason.",
    ),
    "secret-guessed": Sentence(
        "Máy đọc thấy trên trang quét hoặc hình vẽ có chữ giống dấu chỉ độ mật (“Mật”, “Tối mật”, “Tuyệt mật”), nhưng "
        "không chắc. Nếu đúng là dấu mật: phát bản giấy theo quy định. Nếu là chữ khác: bấm “Không phải dấu mật” và "
        "ghi lý do.",
        "On a scanned page or in a drawing, something looks like a secrecy mark, but may be misread. If it marks the "
        "paper, hand it out on paper as the rules say. If it is another word, press “Not a secrecy mark” and give the "
        "reason.",
    ),
    "macros-only": Sentence(
        "Tệp này chỉ chứa chương trình (macro), không có tài liệu để đọc. Gửi tệp tài liệu, ví dụ .docx hoặc .pdf.",
        "This file holds a program (macros) and nothing to read. Send a document, such as .docx or .pdf.",
    ),
    "unsafe-xml": Sentence(
        "Tệp chứa khai báo lạ có thể đọc dữ liệu của máy chủ. Mở bằng Word hoặc LibreOffice, lưu tệp mới, gửi lại.",
        "The file holds declarations that could read the server's data. Open it in Word or LibreOffice, save it as a "
        "new file, and send that.",
    ),
    "not-converted": Sentence(
        "Không chuyển được tệp này sang PDF. Mở tệp, chọn “Lưu thành PDF”, rồi gửi tệp PDF đó.",
        "This file could not be turned into PDF. Open it, choose “Save as PDF”, and send that.",
    ),
    "time": Sentence(
        "Xử lý tệp này lâu quá mức cho phép nên đã dừng. Bấm “Xử lý lại” lúc máy chủ rảnh hơn; nếu vẫn vậy, tách nhỏ "
        "tài liệu hoặc lưu thành PDF rồi gửi lại.",
        "Working on this file took too long and was stopped. Press “Try again” when the server is less busy; if it "
        "goes on, split the paper or save it as PDF, and send it again.",
    ),
    "memory": Sentence(
        "Tệp này cần quá nhiều bộ nhớ nên đã dừng xử lý. Bấm “Xử lý lại”; nếu vẫn vậy, giảm cỡ ảnh trong tài liệu hoặc "
        "tách nhỏ rồi gửi lại.",
        "This file needed too much memory and was stopped. Press “Try again”; if it goes on, make its pictures smaller "
        "or split it, and send it again.",
    ),
}

WARNINGS: dict[str, Sentence] = {
    "scripts-removed": Sentence("Đã bỏ mã lệnh (JavaScript) trong tệp.", "Scripts (JavaScript) were removed."),
    "actions-removed": Sentence(
        "Đã bỏ các lệnh tự chạy hoặc mở chương trình khác.", "Actions that start something by themselves were removed."
    ),
    "files-removed": Sentence(
        "Đã bỏ các tệp đính kèm bên trong. Nếu cần, gửi chúng thành tài liệu riêng.",
        "Files embedded in it were removed. Send them as papers of their own if they are needed.",
    ),
    "media-removed": Sentence("Đã bỏ âm thanh, phim, hình 3D bên trong.", "Embedded sound, film and 3D were removed."),
    "form-removed": Sentence(
        "Đã bỏ biểu mẫu động (XFA). Kiểm tra xem nội dung còn đủ không.",
        "A dynamic form (XFA) was removed. Check that nothing is missing.",
    ),
    "links-removed": Sentence(
        "Đã bỏ các liên kết không phải địa chỉ web hay thư điện tử.",
        "Links that are neither web nor e-mail addresses were removed.",
    ),
    "macros-removed": Sentence(
        "Tệp có macro; bản đọc không chứa macro.", "The file has macros; the copy for reading has none."
    ),
    "outside-links": Sentence(
        "Tệp trỏ tới nội dung ở nơi khác; phần đó không được tải về.",
        "The file points to content elsewhere; that was not fetched.",
    ),
    "review-removed": Sentence(
        "Tệp còn ghi chú hoặc chữ đã xóa khi sửa đổi; bản đọc chỉ có nội dung cuối cùng. Xem lại trước khi phát.",
        "The file had comments, or words deleted under tracked changes; the copy for reading has the final text only. "
        "Look it through before handing it out.",
    ),
    "far-cells": Sentence(
        "Có ô nằm rất xa bảng (có thể gõ nhầm); bản đọc không có các ô đó. Xem lại trước khi phát.",
        "Some cells stand far away from the table (a slip, perhaps) and are not in the copy for reading. Look it "
        "through before handing it out.",
    ),
    "old-fonts": Sentence(
        "Tệp dùng phông chữ cũ (.VnTime hoặc VNI); chữ đã được chuyển sang Unicode. Xem lại trước khi phát.",
        "The file uses old fonts (.VnTime or VNI); its text was turned into Unicode. Look it through before handing it "
        "out.",
    ),
    "notes-removed": Sentence("Đã bỏ ghi chú dán trên trang.", "Notes stuck onto the pages were removed."),
    "layers-removed": Sentence(
        "Đã bỏ nội dung của các lớp đang ẩn.", "What lay on layers that are switched off was removed."
    ),
    "hidden-text-removed": Sentence(
        "Đã bỏ chữ không nhìn thấy trên trang (bị che, cùng màu nền, hoặc ngoài mép trang). Xem lại trước khi phát.",
        "Text that cannot be seen on the pages (covered, in the colour of its ground, or beyond the edge) was removed. "
        "Look it through before handing it out.",
    ),
    "hidden-text": Sentence(
        "Có chữ không nhìn thấy trên trang nhưng vẫn nằm trong tệp (bị che hoặc cùng màu nền); ai tải về có thể đọc "
        "được. Nếu là chữ cần giấu: in ra giấy, quét lại rồi gửi bản quét.",
        "Text that cannot be seen on the pages (covered, or in the colour of its ground) is still in the file, and can "
        "be read by who downloads it. If it is to be hidden, print the paper, scan it, and send the scan.",
    ),
    "pages-damaged": Sentence(
        "Có trang bị hỏng trong tệp; chữ hoặc hình trên trang đó có thể thiếu. So với bản gốc trước khi phát.",
        "A page of the file is damaged; some of its words or pictures may be missing. Compare it with the original "
        "before handing it out.",
    ),
    "name-differs": Sentence(
        "Đuôi tên tệp không đúng với loại tệp; hệ thống theo nội dung.",
        "The file's extension does not fit its content; the content counted.",
    ),
    "repaired": Sentence(
        "Tệp có chỗ hỏng và đã được sửa. Xem lại các trang trước khi phát.",
        "The file was damaged in places and mended. Look through the pages before handing it out.",
    ),
    "password-lifted": Sentence(
        "Tệp đặt hạn chế in, sao chép; bản đọc không còn hạn chế đó.",
        "The file restricted printing or copying; the copy for reading does not.",
    ),
    "signed-active": Sentence(
        "Tệp đã ký chứa mã lệnh hoặc tệp đính kèm và được giữ nguyên; người đọc chỉ xem ảnh trang.",
        "This signed file holds scripts or attachments and is kept as it is; readers see pictures of its pages.",
    ),
    "signature-changed": Sentence(
        "Tệp đã bị sửa sau khi ký. Kiểm tra lại với nơi ban hành trước khi phát.",
        "The file was changed after it was signed. Ask its issuer before handing it out.",
    ),
    "little-text": Sentence(
        "Nhận dạng được ít chữ; bản quét có thể mờ. Tìm kiếm trong tài liệu này sẽ thiếu.",
        "Little text was recognised; the scan may be faint. Search will miss things in this paper.",
    ),
    "mark-overruled": Sentence(
        "Người quản lý tài liệu xác nhận chữ giống dấu mật không phải dấu chỉ độ mật.",
        "Who manages the paper has confirmed that what looks like a secrecy mark is none.",
    ),
    "marked-secret": Sentence(
        "Tài liệu có dấu chỉ độ mật; hệ thống này được khai báo là tách khỏi Internet nên vẫn nhận.",
        "The paper bears a secrecy mark; it was let in because this system is declared isolated.",
    ),
}


class Refused(Exception):
    """The file's fault. `vi`, `en`: a further sentence, put after the usual ones."""

    def __init__(self, code: str, vi: str = "", en: str = "") -> None:
        super().__init__(code)
        self.said = problem(code, vi, en)


def problem(code: str, vi: str = "", en: str = "") -> Message:
    usual = PROBLEMS[code]
    return Message(code=code, vi=f"{usual.vi} {vi}".strip(), en=f"{usual.en} {en}".strip())


def warning(code: str, what: str = "") -> Message:
    """`what`: names of what it speaks of."""
    said = WARNINGS[code]
    return Message(
        code=code, vi=f"{said.vi} ({what})" if what else said.vi, en=f"{said.en} ({what})" if what else said.en
    )
