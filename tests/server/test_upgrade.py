"""A rolling upgrade: the schema is ahead of a process that serves, and both go on."""

from pathlib import Path

import httpx2
import psycopg
import pytest

from darkroom.db.schema import OLDEST
from darkroom.settings import ConfigError
from tests.fakes.openai_vendor import OpenAIVendor
from tests.server.client import GENERATE, asking, client
from tests.support.process import until
from tests.support.running import Running, deployment

_EXPAND = b"""
ALTER TABLE jobs ADD COLUMN of_a_later_version TEXT;
CREATE TABLE of_a_later_version (id TEXT PRIMARY KEY);
UPDATE alembic_version SET version_num = '9999';
"""
_CONTRACT = b"INSERT INTO installation (name, value) VALUES (%s, '9999')"


def test_old_processes_serve_on_a_newer_schema_until_it_is_contracted(
    tmp_path: Path, openai_vendor: OpenAIVendor, postgres_url: str
) -> None:
    def server(name: str) -> Running:
        return Running(
            tmp_path / name,
            deployments=[deployment(openai_vendor)],
            database_url=postgres_url,
            storage_url=f"file://{tmp_path / 'images'}",
        )

    def migration(statements: bytes, *parameters: str) -> None:
        with psycopg.connect(postgres_url) as connection:
            connection.execute(statements, parameters or None)

    def seen(http: httpx2.Client) -> bool:
        return http.get("/readyz").json()["schema"]["has"] == "9999"

    with server("first") as first, client(first) as http:
        assert http.post(GENERATE, json=asking()).status_code == 200
        migration(_EXPAND)  # while it serves
        with server("restarted") as second, client(second) as other:
            for one in (http, other):
                assert one.post(GENERATE, json=asking()).status_code == 200
                until(lambda one=one: seen(one), "the newer schema")
                assert one.get("/readyz").status_code == 200
        migration(_CONTRACT, OLDEST)  # too early: this one was not replaced yet, and says so
        until(lambda: http.get("/readyz").status_code == 503, "a process that is not ready")
        assert "this version knows" in http.get("/readyz").json()["checks"]["schema"]
        with pytest.raises(ConfigError, match="start a newer one"):
            server("late").start()
