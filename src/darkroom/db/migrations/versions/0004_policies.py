"""A key's dialect and routing policy; a job's policy and how its deployments were ranked."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_COLUMNS = (("api_keys", "dialect"), ("api_keys", "policy"), ("jobs", "policy"), ("jobs", "route"))


def upgrade() -> None:
    for table, column in _COLUMNS:
        op.add_column(table, sa.Column(column, sa.Text(), nullable=True))


def downgrade() -> None:
    for table, column in reversed(_COLUMNS):
        op.drop_column(table, column)
