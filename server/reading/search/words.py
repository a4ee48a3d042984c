"""What somebody typed, as words to look for. Pure.

Words are runs of letters and digits of the folded text, for queries as for the index: "18-NQ/TW" is three words in a
row. So nothing that is typed (quotes, operators, emoji) reaches the database as anything but a word.
"""

import re
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


def matches(query: Query, words: tuple[str, ...]) -> bool:
    """All terms stand in these words."""
    return bool(query.terms) and all(
        any(stands_at(term, words, at) for at in range(len(words))) for term in query.terms
    )


def stands_at(term: Term, words: tuple[str, ...], at: int) -> bool:
    here = words[at : at + len(term.words)]
    if not term.open:
        return here == term.words
    return len(here) == len(term.words) and here[:-1] == term.words[:-1] and here[-1].startswith(term.words[-1])
