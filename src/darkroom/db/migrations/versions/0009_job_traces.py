"""Which request a job came from, for the logs and traces of whoever runs it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("trace", sa.Text()))


def downgrade() -> None:
    op.drop_column("jobs", "trace")
