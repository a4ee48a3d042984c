"""search

The full-text index of the papers' pages. The database keeps it itself (triggers on SQLite, a generated column on
PostgreSQL), so that it cannot drift from `paper_pages` whoever writes there.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SEPARATORS = r"[\u0001-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u00BF\u2000-\u206F\u3000-\u303F]+"
"""What stands between words: controls, blanks, ASCII, Latin and general punctuation. PostgreSQL's own parser would take
"18-nq/tw" for a number and a file's path."""

LONGEST = 400_000
"""Characters of a page that PostgreSQL indexes: a tsvector holds at most 1 MiB."""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _postgresql()
    else:
        _sqlite()


def _postgresql() -> None:
    op.execute(
        "ALTER TABLE paper_pages ADD COLUMN search tsvector GENERATED ALWAYS AS "
        f"(to_tsvector('simple', regexp_replace(left(folded, {LONGEST}), '{SEPARATORS}', ' ', 'g'))) STORED"
    )
    op.execute("CREATE INDEX ix_paper_pages_search ON paper_pages USING gin (search) WITH (fastupdate = off)")


def _sqlite() -> None:
    # A page's number in the index is computed, not SQLite's rowid: VACUUM may give out new rowids. The view is what
    # FTS5 would read the text from; the index itself keeps no copy of it.
    op.execute("CREATE VIEW paper_search_texts AS SELECT version_id * 1048576 + number AS id, folded FROM paper_pages")
    op.execute(
        "CREATE VIRTUAL TABLE paper_search USING fts5(folded, content='paper_search_texts', content_rowid='id', "
        "tokenize='unicode61 remove_diacritics 0', prefix='2 3', columnsize=0)"
    )
    op.execute("INSERT INTO paper_search (rowid, folded) SELECT id, folded FROM paper_search_texts")
    add = "INSERT INTO paper_search (rowid, folded) VALUES (new.version_id * 1048576 + new.number, new.folded);"
    remove = (
        "INSERT INTO paper_search (paper_search, rowid, folded) "
        "VALUES ('delete', old.version_id * 1048576 + old.number, old.folded);"
    )
    op.execute(f"CREATE TRIGGER paper_search_added AFTER INSERT ON paper_pages BEGIN {add} END")
    op.execute(f"CREATE TRIGGER paper_search_removed AFTER DELETE ON paper_pages BEGIN {remove} END")
    op.execute(
        "CREATE TRIGGER paper_search_changed AFTER UPDATE OF version_id, number, folded ON paper_pages "
        f"BEGIN {remove} {add} END"
    )


def downgrade() -> None:
    raise NotImplementedError("Going back would drop papers, notes and attendance: restore a backup instead.")
