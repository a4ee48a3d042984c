"""files of units, points and people: batches that can be looked at, applied and undone; who refers to a person is found"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_OF_PEOPLE = (
    ("access_links", "person_id"),
    ("attendance_sign_offs", "by_id"),
    ("delegates", "added_by"),
    ("papers", "created_by"),
    ("person_checks", "by_id"),
    ("paper_versions", "created_by"),
    ("presentations", "offered_to"),
    ("presentations", "presenter_id"),
    ("uploads", "person_id"),
)


def upgrade() -> None:
    counts = [
        sa.Column(name, sa.Integer(), nullable=False)
        for name in ("rows", "added", "changed", "closed", "unchanged", "bad", "done")
    ]
    op.create_table(
        "import_batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("scope_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        *counts,
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_import_batches_created_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batches")),
    )
    op.create_index(op.f("ix_import_batches_created_by"), "import_batches", ["created_by"])
    op.create_index(op.f("ix_import_batches_scope_id"), "import_batches", ["scope_id"])
    op.create_table(
        "import_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("cells", "shown", "before", "after", "faults")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batches.id"], name=op.f("fk_import_rows_batch_id_import_batches"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rows")),
    )
    op.create_index("ix_import_rows_batch", "import_rows", ["batch_id", "verdict", "number"])
    op.create_index("ix_import_rows_subject", "import_rows", ["subject_id", "batch_id"])
    for table, column in _OF_PEOPLE:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    for table, column in _OF_PEOPLE:
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
    op.drop_table("import_rows")
    op.drop_table("import_batches")
