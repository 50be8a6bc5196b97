"""How many small transactions PostgreSQL commits per second, with and without a notice in each.

Commits with a notice wait for each other, so they share no sync of the log:
https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/commands/async.c
(``PreCommit_Notify``: "Serialize writers").
"""

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg

_TABLE = "CREATE TABLE IF NOT EXISTS commits (id BIGSERIAL PRIMARY KEY, said TEXT)"
_PLAIN = "INSERT INTO commits (said) VALUES ('a job')"
_NOTIFYING = """
WITH made AS (INSERT INTO commits (said) VALUES ('a job') RETURNING id)
SELECT pg_notify('jobs', id::text) FROM made
"""


def commits_per_s(url: str, *, notifying: bool, connections: int, seconds: float) -> float:
    """Of connections that do nothing else."""
    statement = _NOTIFYING if notifying else _PLAIN
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TABLE)

    def commit(_: int) -> int:
        done = 0
        with psycopg.connect(url, autocommit=True) as connection:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                connection.execute(statement, prepare=True)
                done += 1
        return done

    with ThreadPoolExecutor(connections) as pool:
        return sum(pool.map(commit, range(connections))) / seconds
