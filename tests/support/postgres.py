"""Throw-away PostgreSQL databases on the server that ``DARKROOM_TEST_POSTGRES`` names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest

_USUAL = ("postgresql://postgres@127.0.0.1:5432/postgres",)


@contextmanager
def temporary_database() -> Iterator[str]:
    """The URL of a new database, dropped at the end. No server: a failure in CI, else a skip."""
    admin = _admin_url()
    name = f"darkroom_test_{uuid4().hex[:12]}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    try:
        yield admin.rpartition("/")[0] + f"/{name}"
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _admin_url() -> str:
    named = os.environ.get("DARKROOM_TEST_POSTGRES")
    for url in (named,) if named else _USUAL:
        try:
            psycopg.connect(url, connect_timeout=3).close()
        except psycopg.OperationalError:
            continue
        return url
    message = "no PostgreSQL server: set DARKROOM_TEST_POSTGRES"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
