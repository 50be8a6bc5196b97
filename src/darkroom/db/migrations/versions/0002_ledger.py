"""The ledger: balances, budgets, holds, entries and lines."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_HELD = sa.text("state = 'held'")
_REFUSAL = "ledger entries are immutable"


def upgrade() -> None:
    _accounts()
    _keys()
    _holds()
    _entries()
    _lines()
    _make_immutable("ledger_entries")


def downgrade() -> None:
    op.drop_table("ledger_lines")
    op.drop_index("ledger_entries_by_account", table_name="ledger_entries")
    op.drop_table("ledger_entries")
    op.drop_index(
        "ledger_holds_open",
        table_name="ledger_holds",
        sqlite_where=_HELD,
        postgresql_where=_HELD,
    )
    op.drop_index("ledger_holds_by_account", table_name="ledger_holds")
    op.drop_table("ledger_holds")
    op.drop_table("ledger_keys")
    op.drop_table("ledger_accounts")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_refuse_change()")


def _budget_columns() -> tuple[sa.Column[int], ...]:
    return (
        sa.Column("total_limit_nanos", sa.BigInteger(), nullable=True),
        sa.Column("total_used_nanos", sa.BigInteger(), nullable=False),
        sa.Column("day_limit_nanos", sa.BigInteger(), nullable=True),
        sa.Column("day_used_nanos", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("month_limit_nanos", sa.BigInteger(), nullable=True),
        sa.Column("month_used_nanos", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
    )


def _accounts() -> None:
    op.create_table(
        "ledger_accounts",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("posted_nanos", sa.BigInteger(), nullable=False),
        sa.Column("held_nanos", sa.BigInteger(), nullable=False),
        sa.Column("floor_nanos", sa.BigInteger(), nullable=True),
        *_budget_columns(),
        sa.CheckConstraint("held_nanos >= 0", name="ledger_held_is_not_negative"),
        sa.CheckConstraint("posted_nanos - held_nanos >= floor_nanos", name="ledger_floor_holds"),
        sa.CheckConstraint(
            "posted_nanos BETWEEN -4000000000000000000 AND 4000000000000000000",
            name="ledger_posted_fits",
        ),
        sa.PrimaryKeyConstraint("account_id"),
    )


def _keys() -> None:
    op.create_table(
        "ledger_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        *_budget_columns(),
        sa.PrimaryKeyConstraint("key_id"),
    )


def _holds() -> None:
    op.create_table(
        "ledger_holds",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("expected_nanos", sa.BigInteger(), nullable=False),
        sa.Column("amount_nanos", sa.BigInteger(), nullable=False),
        sa.Column("asked_nanos", sa.BigInteger(), nullable=False),
        sa.Column("captured_nanos", sa.BigInteger(), nullable=False),
        sa.Column("refunded_nanos", sa.BigInteger(), nullable=False),
        sa.Column("cost_nanos", sa.BigInteger(), nullable=True),
        sa.Column("held_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("deployment", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('held', 'captured', 'released')", name="ledger_hold_state"),
        sa.CheckConstraint("amount_nanos >= 0", name="ledger_hold_is_not_negative"),
        sa.CheckConstraint(
            "refunded_nanos BETWEEN 0 AND captured_nanos", name="ledger_refunds_within_capture"
        ),
        sa.CheckConstraint(
            "state = 'captured' OR captured_nanos = 0", name="ledger_only_captures_charge"
        ),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_index("ledger_holds_by_account", "ledger_holds", ["account_id", "resolved_at_ms"])
    op.create_index(
        "ledger_holds_open",
        "ledger_holds",
        ["held_at_ms"],
        sqlite_where=_HELD,
        postgresql_where=_HELD,
    )


def _entries() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("transfer_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount_nanos", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transfer_id", "account"),
    )
    op.create_index("ledger_entries_by_account", "ledger_entries", ["account", "at_ms"])


def _lines() -> None:
    op.create_table(
        "ledger_lines",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_nanos", sa.BigInteger(), nullable=False),
        sa.Column("amount_nanos", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "position"),
    )


def _make_immutable(table: str) -> None:
    """Refuse UPDATE and DELETE in the database itself, whoever asks."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
