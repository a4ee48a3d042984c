"""people have a form of address, a day of birth and several posts, are found by position, and say when they were last in"""

import sqlalchemy as sa
from alembic import op

from server.core.fields import folded

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_NAMELESS = "Người đã ẩn danh"


def upgrade() -> None:
    for column in (
        sa.Column("search_title", sa.String(200), nullable=False, server_default=""),
        sa.Column("sex", sa.String(6), nullable=True),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("anonymised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("people", column)
    op.create_table(
        "posts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_posts_person_id_people"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_posts_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
    )
    op.create_index(op.f("ix_posts_person_id"), "posts", ["person_id"])
    op.create_index(op.f("ix_posts_unit_id"), "posts", ["unit_id"])
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    people = sa.table("people", *(sa.column(name) for name in ("id", "title", "search_title")))
    titles = connection.scalars(sa.select(people.c.title).where(people.c.title != "").distinct()).all()
    for title in titles:
        connection.execute(people.update().where(people.c.title == title).values(search_title=folded(title)[:200]))
    connection.execute(
        sa.text(
            "UPDATE people SET anonymised_at = disabled_at WHERE full_name = :nameless AND disabled_at IS NOT NULL"
        ),
        {"nameless": _NAMELESS},
    )
    connection.execute(
        sa.text(
            "UPDATE people SET signed_in_at ="
            " (SELECT max(created_at) FROM sign_in_sessions WHERE sign_in_sessions.person_id = people.id)"
        )
    )


def downgrade() -> None:
    op.drop_table("posts")
    for name in ("signed_in_at", "anonymised_at", "born_on", "sex", "search_title"):
        op.drop_column("people", name)
