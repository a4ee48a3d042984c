"""templates of meetings and groups of points, kept by units"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meeting_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_meeting_templates_unit_id_units"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_templates")),
        sa.UniqueConstraint("unit_id", "name", name=op.f("uq_meeting_templates_unit_id_name")),
    )
    op.create_table(
        "point_groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_point_groups_unit_id_units"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_groups")),
        sa.UniqueConstraint("unit_id", "name", name=op.f("uq_point_groups_unit_id_name")),
    )
    op.create_table(
        "point_group_members",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["point_groups.id"],
            name=op.f("fk_point_group_members_group_id_point_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["point_id"],
            ["bridge_points.id"],
            name=op.f("fk_point_group_members_point_id_bridge_points"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_group_members")),
        sa.UniqueConstraint("group_id", "point_id", name=op.f("uq_point_group_members_group_id_point_id")),
    )
    op.create_index(op.f("ix_point_group_members_point_id"), "point_group_members", ["point_id"])


def downgrade() -> None:
    op.drop_table("point_group_members")
    op.drop_table("point_groups")
    op.drop_table("meeting_templates")
