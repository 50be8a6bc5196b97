"""The database port: work functions run in one transaction each, on SQLite or PostgreSQL."""

from darkroom.db.changes import Changes, Subscription
from darkroom.db.chores import Chore, Heap, RowChore
from darkroom.db.copies import (
    BadCopy,
    check_database,
    copy_database,
    images_named_in,
    owned,
)
from darkroom.db.database import Database, DatabaseInUse, Tx, Work
from darkroom.db.installation import installation_value, known_installation_value
from darkroom.db.leases import give_lease_back, take_lease
from darkroom.db.opening import open_database
from darkroom.db.reading import ReadOnly
from darkroom.db.schema import Schema, SchemaMismatch, schema_of
from darkroom.db.timed import TimedDatabase

__all__ = [
    "BadCopy",
    "Changes",
    "Chore",
    "Database",
    "DatabaseInUse",
    "Heap",
    "ReadOnly",
    "RowChore",
    "Schema",
    "SchemaMismatch",
    "Subscription",
    "TimedDatabase",
    "Tx",
    "Work",
    "check_database",
    "copy_database",
    "give_lease_back",
    "images_named_in",
    "installation_value",
    "known_installation_value",
    "open_database",
    "owned",
    "schema_of",
    "take_lease",
]
