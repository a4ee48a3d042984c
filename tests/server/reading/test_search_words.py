"""Whatever is typed, as words; and the words found, marked in the text as it was written."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.fields import folded
from server.reading.search.snippets import found_in
from server.reading.search.words import Query, Term, matches, parse, spaced, words_of


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("nghi quyet 18", [("nghi",), ("quyet",), ("18*",)]),
        ("Nghị quyết ", [("nghi",), ("quyet",)]),
        ("18-NQ/TW", [("18", "nq", "tw*")]),
        ('"tổ chức bộ máy" 2026', [("to", "chuc", "bo", "may"), ("2026*",)]),
        ("“Đảng bộ”", [("dang", "bo")]),
        ('"chưa đóng', [("chua", "dong*")]),
        ("đ", [("d",)]),
        ("AND OR NOT NEAR(a b) *", [("and",), ("or",), ("not",), ("near", "a"), ("b",)]),
        ("🇻🇳 ' ; -- % _ ( : &", []),
        ("", []),
    ],
)
def test_queries(typed: str, terms: list[tuple[str, ...]]) -> None:
    found = [(*t.words[:-1], t.words[-1] + "*" * t.open) for t in parse(typed).terms]
    assert found == terms


def test_a_name_is_found_by_its_number_and_kind() -> None:
    name = spaced("nghi-quyet 18-NQ/TW | Về tổ chức bộ máy")
    for typed in ("nghi quyet 18", "18-nq", "18-NQ/TW", "tổ chức", '"bộ máy"', "nq/tw bo may"):
        assert matches(parse(typed), name), typed
    for typed in ("19", "18-TW", '"máy bộ"', "", "nghị quyết 1 8"):
        assert not matches(parse(typed), name), typed


def marked(text: str, typed: str) -> list[str]:
    return [part.text for part in found_in(text, parse(typed)).snippet if part.mark]


def test_marks_stand_in_the_text_as_written() -> None:
    page = "Căn cứ Nghị quyết số 18-NQ/TW ngày 25/10/2017 của Ban Chấp hành Trung ương Đảng; xét đề nghị của Đảng ủy."
    assert marked(page, "nghi quyet 18-nq/tw ") == ["Nghị", "quyết", "18-NQ/TW", "nghị"]
    assert marked(page, "dang uy") == ["Đảng", "Đảng", "ủy"]
    assert marked(unicodedata.normalize("NFD", page), "trung uong ") == ["Trung", "ương"]
    found = found_in(page, parse("dang"))
    assert found.words == ["dang"]
    assert "".join(part.text for part in found.snippet) == page[:-1]


def test_a_snippet_shows_where_most_was_found() -> None:
    page = " ".join(["quyết"] + ["xa"] * 200 + ["Nghị quyết đây"] + ["xa"] * 200)
    parts = found_in(page, parse("nghi quyet ")).snippet
    text = "".join(part.text for part in parts)
    assert "Nghị quyết đây" in text
    assert text.startswith("… ")
    assert text.endswith(" …")
    assert len(text.split()) < 40


@given(text=st.text(max_size=200), typed=st.text(max_size=40))
def test_any_text_and_any_query(text: str, typed: str) -> None:
    query = parse(typed)
    for term in query.terms:
        assert all(word.isalnum() and folded(word) == word for word in term.words)
    found = found_in(text, query)
    assert bool(found.words) == any(part.mark for part in found.snippet)


@given(words=st.lists(st.sampled_from(["Đảng", "ủy", "18", "NQ", "½", "ß", "ĐẠI", "hội"]), min_size=1, max_size=20))
def test_what_matches_is_marked(words: list[str]) -> None:
    text = "/".join(words)
    spelled = words_of(text)
    for word in spelled:
        query = Query((Term((word,)),))
        assert matches(query, spaced(text))
        assert found_in(text, query).words == [word]
