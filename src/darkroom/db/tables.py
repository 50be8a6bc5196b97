"""The schema, one definition for both databases. Times are milliseconds since the epoch, UTC."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

metadata = MetaData()

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at_ms", BigInteger, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("revoked_at_ms", BigInteger),
    Column("price_multiplier_ppm", BigInteger),
    Column("price_per_image", BigInteger),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("dialect", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("started_at_ms", BigInteger),
    Column("finished_at_ms", BigInteger),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    Column("owner", Text),
    Column("model", Text),
    Column("deployment", Text),
    Column("output", Text),
    Column("usage", Text),
    Column("quote", Text),
    Column("charge", Text),
    Column("error", Text),
    Column("warnings", Text),
)
Index("jobs_by_account", jobs.c.account_id, jobs.c.id.desc())
_unfinished = text("state IN ('queued', 'running')")
Index("jobs_unfinished", jobs.c.id, sqlite_where=_unfinished, postgresql_where=_unfinished)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
)

attempts = Table(
    "attempts",
    metadata,
    Column("job_id", Text, ForeignKey("jobs.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("deployment", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at_ms", BigInteger, nullable=False),
    Column("finished_at_ms", BigInteger),
    Column("upstream_id", Text),
    Column("error", Text),
)

assets = Table(
    "assets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("job_id", Text),
    Column("kind", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("byte_size", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger),
)
Index("assets_by_job", assets.c.job_id)
Index("assets_by_content", assets.c.sha256)
Index("assets_by_expiry", assets.c.expires_at_ms)

installation = Table(
    "installation",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Facts that all processes of one installation share, such as the key that signs links."""


# --- the ledger: written by darkroom.ledger alone. Amounts are whole nano-dollars. ---


def _budget_columns() -> tuple[Column[int], ...]:
    """Limits, and what counts against them; ``day`` and ``month`` say which ones were counted."""
    return (
        Column("total_limit_nanos", BigInteger),
        Column("total_used_nanos", BigInteger, nullable=False),
        Column("day_limit_nanos", BigInteger),
        Column("day_used_nanos", BigInteger, nullable=False),
        Column("day", Integer, nullable=False),
        Column("month_limit_nanos", BigInteger),
        Column("month_used_nanos", BigInteger, nullable=False),
        Column("month", Integer, nullable=False),
    )


ledger_accounts = Table(
    "ledger_accounts",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("posted_nanos", BigInteger, nullable=False),
    Column("held_nanos", BigInteger, nullable=False),
    Column("floor_nanos", BigInteger),
    *_budget_columns(),
    CheckConstraint("held_nanos >= 0", name="ledger_held_is_not_negative"),
    # true as well for an account without a floor: NULL passes a check
    CheckConstraint("posted_nanos - held_nanos >= floor_nanos", name="ledger_floor_holds"),
    # SQLite turns an overflow into a float: refuse before that
    CheckConstraint(
        "posted_nanos BETWEEN -4000000000000000000 AND 4000000000000000000",
        name="ledger_posted_fits",
    ),
)
"""Balances. With a floor the account is prepaid; without one it is tracked without limit."""

ledger_keys = Table(
    "ledger_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    *_budget_columns(),
)

ledger_holds = Table(
    "ledger_holds",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("expected_nanos", BigInteger, nullable=False),
    Column("amount_nanos", BigInteger, nullable=False),
    Column("asked_nanos", BigInteger, nullable=False),
    Column("captured_nanos", BigInteger, nullable=False),
    Column("refunded_nanos", BigInteger, nullable=False),
    Column("cost_nanos", BigInteger),
    Column("held_at_ms", BigInteger, nullable=False),
    Column("resolved_at_ms", BigInteger),
    Column("attempt", Integer),
    Column("model", Text),
    Column("provider", Text),
    Column("deployment", Text),
    Column("reason", Text),
    CheckConstraint("state IN ('held', 'captured', 'released')", name="ledger_hold_state"),
    CheckConstraint("amount_nanos >= 0", name="ledger_hold_is_not_negative"),
    CheckConstraint(
        "refunded_nanos BETWEEN 0 AND captured_nanos", name="ledger_refunds_within_capture"
    ),
    CheckConstraint("state = 'captured' OR captured_nanos = 0", name="ledger_only_captures_charge"),
)
"""One per job, resolved once. ``asked``: what the usage came to; ``captured``: what was charged."""
Index("ledger_holds_by_account", ledger_holds.c.account_id, ledger_holds.c.resolved_at_ms)
_held = text("state = 'held'")
Index("ledger_holds_open", ledger_holds.c.held_at_ms, sqlite_where=_held, postgresql_where=_held)

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("transfer_id", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("amount_nanos", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("job_id", Text),
    Column("attempt", Integer),
    Column("note", Text),
    Column("at_ms", BigInteger, nullable=False),
)
"""Immutable: triggers refuse changes. A transfer's entries sum to zero; its id makes it unique."""
Index("ledger_entries_by_account", ledger_entries.c.account, ledger_entries.c.at_ms)

ledger_lines = Table(
    "ledger_lines",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("category", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("unit_nanos", BigInteger, nullable=False),
    Column("amount_nanos", BigInteger, nullable=False),
)
"""What a capture consists of: a job's lines add up to what was captured."""
