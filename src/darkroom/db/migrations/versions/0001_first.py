"""The first schema: accounts, keys, jobs, attempts, assets."""

from alembic import op

from darkroom.db.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
