"""The lines around what was found, in the words of the page, with what was found marked. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from server.core.fields import folded
from server.reading.search.schemas import SnippetPart
from server.reading.search.words import LONGEST, Query, places

_WORD = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+")
"""A word as written: its letters may carry their marks as characters of their own."""
AROUND = 9
"""Words before the first one found."""
LENGTH = 34
"""Words of a snippet: two to three lines of a phone."""


@dataclass(frozen=True, slots=True)
class _Word:
    begin: int
    end: int
    folded: str


@dataclass(frozen=True, slots=True)
class Found:
    snippet: list[SnippetPart]
    words: list[str]
    """Folded words of the page that were found, for the reader to mark."""


def found_in(text: str, query: Query) -> Found:
    """Of a page's text. Nothing marked, if nothing of the query stands there."""
    words = _words(text)
    spelled = tuple(word.folded for word in words)
    marked: set[int] = set()
    for term in query.terms:
        for at in places(term, spelled):
            marked.update(range(at, at + len(term.words)))
    begin = _best(sorted(marked), len(words))
    shown = range(begin, min(begin + LENGTH, len(words)))
    return Found(_parts(text, words, shown, marked), sorted({spelled[at] for at in marked}))


def _words(text: str) -> list[_Word]:
    """`folded` of one word is what the index has of it, so offsets in the written text come for nothing. A sign that
    folds to several words (½) is one here."""
    found = []
    for match in _WORD.finditer(text):
        spelled = _spelled(match[0])
        if spelled:
            found.append(_Word(match.start(), match.end(), spelled))
    return found


@lru_cache(maxsize=50_000)
def _spelled(word: str) -> str:
    return folded(word)[:LONGEST]


def _best(marked: list[int], count: int) -> int:
    """Where the snippet begins: with the most found words in it, the earliest of such places."""
    if not marked:
        return 0
    best, most = marked[0], 0
    last = 0
    for first, at in enumerate(marked):
        while last < len(marked) and marked[last] < at + LENGTH - AROUND:
            last += 1
        if last - first > most:
            best, most = at, last - first
    return max(0, min(best - AROUND, count - LENGTH))


def _parts(text: str, words: list[_Word], shown: range, marked: set[int]) -> list[SnippetPart]:
    if not shown:
        return []
    parts: list[SnippetPart] = []
    at = words[shown[0]].begin

    def say(until: int, mark: bool) -> None:
        nonlocal at
        piece = re.sub(r"\s+", " ", text[at:until])
        if piece and parts and parts[-1].mark == mark:
            parts[-1].text += piece
        elif piece:
            parts.append(SnippetPart(text=piece, mark=mark))
        at = until

    if shown[0] > 0:
        parts.append(SnippetPart(text="… ", mark=False))
    for index in shown:
        # Signs between two marked words of one number are marked with them: "18-NQ/TW".
        joined = index in marked and index - 1 in marked and index > shown[0]
        say(words[index].begin, mark=joined and not text[at : words[index].begin].isspace())
        say(words[index].end, mark=index in marked)
    if shown[-1] < len(words) - 1:
        parts.append(SnippetPart(text=" …", mark=False))
    for part in parts:
        part.text = unicodedata.normalize("NFC", part.text)
    return parts
