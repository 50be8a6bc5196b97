"""Rules that the database itself keeps, whoever writes to it."""

from sqlalchemy import DDL, Table
from sqlalchemy.event import listen

_REFUSAL = "ledger entries are immutable"
_POSTGRES = (
    "CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
    "CREATE TRIGGER %(table)s_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON %(table)s "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()",
)
_SQLITE = tuple(
    f"CREATE TRIGGER %(table)s_no_{change.lower()} BEFORE {change} ON %(table)s "
    f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    for change in ("UPDATE", "DELETE")
)


def refuse_changes(table: Table) -> None:
    """Rows of this ledger table are only added: made so when the table is created."""
    for dialect, statements in (("postgresql", _POSTGRES), ("sqlite", _SQLITE)):
        for statement in statements:
            listen(table, "after_create", DDL(statement).execute_if(dialect=dialect))
