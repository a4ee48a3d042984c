"""accounts that nobody uses are closed, and forgotten passwords are set anew by e-mail"""

import sqlalchemy as sa
from alembic import op

from server.core.database import UtcDateTime

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_COLUMNS = ("account_since", "dormancy_warned_at", "dormant_at")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("people", sa.Column(name, UtcDateTime(), nullable=True))
    op.create_table(
        "password_resets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_password_resets_person_id_people", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_password_resets"),
        sa.UniqueConstraint("token_hash", name="uq_password_resets_token_hash"),
    )
    op.create_index("ix_password_resets_person_id", "password_resets", ["person_id"])


def downgrade() -> None:
    op.drop_table("password_resets")
    for name in _COLUMNS:
        op.drop_column("people", name)
