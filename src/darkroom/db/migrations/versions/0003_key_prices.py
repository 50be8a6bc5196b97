"""Prices of a key's own: a factor, or an amount per image."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("price_multiplier_ppm", sa.BigInteger(), nullable=True))
    op.add_column("api_keys", sa.Column("price_per_image", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("api_keys", "price_per_image")
    op.drop_column("api_keys", "price_multiplier_ppm")
