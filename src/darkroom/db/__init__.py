"""The database port: work functions run in one transaction each, on SQLite or PostgreSQL."""

from darkroom.db.changes import Changes, Subscription
from darkroom.db.database import Database, DatabaseInUse, Tx, Work
from darkroom.db.installation import installation_value
from darkroom.db.opening import open_database

__all__ = [
    "Changes",
    "Database",
    "DatabaseInUse",
    "Subscription",
    "Tx",
    "Work",
    "installation_value",
    "open_database",
]
