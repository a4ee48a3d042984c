"""meeting lists

What a list of meetings is filtered and put in order by, so that it is read by the page.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meetings", sa.Column("search_title", sa.String(300), nullable=False, server_default=""))
    meetings = sa.table("meetings", sa.column("id", sa.Integer), sa.column("title"), sa.column("search_title"))
    connection = op.get_bind()
    for meeting_id, title in connection.execute(sa.select(meetings.c.id, meetings.c.title)).all():
        connection.execute(
            meetings.update().where(meetings.c.id == meeting_id).values(search_title=_folded(title)[:300])
        )
    op.create_index("ix_meetings_state_starts", "meetings", ["state", "starts_at"])
    for column in ("chair_id", "secretary_id", "created_by"):
        op.create_index(f"ix_meetings_{column}", "meetings", [column])
    op.create_index("ix_agenda_items_presenter_id", "agenda_items", ["presenter_id"])


def _folded(text: str) -> str:
    """As `server.core.fields.folded` did when this was written."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())


def downgrade() -> None:
    raise NotImplementedError("Going back would drop papers, notes and attendance: restore a backup instead.")
