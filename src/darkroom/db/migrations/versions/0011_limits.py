"""Limits of API keys, and the calls of deployments with limits, counted over all processes."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"

_UNFINISHED = sa.text("state IN ('queued', 'running')")


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("limits", sa.Text()))
    op.create_table(
        "key_meters",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("requests_ns", sa.BigInteger(), nullable=False),
        sa.Column("images_ns", sa.BigInteger(), nullable=False),
        sa.Column("bytes_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id"),
    )
    op.create_index(
        "jobs_unfinished_by_key",
        "jobs",
        ["key_id"],
        sqlite_where=_UNFINISHED,
        postgresql_where=_UNFINISHED,
    )
    op.create_table(
        "deployment_gates",
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("deployment"),
    )
    op.create_table(
        "deployment_calls",
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("deployment", "job_id", "started_at_ms"),
    )
    op.create_index("deployment_calls_by_owner", "deployment_calls", ["owner"])
    op.create_index("deployment_calls_by_job", "deployment_calls", ["job_id"])


def downgrade() -> None:
    op.drop_table("deployment_calls")
    op.drop_table("deployment_gates")
    op.drop_index("jobs_unfinished_by_key", "jobs")
    op.drop_table("key_meters")
    op.drop_column("api_keys", "limits")
