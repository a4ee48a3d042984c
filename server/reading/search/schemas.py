from typing import Annotated

from pydantic import BaseModel, Field

from server.core.fields import Id


class SearchQuery(BaseModel):
    q: Annotated[str, Field(max_length=300)] = ""
    meeting_id: Id | None = None
    """None: in all meetings."""
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    offset: Annotated[int, Field(ge=0, le=10_000)] = 0


class SnippetPart(BaseModel):
    text: str
    mark: bool


class SearchHit(BaseModel):
    meeting_id: int
    meeting_title: str
    paper_id: int
    version_id: int
    title: str
    number: str
    page: int
    snippet: list[SnippetPart]
    """Of the page, as written; what was found is marked. Empty if the page has no text."""
    words: list[str]
    """Folded words to mark on the page; empty when only the title or the number was found."""


class SearchAnswer(BaseModel):
    """First the papers found by title or number, each once; then pages, those with the words in a row before those with
    the words apart, newest meetings first."""

    total: int
    """Hits that the actor may see. What may not be read is not counted."""
    hits: list[SearchHit]
