"""votes"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ballots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("paper_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("secret", sa.Boolean(), nullable=False),
        sa.Column("devices", sa.Boolean(), nullable=False),
        sa.Column("hands", sa.Boolean(), nullable=False),
        sa.Column("papers", sa.Boolean(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.String(length=14), nullable=False),
        sa.Column("base", sa.String(length=8), nullable=False),
        sa.Column("quorum", sa.String(length=14), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.Column("void_reason", sa.String(length=300), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["agenda_items.id"], name=op.f("fk_ballots_item_id_agenda_items"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meetings.id"], name=op.f("fk_ballots_meeting_id_meetings"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_ballots_paper_id_papers"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballots")),
    )
    op.create_index(op.f("ix_ballots_item_id"), "ballots", ["item_id"])
    op.create_index("ix_ballots_meeting_state", "ballots", ["meeting_id", "state"])
    op.create_index(op.f("ix_ballots_paper_id"), "ballots", ["paper_id"])
    op.create_table(
        "ballot_choices",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("ballot_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ballot_id"], ["ballots.id"], name=op.f("fk_ballot_choices_ballot_id_ballots"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_choices")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_ballot_choices_ballot_id"), "ballot_choices", ["ballot_id"])
    op.create_table(
        "ballot_electorates",
        sa.Column("ballot_id", sa.Integer(), nullable=False),
        sa.Column("summoned", sa.Integer(), nullable=False),
        sa.Column("seats", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ballot_id"], ["ballots.id"], name=op.f("fk_ballot_electorates_ballot_id_ballots"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ballot_id", name=op.f("pk_ballot_electorates")),
    )
    op.create_table(
        "ballot_sealed_votes",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("ballot_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ballot_id"], ["ballots.id"], name=op.f("fk_ballot_sealed_votes_ballot_id_ballots"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_sealed_votes")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_ballot_sealed_votes_ballot_id"), "ballot_sealed_votes", ["ballot_id"])
    op.create_table(
        "ballot_tallies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ballot_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("void", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["ballot_id"], ["ballots.id"], name=op.f("fk_ballot_tallies_ballot_id_ballots"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_ballot_tallies_by_id_people")),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"], ["people.id"], name=op.f("fk_ballot_tallies_confirmed_by_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["bridge_points.id"], name=op.f("fk_ballot_tallies_point_id_bridge_points")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_tallies")),
    )
    op.create_index("ix_ballot_tallies_ballot_point", "ballot_tallies", ["ballot_id", "point_id"])
    op.create_index(op.f("ix_ballot_tallies_by_id"), "ballot_tallies", ["by_id"])
    op.create_index(op.f("ix_ballot_tallies_confirmed_by_id"), "ballot_tallies", ["confirmed_by_id"])
    op.create_index(op.f("ix_ballot_tallies_point_id"), "ballot_tallies", ["point_id"])
    op.create_table(
        "ballot_votes",
        sa.Column("ballot_id", sa.Integer(), nullable=False),
        sa.Column("seat_id", sa.Integer(), nullable=False),
        sa.Column("delegate_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=True),
        sa.Column("marks", sa.Text(), nullable=True),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["ballot_id"], ["ballots.id"], name=op.f("fk_ballot_votes_ballot_id_ballots"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["delegate_id"], ["delegates.id"], name=op.f("fk_ballot_votes_delegate_id_delegates")),
        sa.ForeignKeyConstraint(
            ["point_id"], ["bridge_points.id"], name=op.f("fk_ballot_votes_point_id_bridge_points")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["delegates.id"], name=op.f("fk_ballot_votes_seat_id_delegates")),
        sa.PrimaryKeyConstraint("ballot_id", "seat_id", name=op.f("pk_ballot_votes")),
    )
    op.create_index("ix_ballot_votes_ballot_point", "ballot_votes", ["ballot_id", "point_id"])
    op.create_index(op.f("ix_ballot_votes_delegate_id"), "ballot_votes", ["delegate_id"])
    op.create_index(op.f("ix_ballot_votes_point_id"), "ballot_votes", ["point_id"])
    op.create_index(op.f("ix_ballot_votes_seat_id"), "ballot_votes", ["seat_id"])


def downgrade() -> None:
    op.drop_table("ballot_votes")
    op.drop_table("ballot_tallies")
    op.drop_table("ballot_sealed_votes")
    op.drop_table("ballot_electorates")
    op.drop_table("ballot_choices")
    op.drop_table("ballots")
