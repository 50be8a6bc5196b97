"""Sign-in for browsers, keys that expire, and what the history is searched by."""

import json
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_PIECE = 500
_STOPPED = sa.text("state IN ('failed', 'canceled')")
_jobs = sa.table(
    "jobs",
    sa.column("id", sa.Text()),
    sa.column("request", sa.Text()),
    sa.column("operation", sa.Text()),
    sa.column("asked_model", sa.Text()),
    sa.column("words", sa.Text()),
)


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("expires_at_ms", sa.BigInteger()))
    op.add_column("ledger_holds", sa.Column("images", sa.Integer()))
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("ends_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("sessions_by_key", "sessions", ["key_id"])
    op.create_table(
        "sign_in_tokens",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("ends_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "thumbnails",
        sa.Column("source_sha256", sa.Text(), nullable=False),
        sa.Column("edge", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("byte_size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source_sha256", "edge"),
    )
    op.create_index("thumbnails_by_content", "thumbnails", ["sha256"])
    op.create_table(
        "unwanted_blobs",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "job_inputs",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text()),
        sa.PrimaryKeyConstraint("job_id", "asset_id"),
    )
    op.create_index("job_inputs_by_asset", "job_inputs", ["asset_id"])
    op.create_index("job_inputs_by_parent", "job_inputs", ["parent_id", "job_id"])
    for name in ("operation", "asked_model", "words"):
        op.add_column("jobs", sa.Column(name, sa.Text()))
    _read_requests()
    op.create_index(
        "jobs_stopped",
        "jobs",
        ["account_id", sa.text("id DESC")],
        sqlite_where=_STOPPED,
        postgresql_where=_STOPPED,
    )


def _read_requests() -> None:
    """Fill the new columns of jobs that are there already, from their requests."""
    connection, after = op.get_bind(), ""
    page = sa.select(_jobs.c.id, _jobs.c.request).order_by(_jobs.c.id).limit(_PIECE)
    change = (
        sa.update(_jobs)
        .where(_jobs.c.id == sa.bindparam("job_id"))
        .values(
            {name: sa.bindparam(f"new_{name}") for name in ("operation", "asked_model", "words")}
        )
    )
    while rows := connection.execute(page.where(_jobs.c.id > after)).all():
        after = rows[-1].id
        connection.execute(change, [_values(row) for row in rows])


def _values(row: "sa.Row[Any, Any]") -> dict[str, Any]:
    asked = json.loads(row.request)
    words = unicodedata.normalize("NFC", asked["prompt"].casefold()).replace("\0", " ")
    return {
        "job_id": row.id,
        "new_operation": asked["operation"],
        "new_asked_model": asked["model"],
        "new_words": words,
    }


def downgrade() -> None:
    op.drop_index("jobs_stopped", "jobs")
    for name in ("words", "asked_model", "operation"):
        op.drop_column("jobs", name)
    for name in ("job_inputs", "unwanted_blobs", "thumbnails", "sign_in_tokens", "sessions"):
        op.drop_table(name)
    op.drop_column("ledger_holds", "images")
    op.drop_column("api_keys", "expires_at_ms")
