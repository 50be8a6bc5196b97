"""The database port: work functions run in one transaction each, on SQLite or PostgreSQL."""

from darkroom.db.changes import Changes, Subscription
from darkroom.db.copies import BadCopy, check_database, copy_database, owned
from darkroom.db.database import Database, DatabaseInUse, Tx, Work
from darkroom.db.installation import installation_value
from darkroom.db.opening import open_database
from darkroom.db.timed import TimedDatabase

__all__ = [
    "BadCopy",
    "Changes",
    "Database",
    "DatabaseInUse",
    "Subscription",
    "TimedDatabase",
    "Tx",
    "Work",
    "check_database",
    "copy_database",
    "installation_value",
    "open_database",
    "owned",
]
