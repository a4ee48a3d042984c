import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from server.core.fields import Line, Paragraphs, folded, in_latin

line: TypeAdapter[str] = TypeAdapter(Line)
paragraphs: TypeAdapter[str] = TypeAdapter(Paragraphs)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Đạ Sar", "da sar"),
        ("Đưng K'Nớ", "dung k'no"),
        ("  NGUYỄN   Thị  Hạnh ", "nguyen thi hanh"),
        (unicodedata.normalize("NFD", "Lạc Dương"), "lac duong"),
        ("đĐ", "dd"),
    ],
)
def test_folding(text: str, plain: str) -> None:
    assert folded(text) == plain


@given(st.text())
def test_folding_twice_changes_nothing_and_forms_do_not_matter(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert folded(unicodedata.normalize("NFC", text)) == folded(unicodedata.normalize("NFD", text))


@given(st.text())
def test_a_line_is_clean_or_refused(text: str) -> None:
    try:
        clean = line.validate_python(text)
    except ValidationError:
        return
    assert clean == unicodedata.normalize("NFC", clean)
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in clean)


def test_paragraphs_keep_their_lines() -> None:
    assert paragraphs.validate_python("Một\r\nHai\n\tBa ") == "Một\nHai\n\tBa"
    with pytest.raises(ValidationError):
        paragraphs.validate_python("a\x00b")


def test_what_turns_the_direction_of_writing_is_left_out() -> None:
    """So that no name reads otherwise than it is: "exe.pdf" that ends in "fdp.exe"."""
    assert line.validate_python("x\u202efdp.exe") == "xfdp.exe"
    assert line.validate_python("Nguyễn\u2066 Văn\u2069 A\u200f") == "Nguyễn Văn A"
    assert paragraphs.validate_python("a\u202e\nb\u061c") == "a\nb"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("M\u1eac\u0422", "M\u1eacT"),
        ("Nguy\u1ec5n V\u0103n \u0410nh", "Nguy\u1ec5n V\u0103n Anh"),
        ("\u041c\u043e\u0441\u043a\u0432\u0430, \u041e\u0420", "\u041c\u043e\u0441\u043a\u0432\u0430, \u041e\u0420"),
        ("\u03b1-amylase", "\u03b1-amylase"),
    ],
)
def test_letters_of_other_alphabets_among_latin_ones(text: str, read: str) -> None:
    assert in_latin(text) == read


def test_letters_that_are_drawn_by_their_codes_are_those_letters() -> None:
    assert folded("\U0001d40c\u1eac\U0001d413 \u24b6\uff21\U0001d7d9") == "mat aa1"
