"""What a first page says of itself; marks of secrecy, and words that only look like them."""

from datetime import date
from typing import Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.conversion.classification_marks import mark_in_name, mark_on
from server.conversion.metadata_extraction import guess
from server.conversion.text import lines_of
from tests import papers


def first_page(content: bytes) -> list[list[Any]]:
    with pypdfium2.PdfDocument(content) as document:
        return lines_of(document[0])


def line(text: str, x: float = 0.3, y: float = 0.2, width: float = 0.4) -> list[Any]:
    words = text.split()
    each = width / max(1, len(words))
    return [x, y, width, 0.015, [[x + each * index, each * 0.95, word] for index, word in enumerate(words)]]


def test_a_party_report() -> None:
    found = guess(first_page(papers.pdf()))
    assert found.number == "12-BC/TU"
    assert found.kind == "bao-cao"
    assert found.issued_on == date(2026, 11, 12)
    assert found.issuer == "Tỉnh ủy Lâm Đồng"
    assert found.title == "Báo cáo kết quả công tác 6 tháng đầu năm 2026"
    assert found.urgency == ""


def test_a_submission_of_the_state() -> None:
    content = papers.pdf(
        number="45/TTr-UBND",
        kind="TỜ TRÌNH",
        about="Về việc đề nghị ban hành Nghị quyết về phí bảo vệ môi trường",
        date="ngày 05 tháng 3 năm 2027",
        issuer="ỦY BAN NHÂN DÂN",
        body="TỈNH LÂM ĐỒNG",
        motto="CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        mark="HỎA TỐC",
    )
    found = guess(first_page(content))
    assert found.number == "45/TTr-UBND"
    assert found.kind == "to-trinh"
    assert found.issued_on == date(2027, 3, 5)
    assert found.issuer == "Ủy ban nhân dân tỉnh Lâm Đồng"
    assert found.title == "Tờ trình về việc đề nghị ban hành Nghị quyết về phí bảo vệ môi trường"
    assert found.urgency == "hoa-toc"


def test_recognition_may_err_in_the_issuers_name() -> None:
    head = [("ĐẢNG BỘ TỈNH LÂM ĐỒNG", 0.05), ("TĨNH ỦY", 0.07), ("Số: 12-BC/TU", 0.09)]
    assert guess([line(text, x=0.1, y=y, width=0.2) for text, y in head]).issuer == "Tỉnh ủy Lâm Đồng"


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("Số: 123/2026/NĐ-CP", "123/2026/NĐ-CP"),
        ("Số 18/2026/QH15", "18/2026/QH15"),
        ("Số: 07-NQ/TU", "07-NQ/TU"),
        ("Số : 1234 /STC-QLNS", "1234/STC-QLNS"),
        ("S6: 45/TB-VPUBND", "45/TB-VPUBND"),
        ("Số: 36-HD/VPTW", "36-HD/VPTW"),
        ("Số:      /TTr-UBND", ""),
        ("Số tiền: 12/34", ""),
        ("Số 12 đường Trần Phú", ""),
    ],
)
def test_numbers_and_signs(said: str, number: str) -> None:
    assert guess([line(said, x=0.1, y=0.1, width=0.2)]).number == number


def test_a_blank_date_or_a_wrong_one_is_none() -> None:
    for said in ("Đà Lạt, ngày    tháng 11 năm 2026", "ngày 31 tháng 02 năm 2026", "ngày 1 tháng 1 năm 1026"):
        assert guess([line(said)]).issued_on is None


def mark_of(pages: list[list[Any]], *, recognised: bool = False) -> str | None:
    found = mark_on(pages, recognised=range(1, 9) if recognised else ())
    return found.mark if found else None


def test_stamps_are_found_where_they_stand() -> None:
    for mark, code in (("MẬT", "mat"), ("TỐI MẬT", "toi-mat"), ("TUYỆT MẬT", "tuyet-mat")):
        lines = first_page(papers.pdf(mark=mark))
        assert mark_of([lines]) == code
        assert mark_of([[], lines]) == code
    assert mark_of([first_page(papers.pdf())]) is None


@pytest.mark.parametrize(
    ("lines", "mark"),
    [
        (["Độ mật: Tối mật"], "toi-mat"),
        (["MẬT"], "mat"),
        (["| MẬT |"], "mat"),
        (["[TUYỆT MẬT]"], "tuyet-mat"),
        (["TỐI", "MẬT"], "toi-mat"),
        (["QUY CHẾ BẢO VỆ BÍ", "MẬT NHÀ NƯỚC"], None),
        (["CÔNG TÁC BẢO", "MẬT", "THÔNG TIN"], None),
        (["PHÒNG, CHỐNG LỘ, LỌT BÍ", "MẬT"], None),
        (["MẬT", "ĐỘ DÂN SỐ"], None),
        (["Mật ong rừng Lạc Dương"], None),
        (["mật"], None),
        (["Luật Bảo vệ bí mật nhà nước"], None),
        (["MẬT ĐỘ XÂY DỰNG"], None),
        (["M Ậ T"], "mat"),
        (["T U Y Ệ T   M Ậ T"], "tuyet-mat"),
        (["Tối mật"], "toi-mat"),
        (["(mật)"], "mat"),
        (["Mật"], "mat"),
        (["Mức độ: Mật"], "mat"),
        (["HỎA TỐC - TỐI MẬT"], "toi-mat"),
        (["MẬT - KHẨN"], "mat"),
        (["TỐI MẬT (bản số 3)"], "toi-mat"),
        (["TÀI LIỆU MẬT"], "mat"),
        (["Tài liệu tối mật - thu hồi sau hội nghị"], "toi-mat"),
        (["SỐ: 12-BC/TU MẬT"], "mat"),
        (["RÀ SOÁT TÀI LIỆU MẬT"], None),
        (["DANH MỤC BÍ MẬT NHÀ NƯỚC ĐỘ TUYỆT MẬT, TỐI MẬT, MẬT"], None),
        (["Quy định về độ mật"], None),
        (["\u041c\u1eac\u0422"], "mat"),  # Cyrillic M and T
        (["\u0422\u1ed0\u0406 \u041c\u1eac\u0422"], "toi-mat"),
        (["\uff2d\u1eac\uff34"], "mat"),  # wide letters
        (["M", "Ậ", "T"], "mat"),
        (["T", "Ố", "I", "M", "Ậ", "T"], "toi-mat"),
        (["T", "M", "Ậ", "T"], None),
        (["M", "Ậ", "N"], None),
        (["BÁO CÁO", "MẶT TRẬN TỔ QUỐC"], None),
        (["tài liệu mật, tối mật và tuyệt mật phải được quản lý"], None),
    ],
)
def test_marks_and_words_like_them(lines: list[str], mark: str | None) -> None:
    page = [line(text, y=0.1 + 0.03 * index) for index, text in enumerate(lines)]
    assert mark_of([page]) == mark


def test_a_scanned_stamp_may_lose_its_marks() -> None:
    assert mark_of([[line("TOI MAT", y=0.2)]], recognised=True) == "toi-mat"
    assert mark_of([[line("M A T", y=0.2)]], recognised=True) == "mat"
    assert mark_of([[line("MAT", y=0.9)]], recognised=True) is None
    assert mark_of([[line("MAT", y=0.2)]]) is None


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("Báo cáo (MẬT).pdf", "mat"),
        ("MẬT_BC 12.pdf", "mat"),
        ("[Tối mật] Phương án A2.docx", "toi-mat"),
        ("phuong-an-toi-mat.pdf", "toi-mat"),
        ("ke hoach TUYET MAT.pdf", "tuyet-mat"),
        ("TÀI LIỆU MẬT.pdf", "mat"),
        ("Tai lieu MAT.pdf", "mat"),
        ("bc 12 (mat).pdf", "mat"),
        ("Ke hoach - TuyetMat.pdf", "tuyet-mat"),
        ("UB MAT TRAN TO QUOC.pdf", None),
        ("phuong-an-mat-bang.pdf", None),
        ("Mat tran.pdf", None),
        ("Báo cáo công tác bảo mật.pdf", None),
        ("BẢO VỆ BÍ MẬT NHÀ NƯỚC.pdf", None),
        ("mật độ dân số.xlsx", None),
        ("bat mat.pdf", None),
        ("Khám tối mắt.pdf", None),
        ("mật ong.pdf", None),
    ],
)
def test_marks_in_names(name: str, mark: str | None) -> None:
    assert mark_in_name(name) == mark


WORDS = st.text(st.sampled_from("AaBbĐđạ ốÚ0123456789/-:.,()|MẬTTỐI\u0323\u0302\x00\ud7ff"), max_size=60)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(WORDS, st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 1)), max_size=30),
    st.text(max_size=80),
    st.booleans(),
)
def test_any_page_and_name_can_be_read(
    lines: list[tuple[str, float, float, float]], name: str, recognised: bool
) -> None:
    page = [line(text, x, y, width) for text, x, y, width in lines]
    found = guess(page)
    assert len(found.number) <= 60
    assert len(found.title) <= 300
    mark_of([page, page], recognised=recognised)
    mark_in_name(name)


@pytest.mark.parametrize(
    ("rows", "in_body"),
    [
        ([(0.12, ["MẬT"])], False),
        ([(0.1, ["Số: 12-BC/TU", "Lâm Đồng, ngày 5"]), (0.13, ["TỐI MẬT"])], False),
        ([(0.32, ["STT", "Số, ký hiệu", "Độ mật"]), (0.35, ["1", "12-BC/TU", "Mật"])], True),
        ([(0.1, ["STT", "Số, ký hiệu", "Độ mật"]), (0.13, ["1", "12-BC/TU", "Mật"])], True),  # an annex's first page
        ([(0.1, ["Số: 12-BC/TU", "MẬT", "Lâm Đồng, ngày 5"]), (0.13, ["TỐI", "MẬT"])], False),
        ([(0.8, ["Mật"])], True),
        ([(0.12, ["MẬT"]), (0.35, ["1", "12-BC/TU", "Mật"])], False),
    ],
)
def test_a_word_in_a_table_is_told_from_a_stamp(rows: list[tuple[float, list[str]]], in_body: bool) -> None:
    page = [line(text, x=0.1 + 0.3 * column, y=y, width=0.15) for y, cells in rows for column, text in enumerate(cells)]
    found = mark_on([page], recognised=())
    assert found is not None
    assert (found.in_body, found.page) == (in_body, 1)


@pytest.mark.parametrize(
    ("lines", "issuer"),
    [
        (["UBND TỈNH LÂM ĐỒNG", "SỞ NỘI VỤ"], "Sở Nội vụ"),
        (["TỈNH ỦY LÂM ĐỒNG", "BAN TUYÊN GIÁO VÀ DÂN VẬN"], "Ban Tuyên giáo và Dân vận"),
        (["UBND TỈNH", "SỞ VĂN HÓA, THỂ THAO VÀ DU LỊCH"], "Sở Văn hóa, Thể thao và Du lịch"),
        (["TỈNH ỦY LÂM ĐỒNG", "VĂN PHÒNG"], "Văn phòng Tỉnh ủy Lâm Đồng"),
        (["ỦY BAN NHÂN DÂN TỈNH LÂM ĐỒNG", "VĂN PHÒNG"], "Văn phòng Ủy ban nhân dân tỉnh Lâm Đồng"),
        (["ĐOÀN TNCS HỒ CHÍ MINH", "BAN CHẤP HÀNH TỈNH LÂM", "ĐỒNG"], "Ban Chấp hành tỉnh Lâm Đồng"),
        (["ỦY BAN NHÂN DÂN", "XÃ ĐAM RÔNG 1"], "Ủy ban nhân dân xã Đam Rông 1"),
        (["MẶT TRẬN TỔ QUỐC VIỆT NAM", "ỦY BAN MTTQ VIỆT NAM TỈNH LÂM ĐỒNG"], "Ủy ban MTTQ Việt Nam tỉnh Lâm Đồng"),
        (["CHÍNH PHỦ"], "Chính phủ"),
    ],
)
def test_issuers_are_named_as_they_are_written(lines: list[str], issuer: str) -> None:
    head = [*lines, "Số: 12-BC/TU"]
    assert guess([line(text, x=0.1, y=0.05 + 0.02 * n, width=0.25) for n, text in enumerate(head)]).issuer == issuer


@pytest.mark.parametrize(
    ("said", "number", "kind"),
    [
        ("QUY CHẾ", "5-QC/TU", "khac"),
        ("ĐỀ ÁN", "6-ĐA/TU", "khac"),
        ("CÔNG ĐIỆN", "7/CĐ-UBND", "khac"),
        ("BÀI PHÁT BIỂU KHAI MẠC", "", "phat-bieu"),
    ],
)
def test_rarer_kinds_are_known(said: str, number: str, kind: str) -> None:
    head = [(f"Số: {number}", 0.1, 0.05), (said, 0.4, 0.2), ("Làm việc của Ban Chấp hành", 0.4, 0.22)]
    found = guess([line(text, x=x, y=y, width=0.2) for text, x, y in head if text != "Số: "])
    assert found.kind == kind
    assert found.title.lower().startswith(said.lower())


def test_urgency_is_written_in_capitals() -> None:
    assert guess([line("khăn.", x=0.1, y=0.3, width=0.1)]).urgency == ""
    assert guess([line("KHẨN", x=0.1, y=0.1, width=0.1)]).urgency == "khan"


def test_a_sign_that_recognition_misread() -> None:
    assert guess([line("Số: 4567/TTIr-UBND", x=0.1, y=0.1, width=0.2)]).number == "4567/TTr-UBND"
