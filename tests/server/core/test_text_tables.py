"""Tables as text, in every way in which an office may have written them."""

import csv
import io
import unicodedata

import pytest

from server.core.spreadsheets.text_tables import NotText, TooLarge, is_text, rows_of

ROWS = [
    ["Họ và tên", "Chức vụ", "Điểm cầu"],
    ["Nguyễn Thị Hạnh", "Bí thư Huyện ủy", "Lạc Dương"],
    ["Đỗ Văn Quyết", "Chủ tịch UBND; Trưởng ban", "Phường 1, Bảo Lộc"],
    ["Cil Múp Hường", "Phó Bí thư", "Đưng K'Nớ"],
    ["Lữ Ngọc Ẩn", "Ủy viên", "Đạ Tẻh"],
]
TCVN3 = dict(
    zip(
        "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂĐÊÔƠƯ",
        "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ¡¢§£¤¥¦",
        strict=True,
    )
)
VNI = {
    "ễ": "eã", "ị": "ò", "ạ": "aï", "ọ": "oï", "ủ": "uû", "ỗ": "oã", "ậ": "aä", "ế": "eá", "ổ": "oå", "ở": "ôû",
    "ớ": "ôù", "ẩ": "aå", "ữ": "öõ", "ộ": "oä", "ờ": "ôø", "ú": "uù", "ó": "où", "í": "í", "ư": "ö", "đ": "ñ",
    "Đ": "Ñ", "ệ": "eä", "ê": "eâ", "à": "aø", "ể": "eå", "ứ": "öù", "ơ": "ô", "ô": "oâ", "ă": "aê", "á": "aù",
    "ẻ": "eû", "ầ": "aà", "ả": "aû", "ụ": "uï", "ề": "eà", "Ủ": "UÛ", "Ẩ": "AÅ",
}  # fmt: skip


def table(delimiter: str = ",") -> str:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator="\r\n").writerows(ROWS)
    return file.getvalue()


def cp1258(text: str) -> bytes:
    """Base letters with their tone behind them, as Windows wrote them."""
    out = []
    for letter in text:
        try:
            out.append(letter.encode("cp1258"))
        except UnicodeEncodeError:
            apart = unicodedata.normalize("NFD", letter)
            tone = next(mark for mark in apart if mark in "\u0300\u0301\u0303\u0309\u0323")
            rest = unicodedata.normalize("NFC", apart.replace(tone, ""))
            out.append((rest + tone).encode("cp1258"))
    return b"".join(out)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_with_any_delimiter(encoding: str, delimiter: str) -> None:
    content = table(delimiter).encode(encoding)
    assert is_text(content)
    assert [cells for _, cells in rows_of(content)] == ROWS


def test_the_code_page_of_windows() -> None:
    content = cp1258(table(";"))
    with pytest.raises(UnicodeDecodeError):
        content.decode()
    assert [cells for _, cells in rows_of(content)] == ROWS


def test_letters_of_the_old_fonts() -> None:
    # Their capitals with a tone are drawn by a font of capitals: the file holds the small ones.
    old = "".join(TCVN3.get(letter, letter) for letter in table(";").replace("Ẩ", "ẩ").replace("Ủ", "ủ"))
    read = [cells for _, cells in rows_of(old.encode("latin-1"))]
    assert read[:3] == [[cell.replace("Ủ", "ủ") for cell in row] for row in ROWS[:3]]
    assert read[4][0] == "Lữ Ngọc ẩn"
    vni = "".join(VNI.get(letter, letter) for letter in table(";"))
    assert [cells for _, cells in rows_of(vni.encode("cp1252"))] == ROWS


def test_what_excel_says_of_its_delimiter() -> None:
    assert rows_of("sep=;\r\nTên;Số\r\nĐạ Sar, Lạc Dương;1\r\n".encode())[0] == (2, ["Tên", "Số"])


def test_numbers_of_rows_are_those_that_an_editor_shows() -> None:
    assert rows_of("Tên,Số\n\n,\nĐạ Sar,1\n".encode()) == [(1, ["Tên", "Số"]), (4, ["Đạ Sar", "1"])]


def test_what_is_no_table_is_refused() -> None:
    assert not is_text(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    assert not is_text(b"  \r\n")
    with pytest.raises(NotText):
        rows_of(bytes(range(128, 256)) * 40)
    with pytest.raises(TooLarge):
        rows_of(b"a,b\n" * 20_002)
