"""Which images were removed at the end of their time, for as long as links to them hold."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "removed_images",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("removed_images_by_end", "removed_images", ["until_ms"])


def downgrade() -> None:
    op.drop_table("removed_images")
