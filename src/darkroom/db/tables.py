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

from darkroom.db.triggers import refuse_changes

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
    Column("dialect", Text),
    Column("policy", Text),
    Column("expires_at_ms", BigInteger),
    Column("limits", Text),
)

key_meters = Table(
    "key_meters",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("requests_ns", BigInteger, nullable=False),
    Column("images_ns", BigInteger, nullable=False),
    Column("bytes_ns", BigInteger, nullable=False),
)
"""What keys with limits used of a minute's allowances: when each is whole again, in nanoseconds
since the epoch."""

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("key_id", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("seen_at_ms", BigInteger, nullable=False),
    Column("ends_at_ms", BigInteger, nullable=False),
)
"""Browsers that are signed in: each acts for a key. ``seen``: when it was last used, roughly."""
Index("sessions_by_key", sessions.c.key_id)

sign_in_tokens = Table(
    "sign_in_tokens",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("key_id", Text, nullable=False),
    Column("ends_at_ms", BigInteger, nullable=False),
)
"""Links that sign in once. A row is gone when its link was used."""

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
    Column("policy", Text),
    Column("route", Text),
    Column("callback_events", Text),
    Column("note", Text),
    Column("operation", Text),
    Column("asked_model", Text),
    Column("words", Text),
    Column("trace", Text),
    Column("images_removed_at_ms", BigInteger),
)
"""``operation``, ``asked_model``, ``words``: what of the request is searched for; ``words`` is the
prompt, folded."""
Index("jobs_by_account", jobs.c.account_id, jobs.c.id.desc())
_unfinished = text("state IN ('queued', 'running')")
Index("jobs_unfinished", jobs.c.id, sqlite_where=_unfinished, postgresql_where=_unfinished)
Index(
    "jobs_unfinished_by_key",
    jobs.c.key_id,
    sqlite_where=_unfinished,
    postgresql_where=_unfinished,
)
_stopped = text("state IN ('failed', 'canceled')")
Index(
    "jobs_stopped",
    jobs.c.account_id,
    jobs.c.id.desc(),
    sqlite_where=_stopped,
    postgresql_where=_stopped,
)

job_inputs = Table(
    "job_inputs",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("asset_id", Text, primary_key=True),
    Column("parent_id", Text),
)
"""Input images that are more than a job's own: assets that were there before it, and those that
another job, the ``parent``, made."""
Index("job_inputs_by_asset", job_inputs.c.asset_id)
Index("job_inputs_by_parent", job_inputs.c.parent_id, job_inputs.c.job_id)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
)
Index("idempotency_by_expiry", idempotency.c.expires_at_ms)

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
    Column("purpose", Text),
)
"""``purpose``: what an uploaded file is for, as its owner said."""
Index("assets_by_job", assets.c.job_id)
Index("assets_by_content", assets.c.sha256)
Index("assets_by_expiry", assets.c.expires_at_ms)
Index("assets_by_account", assets.c.account_id, assets.c.expires_at_ms, assets.c.byte_size)

thumbnails = Table(
    "thumbnails",
    metadata,
    Column("source_sha256", Text, primary_key=True),
    Column("edge", Integer, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("byte_size", BigInteger, nullable=False),
)
"""Small copies of images, by the content of the original and their longest edge."""
Index("thumbnails_by_content", thumbnails.c.sha256)

unwanted_blobs = Table(
    "unwanted_blobs",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("since_ms", BigInteger, nullable=False),
)
"""Bytes whose last row was deleted: they are removed later, unless somebody stored them anew."""

removed_images = Table(
    "removed_images",
    metadata,
    Column("id", Text, primary_key=True),
    Column("until_ms", BigInteger, nullable=False),
)
"""Ids of images that were removed at the end of their time; kept until no link to them holds."""
Index("removed_images_by_end", removed_images.c.until_ms)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
"""Work that one process does for all: whose turn it is, and until when."""

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
    Column("images", Integer),
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
refuse_changes(ledger_entries)
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


# --- webhooks: written by darkroom.webhooks alone. ---

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("key_id", Text),
    Column("url", Text, nullable=False),
    Column("events", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("key_digest", Text),
    Column("hex_key", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("disabled_at_ms", BigInteger),
    Column("disabled_reason", Text),
)
"""Where an account wants its jobs' events told; with ``key_id`` only of the jobs of that key."""
Index("webhook_endpoints_by_account", webhook_endpoints.c.account_id, webhook_endpoints.c.id)

webhook_callbacks = Table(
    "webhook_callbacks",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("key_digest", Text),
    Column("stopped_at_ms", BigInteger),
)
"""Where a request wants its own job's events told."""

webhook_secrets = Table(
    "webhook_secrets",
    metadata,
    Column("owner_id", Text, primary_key=True),
    Column("secret", Text, nullable=False),
    Column("previous", Text),
    Column("previous_until_ms", BigInteger),
)
"""What deliveries are signed with: an endpoint's own, or for callbacks the account's."""

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("job_id", Text),
    Column("endpoint_id", Text),
    Column("event", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("due_at_ms", BigInteger, nullable=False),
    Column("fence", Text),
    Column("step", Integer, nullable=False),
    Column("attempt_count", Integer, nullable=False),
    Column("finished_at_ms", BigInteger),
    Column("last_status", Integer),
    Column("last_error", Text),
    CheckConstraint(
        "state IN ('pending', 'delivered', 'failed', 'stopped')", name="webhook_delivery_state"
    ),
)
"""The outbox: one event for one address. ``fence``: who sends it, until it is due again;
``step``: how far along its schedule it is."""
Index("webhook_deliveries_by_account", webhook_deliveries.c.account_id, webhook_deliveries.c.id)
Index("webhook_deliveries_by_job", webhook_deliveries.c.job_id)
Index("webhook_deliveries_by_endpoint", webhook_deliveries.c.endpoint_id)
_pending = text("state = 'pending'")
Index(
    "webhook_deliveries_due",
    webhook_deliveries.c.due_at_ms,
    sqlite_where=_pending,
    postgresql_where=_pending,
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("started_at_ms", BigInteger, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("status", Integer),
    Column("error", Text),
)
"""Each POST of a delivery: the HTTP status, or a word for why there is none."""

deployment_health = Table(
    "deployment_health",
    metadata,
    Column("deployment", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("retry_at_ms", BigInteger, nullable=False),
    Column("opens", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
)
"""The circuits of deployments that ever failed. ``version``: who changes one names the last."""

deployment_gates = Table(
    "deployment_gates",
    metadata,
    Column("deployment", Text, primary_key=True),
)
"""A row to lock while the calls of a deployment with limits are counted."""

deployment_calls = Table(
    "deployment_calls",
    metadata,
    Column("deployment", Text, primary_key=True),
    Column("job_id", Text, primary_key=True),
    Column("started_at_ms", BigInteger, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
"""Calls of deployments with limits. One runs until its process ends it (0) or stops renewing it."""
Index("deployment_calls_by_owner", deployment_calls.c.owner)
Index("deployment_calls_by_job", deployment_calls.c.job_id)
