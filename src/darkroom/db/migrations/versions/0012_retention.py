"""What is kept how long: files' purposes, jobs whose images were removed, leases of chores."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("assets", sa.Column("purpose", sa.Text()))
    op.add_column("jobs", sa.Column("images_removed_at_ms", sa.BigInteger()))
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("assets_by_account", "assets", ["account_id", "expires_at_ms", "byte_size"])
    op.create_index("idempotency_by_expiry", "idempotency", ["expires_at_ms"])


def downgrade() -> None:
    op.drop_index("idempotency_by_expiry", "idempotency")
    op.drop_index("assets_by_account", "assets")
    op.drop_table("leases")
    op.drop_column("jobs", "images_removed_at_ms")
    op.drop_column("assets", "purpose")
