"""What somebody typed, as words to look for. Pure.

Words are runs of letters and digits of the folded text, for queries as for the index: "18-NQ/TW" is three words in a
row. So nothing that is typed (quotes, operators, emoji) reaches the database as anything but a word.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.core.fields import folded

_WORD = re.compile(r"[^\W_]+")
_PIECE = re.compile(r'"([^"]*)"?|([^\s"]+)')
_QUOTES = str.maketrans(dict.fromkeys("“”„«»″", '"'))
MOST = 24
"""Words of a query; the rest is not looked at."""
LONGEST = 60
"""Characters of a word."""
SHORTEST_BEGINNING = 2
"""One letter stands for itself: half of all words begin with it."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words in a row; `open`: the last one may be the beginning of a word."""

    words: tuple[str, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    terms: tuple[Term, ...]
    """All of them have to be there, in any order."""

    @property
    def in_a_row(self) -> "Query":
        """Everything exactly as typed, one word after the other."""
        words = tuple(word for term in self.terms for word in term.words)
        return Query((Term(words, self.terms[-1].open),)) if words else self


def parse(text: str) -> Query:
    """Pieces in quotes, and those held together by signs ("12/QĐ-UBND"), are words in a row. The last word may be
    unfinished, unless a blank or a quote ends it."""
    text = text.translate(_QUOTES)
    terms: list[Term] = []
    left = MOST
    for found in _PIECE.finditer(text):
        words = words_of(found[0])[:left]
        left -= len(words)
        if words:
            unfinished = found.end() == len(text) and not found[0].endswith('"') and left > 0
            terms.append(Term(words, unfinished and len(words[-1]) >= SHORTEST_BEGINNING))
    return Query(tuple(terms))


def words_of(text: str) -> tuple[str, ...]:
    return tuple(word[:LONGEST] for word in _WORD.findall(folded(text)))


def matches(query: Query, name: str) -> bool:
    """All terms stand in this text of `words_of`, which has a blank before, between and after its words."""
    return bool(query.terms) and all(_pattern(term) in name for term in query.terms)


def spaced(text: str) -> str:
    """For `matches`."""
    return f" {' '.join(words_of(text))} "


def _pattern(term: Term) -> str:
    return " " + " ".join(term.words) + ("" if term.open else " ")


def places(term: Term, words: Sequence[str]) -> Iterator[int]:
    """Where the term begins in these words."""
    first, length = term.words[0], len(term.words)
    for at, word in enumerate(words):
        if length == 1:
            if word == first or (term.open and word.startswith(first)):
                yield at
        elif word == first and _goes_on(term, words[at : at + length]):
            yield at


def _goes_on(term: Term, here: Sequence[str]) -> bool:
    if len(here) < len(term.words) or tuple(here[:-1]) != term.words[:-1]:
        return False
    return here[-1] == term.words[-1] or (term.open and here[-1].startswith(term.words[-1]))
