"""Asking the full-text index that migration 0003 made: FTS5 on SQLite, a stored tsvector under GIN on PostgreSQL."""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from server.reading.search.words import Query, Term

_SQLITE = text(
    "SELECT rowid / 1048576 AS version, group_concat(rowid % 1048576) FROM paper_search "
    "WHERE paper_search MATCH :match AND rowid / 1048576 IN (SELECT value FROM json_each(:versions)) GROUP BY version"
)
_POSTGRESQL = text(
    "SELECT version_id, array_agg(number) FROM paper_pages "
    "WHERE search @@ to_tsquery('simple', :match) AND version_id = ANY(:versions) GROUP BY version_id"
)


async def pages(session: AsyncSession, query: Query, versions: Collection[int]) -> dict[int, list[int]]:
    """The pages of these versions that have all of the query, in order; versions without any are left out. One row a
    version: a common word stands on a hundred thousand pages."""
    if not query.terms or not versions:
        return {}
    if session.get_bind().dialect.name == "sqlite":
        rows = await session.execute(
            _SQLITE,
            {
                "match": " ".join(map(_fts5, query.terms)),
                "versions": "[" + ",".join(map(str, versions)) + "]",
            },
        )
        return {version_id: sorted(map(int, numbers.split(","))) for version_id, numbers in rows}
    rows = await session.execute(
        _POSTGRESQL, {"match": " & ".join(map(_tsquery, query.terms)), "versions": list(versions)}
    )
    return {version_id: sorted(numbers) for version_id, numbers in rows}


def _fts5(term: Term) -> str:
    """Words hold nothing but letters and digits: quoted, they are never operators."""
    return '"' + " ".join(term.words) + '"' + (" *" if term.open else "")


def _tsquery(term: Term) -> str:
    words = [f"'{word}'" for word in term.words]
    if term.open:
        words[-1] += ":*"
    return "(" + " <-> ".join(words) + ")"
