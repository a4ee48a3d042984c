"""people sign in with accounts of an OpenID provider"""

import sqlalchemy as sa
from alembic import op

from server.core.database import UtcDateTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(300), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_identities_person_id_people", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sa.UniqueConstraint("issuer", "subject", name="uq_identities_issuer_subject"),
    )
    op.create_index("ix_identities_person_id", "identities", ["person_id"])
    op.create_index("ix_people_email_lower", "people", [sa.text("lower(email)")])
    op.add_column("sign_in_sessions", sa.Column("provider_token", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("sign_in_sessions", "provider_token")
    op.drop_index("ix_people_email_lower", "people")
    op.drop_table("identities")
